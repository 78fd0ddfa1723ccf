"""Velocities that Mel2Mel's network is given in place of those that are meant."""

import numpy as np
import pytest

from msanii_live.engines.mel2mel.velocities import (
    EQUIVALENTS,
    equivalent_velocity,
    with_equivalent_velocities,
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


def test_notes_take_the_curve_of_their_instrument() -> None:
    notes = [Note(0.0, 1.0, 60, 40, 0), Note(0.0, 1.0, 60, 40, 19)]
    assert [n.velocity for n in with_equivalent_velocities(notes)] == [53, 63]
    assert [n.velocity for n in with_equivalent_velocities(notes, "harp")] == [61, 61]
