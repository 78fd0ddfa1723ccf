"""Check that the bars of a player are found to the millisecond, whatever the weights hear."""

import numpy as np
import pytest

from msanii_live.notes import Note, Score
from msanii_live.transcription.beat_tracking import Bars, track_bars
from msanii_live.transcription.following import follow_bars

BEAT = 0.53  # s


def beats_of(seconds: float, origin: float, errors: float = 0.0) -> tuple[float, ...]:
    rng = np.random.default_rng(3)
    times = np.arange(origin, seconds, BEAT)
    return tuple((times + rng.normal(0, errors, len(times))).tolist())


def bars_of(beats: tuple[float, ...], first: int) -> Bars:
    return Bars(beats, first, 4, BEAT, beats[0], True)


def melody(seconds: float, start: float = 0.0) -> Score:
    notes = tuple(Note(t, t + 0.2, 60, 90) for t in np.arange(start, seconds - 0.3, BEAT))
    return Score(notes, seconds, metre=(4, 4), beats=4.0)


@pytest.mark.parametrize("errors", [0.0, 0.008])
def test_the_last_whole_bars_begin_and_end_on_bar_lines(errors):
    beats = beats_of(15.3, 0.41, errors)
    found = follow_bars(melody(15.3, 0.41), bars_of(beats, 1), 4)
    assert found is not None
    assert found.bar == pytest.approx(4 * BEAT, abs=0.004)
    line = (found.start - 0.41 - BEAT) / (4 * BEAT)
    assert line == pytest.approx(round(line), abs=0.01)
    assert found.score.seconds == pytest.approx(4 * found.bar)
    assert 15.3 - 4 * BEAT < found.start + found.score.seconds < 15.3 + 0.1
    assert found.score.is_loop
    assert len(found.score.notes) == 16


def test_one_beat_that_is_misheard_does_not_move_the_bars():
    beats = list(beats_of(15.3, 0.41))
    beats[-3] += 0.12
    found = follow_bars(melody(15.3, 0.41), bars_of(tuple(beats), 1), 4)
    assert found is not None
    assert found.bar == pytest.approx(4 * BEAT, abs=0.002)


def test_bars_before_the_first_note_are_left_out():
    beats = beats_of(15.3, 0.41)
    begins = 0.41 + BEAT + 3 * 4 * BEAT
    found = follow_bars(melody(15.3, begins), bars_of(beats, 1), 8)
    assert found is not None
    assert found.start == pytest.approx(begins, abs=0.01)


def test_without_a_beat_or_a_whole_bar_there_is_nothing_to_follow():
    assert follow_bars(melody(5.0), None, 4) is None
    assert follow_bars(Score((), 5.0), bars_of(beats_of(5.0, 0.0), 0), 4) is None
    assert follow_bars(melody(2.0), bars_of(beats_of(2.2, 0.3), 2), 4) is None


def test_who_is_followed_is_not_heard_at_twice_the_tempo():
    rate, seconds = 50.0, 12.0
    likely = np.full((round(rate * seconds), 2), 0.02)
    places = np.round(np.arange(0, seconds, 0.3) * rate).astype(int)
    likely[places[places < len(likely)], 0] = 0.9
    likely[places[places < len(likely)][::8], 1] = 0.9
    free = track_bars(likely, rate)
    followed = track_bars(likely, rate, is_followed=True)
    assert free is not None
    assert followed is not None
    assert free.period == pytest.approx(0.3, abs=0.01)
    assert followed.period == pytest.approx(0.6, abs=0.01)
    assert followed.per_bar in (3, 4)
