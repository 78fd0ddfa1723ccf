"""Instruments of many oscillators: supersaw, string machine, choir, pads, organ, stab."""

from __future__ import annotations

from msanii_live.rack.envelopes import Adsr
from msanii_live.rack.loops import EnsembleSpec
from msanii_live.rack.voices import HeldInstrument, Instrument

# The spread of seven saws as musicians know it: the outer ones a fifth of a semitone away.
SEVEN = (-19.0, -12.0, -4.5, 0.0, 5.0, 11.5, 20.0)
_SEVEN_LEVELS = (0.8, 0.8, 0.9, 1.0, 0.9, 0.8, 0.8)
_LEVEL = (0.0,) * 7

SUPERSAW = EnsembleSpec(
    "saw", detune=SEVEN, octaves=_LEVEL, levels=_SEVEN_LEVELS, cutoffs=(700.0, 2_600.0, 10_000.0)
)
STRING_MACHINE = EnsembleSpec(
    "saw", detune=(-9.0, 6.0, -5.0, 8.0), octaves=(0.0, 0.0, 1.0, 1.0),
    levels=(1.0, 1.0, 0.55, 0.55), cutoffs=(2_000.0, 5_500.0), tracking=0.35, slope=12.0,
)  # fmt: skip
CHOIR = EnsembleSpec(
    "saw", detune=(-8.0, 0.0, 9.0), octaves=(0.0, 0.0, 0.0), levels=(1.0, 1.0, 1.0),
    cutoffs=(900.0, 2_400.0), tracking=0.2, slope=18.0,
    formants=((600.0, 3.0), (1_040.0, 2.2), (2_500.0, 2.0)),
)  # fmt: skip
WARM_PAD = EnsembleSpec(
    "saw", detune=(-7.0, 0.0, 8.0, 4.0), octaves=(0.0, 0.0, 0.0, -1.0), levels=(1.0, 1.0, 1.0, 0.6),
    cutoffs=(280.0, 800.0, 2_600.0), tracking=0.6, slope=18.0,
)  # fmt: skip
GLASS_PAD = EnsembleSpec(
    "triangle", detune=(-5.0, 6.0, 3.0, -4.0), octaves=(0.0, 1.0, 2.0, 0.0),
    levels=(1.0, 0.6, 0.35, 1.0), width=0.6, cutoffs=(700.0, 2_500.0, 9_000.0), tracking=0.5,
)  # fmt: skip
DRAWBAR_ORGAN = EnsembleSpec(
    detune=(-1.5, 1.5), octaves=(0.0, 0.0), levels=(1.0, 1.0), width=0.5, cutoffs=(9_000.0,),
    drawbars=((0.5, 0.45), (1.0, 0.6), (1.5, 0.4), (2.0, 0.35), (3.0, 0.2), (4.0, 0.16),
              (6.0, 0.1), (8.0, 0.08)),
)  # fmt: skip
# Two minor chords of house records were one saw chord of a synthesiser, sampled: short and nasal.
CHORD_STAB = EnsembleSpec(
    "saw", detune=(-10.0, 0.0, 9.0, 3.0), octaves=(0.0, 0.0, 0.0, 1.0), levels=(1.0, 1.0, 1.0, 0.5),
    cutoffs=(350.0, 1_300.0, 5_500.0), tracking=0.3, formants=((1_300.0, 0.8),),
)  # fmt: skip

ENSEMBLES: dict[str, Instrument] = {
    "supersaw": HeldInstrument(
        SUPERSAW, Adsr(0.005, 1.4, 0.72, 0.22), bright=(1.0, 0.62, 0.7), touch=0.45
    ),
    "string machine": HeldInstrument(
        STRING_MACHINE, Adsr(0.13, 1.0, 0.95, 0.6), bright=(0.3, 0.7, 0.8), motion=(0.12, 0.19)
    ),
    "choir": HeldInstrument(
        CHOIR, Adsr(0.16, 1.0, 0.95, 0.5), bright=(0.2, 0.6, 0.7), motion=(0.15, 0.23)
    ),
    "warm pad": HeldInstrument(
        WARM_PAD, Adsr(0.45, 2.0, 0.9, 1.2), bright=(0.1, 0.5, 2.0), motion=(0.25, 0.11)
    ),
    "glass pad": HeldInstrument(
        GLASS_PAD, Adsr(0.25, 2.5, 0.8, 1.5), bright=(0.7, 0.45, 1.5), motion=(0.3, 0.17)
    ),
    "sweep pad": HeldInstrument(
        SUPERSAW, Adsr(0.5, 2.0, 0.95, 1.0), bright=(0.1, 0.42, 2.5), motion=(0.28, 0.13)
    ),
    "organ": HeldInstrument(DRAWBAR_ORGAN, Adsr(0.004, 0.5, 0.9, 0.05)),
    "stab": HeldInstrument(
        CHORD_STAB, Adsr(0.003, 0.5, 0.35, 0.16), bright=(1.0, 0.2, 0.35), touch=0.5
    ),
    "dub chord": HeldInstrument(
        CHORD_STAB, Adsr(0.004, 0.35, 0.15, 0.2), bright=(0.62, 0.05, 0.3), touch=0.4
    ),
}
