"""Velocities as Mel2Mel's network must be given them, so that they are heard as meant.

The network exaggerates: from velocity 20 to 127 its level rises by 39 to 67 dB, depending on the
instrument. FluidSynth's, which it was to learn, rises by 32 dB, as the square of the velocity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from msanii_live.engines.notes.instruments import INSTRUMENTS
from msanii_live.notes import Note

VELOCITIES = (0, 20, 40, 64, 90, 110, 127)
# The velocities at which the weights that ship reach the level of FluidSynth at VELOCITIES, without
# the first and the last. Measured on three keys of each instrument.
EQUIVALENTS = {
    "piano": (39, 53, 73, 90, 109),
    "epiano": (35, 50, 71, 93, 112),
    "vibraphone": (42, 56, 74, 96, 113),
    "organ": (41, 63, 81, 98, 113),
    "guitar": (36, 50, 68, 90, 110),
    "pizzicato": (33, 47, 62, 85, 106),
    "harp": (39, 61, 83, 102, 116),
    "strings": (33, 54, 74, 93, 109),
    "trumpet": (33, 49, 72, 92, 110),
    "lead": (34, 51, 67, 88, 107),
}


def equivalent_velocity(velocity: float, instrument: str) -> int:
    """Return the velocity at which the network plays as loudly as FluidSynth at `velocity`."""
    inner = EQUIVALENTS[instrument]
    curve = (max(1, inner[0] - (inner[1] - inner[0])), *inner, 127)
    return max(1, round(float(np.interp(velocity, VELOCITIES, curve))))


def played_by(
    notes: Sequence[Note], instrument: str, other: str = "", mix: float = 0.0
) -> tuple[Note, ...]:
    """Return notes with velocities for the network, and the program of the instrument.

    other: an instrument to morph towards, "" for none. mix: 0 is only `instrument`, 1 only `other`.
    """
    nearer = other if other and mix > 0.5 else instrument

    def velocity_of(note: Note) -> int:
        here = equivalent_velocity(note.velocity, instrument)
        there = equivalent_velocity(note.velocity, other or instrument)
        return round(here + mix * (there - here))

    return tuple(
        replace(note, velocity=velocity_of(note), program=INSTRUMENTS[nearer]) for note in notes
    )
