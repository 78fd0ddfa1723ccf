"""Leads and plucks: one oscillator with a filter."""

from __future__ import annotations

from msanii_live.rack.envelopes import Adsr
from msanii_live.rack.voices import Instrument, LineInstrument

LEADS: dict[str, Instrument] = {
    "pluck": LineInstrument(
        "saw", Adsr(0.002, 0.9, 0.0, 0.12), cutoff=420.0, resonance=0.25, tracking=0.6,
        amount=3.4, decay=0.3, accent=1.1, second=9.0,
    ),
    "square lead": LineInstrument(
        "square", Adsr(0.008, 1.5, 0.7, 0.12), cutoff=2_600.0, resonance=0.2, tracking=0.5,
        amount=0.8, decay=0.4, accent=0.9, glide=0.05, vibrato=(9.0, 5.4),
    ),
    "saw lead": LineInstrument(
        "saw", Adsr(0.006, 1.5, 0.75, 0.14), cutoff=2_200.0, resonance=0.3, tracking=0.5,
        amount=1.4, decay=0.5, accent=1.0, glide=0.04, second=11.0, vibrato=(7.0, 5.6),
    ),
    "pulse lead": LineInstrument(
        "pulse25", Adsr(0.004, 1.0, 0.5, 0.1), cutoff=3_400.0, resonance=0.1, tracking=0.4,
        amount=1.0, decay=0.2, accent=0.8, second=6.0,
    ),
    "flute lead": LineInstrument(
        "triangle", Adsr(0.035, 1.5, 0.85, 0.12), cutoff=1_500.0, tracking=0.7, amount=0.5,
        decay=0.2, accent=0.9, glide=0.05, vibrato=(12.0, 5.0),
    ),
}  # fmt: skip
