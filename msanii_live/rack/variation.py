"""How one program of a part sounds unlike another: patches and channels of its own.

The programs of a piece follow from its seed, and a continuation keeps those of its source. So two
seeds differ in sound, and a piece sounds alike from its first bar to its last.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from msanii_live.notes import PARTS
from msanii_live.rack.rigs import Strip
from msanii_live.rack.voices import HeldInstrument, Instrument, LineInstrument

SHINE = 2.0  # dB that the shelf of a channel differs at most
CUTOFF, DECAY = 0.45, 0.4  # octaves by which the filter of a line and its envelope differ at most
SWEEP = 0.4  # octaves that the envelope opens the filter more or less
BRIGHT = 0.12  # of brightness 0 to 1, that of an ensemble
_CHORUS = 0.3  # of one in three channels of chords and pads


def varied_strip(strip: Strip, part: str, program: int) -> Strip:
    """Return the channel of a part as a program of it has it: level, side and lows stay."""
    draw = _dice(part, program)
    shine, drive, room, delay = draw.uniform(-1.0, 1.0, 4)
    has_chorus = part in ("chords", "pad") and not strip.chorus and draw.random() < 1 / 3
    return replace(
        strip,
        shine=strip.shine + SHINE * float(shine),
        drive=float(min(1.0, strip.drive * 1.6**drive)),
        room=strip.room * float(1.3**room),
        delay=strip.delay * float(1.8**delay),
        chorus=_CHORUS if has_chorus else strip.chorus,
    )


def varied_instrument(instrument: Instrument, part: str, program: int) -> Instrument:
    """Return an instrument as a program of a part has it: its filter, and how that moves."""
    first, second, third = _dice(part, program + 1_000).uniform(-1.0, 1.0, 3).tolist()
    if isinstance(instrument, LineInstrument):
        return replace(
            instrument,
            cutoff=instrument.cutoff * 2 ** (CUTOFF * first),
            decay=instrument.decay * 2 ** (DECAY * second),
            amount=max(0.0, instrument.amount + SWEEP * third) if instrument.amount else 0.0,
        )
    if isinstance(instrument, HeldInstrument):
        start, settled, seconds = instrument.bright
        bright = (
            float(np.clip(start + BRIGHT * first, 0.0, 1.0)),
            float(np.clip(settled + BRIGHT * first, 0.0, 1.0)),
            seconds * 2 ** (DECAY * second),
        )
        return replace(instrument, bright=bright)
    return instrument


def _dice(part: str, program: int) -> np.random.Generator:
    return np.random.default_rng([PARTS.index(part), program])
