"""Which onsets of a roll become notes: lines of one voice, chords as a whole, arpeggios."""

import numpy as np
import pytest

from msanii_live.engines.composer.note_choice import choose_notes, draw_arpeggios

STEPS, PITCHES = 32, 24
OPEN = np.ones(STEPS, np.bool_)
NONE = np.zeros((STEPS, PITCHES), np.bool_)
TRIAD = (3, 7, 10)


def unlikely():
    return np.full((STEPS, PITCHES), -1.0, np.float32)


def triads():
    """Return a roll whose first tones of a chord alone are sure, and an early guess of triads."""
    means, early = unlikely(), unlikely()
    means[::4, TRIAD[0]], means[::4, TRIAD[1:]] = 0.99, -0.6
    means[::8, TRIAD[0]] = 0.995
    early[::4, TRIAD] = -0.2
    return means, early


@pytest.mark.parametrize("part", ["bass", "lead"])
def test_a_line_has_one_voice_on_the_likeliest_steps(part):
    means = unlikely()
    means[::4, 5], means[::4, 12] = 0.6, 0.5
    means[2::4, 5] = -0.5
    chosen = choose_notes(part, means, OPEN, 8, NONE, means)
    assert (chosen.sum(1)[::4] == 1).all()
    assert chosen.sum() == 8
    assert choose_notes(part, means, OPEN, None, NONE, means).sum() == 8, "those above 0"


def test_a_melody_avoids_a_leap_that_is_hardly_likelier():
    means = unlikely()
    means[::4, 5] = 0.5
    means[16] = -1.0
    means[16, [6, 20]] = 0.4, 0.5
    chosen = choose_notes("lead", means, OPEN, 8, NONE, means)
    assert chosen[16, 6]
    assert not chosen[16, 20]
    means[16, [6, 20]], means[16, 12] = -1.0, 0.9
    assert choose_notes("lead", means, OPEN, 8, NONE, means)[16, 12], "a fifth that is sure"


def test_a_line_goes_on_from_what_is_known():
    means = unlikely()
    means[8, 4] = 1.0
    means[16, [5, 18]] = 0.5
    is_open = np.arange(STEPS) >= 12
    chosen = choose_notes("lead", means, is_open, 1, NONE, means)
    assert chosen[8, 4]
    assert chosen[16, 5]
    assert chosen.sum() == 2


def test_a_part_whose_given_notes_sound_together_is_no_line():
    means, early = triads()
    given = NONE.copy()
    given[:4, TRIAD] = True
    chosen = choose_notes("lead", means, OPEN, 24, given, early)
    assert chosen.sum(1).max() == 3


def test_chords_are_taken_whole():
    means, early = triads()
    chosen = choose_notes("chords", means, OPEN, 24, NONE, early)
    assert all(chosen[step, TRIAD].all() for step in range(0, STEPS, 4))
    assert chosen.sum() == 24
    fewer = choose_notes("chords", means, OPEN, 11, NONE, early)
    assert set(fewer.sum(1)) == {0, 3}
    assert 11 - 3 < fewer.sum() <= 12
    assert fewer[::8].any(1).all(), "on the likeliest steps"
    assert not choose_notes("pad", means, OPEN, 0, NONE, early).any()


def test_arpeggios_are_drawn_or_as_the_given_notes_are():
    means, early = triads()
    broken = choose_notes("chords", means, OPEN, 8, NONE, early, arpeggios=True)
    assert broken.sum() == 8
    assert broken.sum(1).max() == 1
    given = NONE.copy()
    given[:4, 3] = True
    assert choose_notes("chords", means, OPEN, 8, given, early).sum(1).max() == 1
    given[:4, TRIAD] = True
    whole = choose_notes("chords", means, OPEN, 24, given, early, arpeggios=True)
    assert whole.sum(1).max() == 3


def test_styles_have_arpeggios_as_often_as_their_pieces():
    assert not any(draw_arpeggios("house", seed) for seed in range(50))
    share = np.mean([draw_arpeggios("techno", seed) for seed in range(400)])
    assert 0.45 < share < 0.67
