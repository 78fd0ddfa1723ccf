"""Basses: sub, acid, reese, and a round one that is plucked."""

from __future__ import annotations

from msanii_live.rack.envelopes import Adsr
from msanii_live.rack.loops import EnsembleSpec
from msanii_live.rack.voices import HeldInstrument, Instrument, LineInstrument

SUB = LineInstrument(
    "triangle", Adsr(0.004, 1.5, 0.8, 0.06), cutoff=220.0, tracking=0.6, amount=1.2, decay=0.25,
    accent=0.8, glide=0.05, drive=0.15,
)  # fmt: skip
# A saw through a ladder near oscillation, which an envelope sweeps over three octaves and a half.
ACID = LineInstrument(
    "saw", Adsr(0.002, 1.2, 0.55, 0.03), cutoff=300.0, resonance=0.93, tracking=0.15, amount=3.5,
    decay=0.9, accent=1.1, glide=0.06, drive=0.35,
)  # fmt: skip
ACID_SQUARE = LineInstrument(
    "square", Adsr(0.002, 1.2, 0.55, 0.03), cutoff=260.0, resonance=0.9, tracking=0.15,
    amount=3.2, decay=1.0, accent=1.1, glide=0.06, drive=0.25,
)  # fmt: skip
REESE = HeldInstrument(
    EnsembleSpec(
        "saw", detune=(-24.0, -2.0, 22.0), octaves=(0.0, 0.0, 0.0), levels=(1.0, 1.0, 1.0),
        width=0.5, cutoffs=(160.0, 520.0, 1_700.0), tracking=0.3,
    ),
    Adsr(0.006, 2.0, 0.85, 0.12), bright=(0.9, 0.5, 0.6), touch=0.5, motion=(0.22, 0.37),
)  # fmt: skip
PLUCKED_BASS = LineInstrument(
    "saw", Adsr(0.003, 1.8, 0.25, 0.07), cutoff=240.0, resonance=0.12, tracking=0.5, amount=2.2,
    decay=0.22, accent=0.9, sub=0.0, drive=0.1,
)  # fmt: skip
# A gliding kick drum without its click: the bass of trap.
LONG_SUB = LineInstrument(
    "sine", Adsr(0.003, 3.0, 0.6, 0.25), cutoff=900.0, amount=0.0, accent=0.2, glide=0.09,
    drive=0.55,
)  # fmt: skip

BASSES: dict[str, Instrument] = {
    "sub": SUB,
    "long sub": LONG_SUB,
    "acid": ACID,
    "acid square": ACID_SQUARE,
    "reese": REESE,
    "plucked bass": PLUCKED_BASS,
}
