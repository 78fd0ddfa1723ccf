"""Dynamics that are taken off notes come back exactly, part by part."""

import math

import pytest

from msanii_live.engines.notes.dynamics import (
    REFERENCE,
    amplitude_of,
    level_dynamics,
)
from msanii_live.engines.notes.part_masks import notes_by_part
from msanii_live.notes import Note

FRAME = 0.01  # s


def note(start: float, velocity: int, part: str = "chords", length: float = 0.5) -> Note:
    return Note(start, start + length, 60, velocity, 0, part == "drums", part)


def test_amplitude_is_the_square_of_the_velocity() -> None:
    assert amplitude_of(REFERENCE) == 0.0
    assert 20 / math.log(10) * (amplitude_of(127) - amplitude_of(20)) == pytest.approx(
        32.1, abs=0.1
    )


def test_a_network_that_hears_no_velocity_plays_the_curve() -> None:
    velocities = (20, 64, 127, 40)
    parts = notes_by_part([note(2.0 * n, velocity) for n, velocity in enumerate(velocities)])
    made = level_dynamics(parts, 800, FRAME)
    assert [n.velocity for n in made.notes] == pytest.approx([REFERENCE] * 4)
    for number, velocity in enumerate(velocities):
        for frame in (10, 190):
            gain = made.gains[0, 200 * number + frame]
            assert gain == pytest.approx(amplitude_of(velocity), abs=1e-5)


def test_notes_that_sound_together_keep_their_differences() -> None:
    chord = [note(0.0, 120), note(0.01, 60), note(0.2, 30)]
    made = level_dynamics(notes_by_part(chord), 100, FRAME)
    assert [n.velocity / 120 * 120 for n in made.notes] == pytest.approx([100, 50, 25])
    assert made.gains.min() == made.gains.max()


def test_a_note_that_has_ended_fades_from_the_level() -> None:
    gains = level_dynamics(
        notes_by_part([note(0.0, 120), note(0.6, 20), note(5.0, 20)]), 600, FRAME
    ).gains[0]
    assert gains[10] == pytest.approx(amplitude_of(120))
    assert amplitude_of(20) < gains[100] < gains[10]  # the loud one still rings
    assert gains[590] == pytest.approx(amplitude_of(20))


def test_each_part_has_its_own_dynamics() -> None:
    notes = [note(0.0, 100, "bass"), note(0.0, 25, "lead"), note(1.0, 100, "lead")]
    made = level_dynamics(notes_by_part(notes), 200, FRAME)
    assert made.gains[0].abs().max() == pytest.approx(0.0, abs=1e-6)
    assert made.gains[1, 50] == pytest.approx(amplitude_of(25))
    assert made.gains[1, 150] == pytest.approx(0.0, abs=1e-6)


def test_without_notes_nothing_changes() -> None:
    made = level_dynamics({}, 10, FRAME)
    assert made.notes == ()
    assert made.gains.shape == (0, 10)
