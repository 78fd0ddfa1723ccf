"""Velocities that Mel2Mel's network is given in place of those that are meant."""

import numpy as np
import pytest

from msanii_live.engines.mel2mel.velocities import (
    EQUIVALENTS,
    equivalent_velocity,
    played_by,
)
from msanii_live.engines.notes.instruments import INSTRUMENT_NAMES
from msanii_live.notes import Note


def test_every_instrument_has_a_curve() -> None:
    assert tuple(EQUIVALENTS) == INSTRUMENT_NAMES


@pytest.mark.parametrize("name", INSTRUMENT_NAMES)
def test_curves_rise_from_the_softest_to_the_loudest(name: str) -> None:
    curve = [equivalent_velocity(velocity, name) for velocity in range(1, 128)]
    assert 1 <= curve[0] < curve[63] < curve[-1] == 127
    assert (np.diff(curve) >= 0).all()


def test_notes_take_the_curve_and_the_program_of_their_instrument() -> None:
    note = Note(0.0, 1.0, 60, 40, 5)
    assert [(n.velocity, n.program) for n in played_by([note], "piano")] == [(53, 0)]
    assert [(n.velocity, n.program) for n in played_by([note], "organ")] == [(63, 19)]


def test_a_morph_goes_from_one_curve_to_the_other() -> None:
    note = Note(0.0, 1.0, 60, 40, 5)
    made = [played_by([note], "piano", "organ", mix)[0] for mix in (0.0, 0.5, 1.0)]
    assert made[0] == played_by([note], "piano")[0]
    assert made[1].velocity == 58
    assert made[2] == played_by([note], "organ")[0]
