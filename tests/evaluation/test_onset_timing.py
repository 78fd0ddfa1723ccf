"""Check the measure of onsets on sounds whose onsets are known."""

import numpy as np
import pytest

from msanii_live.errors import ConfigError
from msanii_live.evaluation.onset_timing import (
    RATE,
    clips_of_folder,
    onset_offsets,
    onset_times,
    time_clip,
)
from msanii_live.library.library import Library
from msanii_live.notes import Note, Score
from tests.library.clips import band, noise

TIMES = np.arange(0.25, 3.8, 0.25)


def struck(times: np.ndarray, late: float = 0.0) -> np.ndarray:
    """Return tones that begin at some times and decay, over soft noise."""
    rng = np.random.default_rng(1)
    wave = rng.normal(0, 1e-3, 4 * RATE).astype(np.float32)
    for number, time in enumerate(times):
        first = round((time + late) * RATE)
        t = np.arange(len(wave) - first) / RATE
        wave[first:] += 0.3 * np.exp(-8 * t) * np.sin(2 * np.pi * 220 * 2 ** (number % 5 / 4) * t)
    return wave


@pytest.mark.parametrize("late", [-0.02, 0.0, 0.007, 0.03])
def test_onsets_are_found_where_they_are(late: float) -> None:
    offsets = onset_offsets(struck(TIMES, late), TIMES)
    assert len(offsets) == len(TIMES)
    assert np.median(offsets) == pytest.approx(1_000 * late, abs=4.0)


def test_a_chord_is_one_onset() -> None:
    notes = tuple(Note(start, 2.0, 60, 90) for start in (0.0, 0.01, 0.02, 0.5))
    assert onset_times(Score(notes, 2.0)).tolist() == [0.0, 0.5]


def test_a_clip_that_agrees_is_told_from_one_that_does_not() -> None:
    score = Score(tuple(Note(time, time + 0.2, 60, 90) for time in TIMES), 4.0)
    good, bad = (time_clip("a", struck(TIMES, late), score) for late in (0.0, 0.025))
    assert (good.onsets, good.clip) == (len(TIMES), "a")
    assert good.error < 5.0 < 15.0 < bad.error
    assert good.within_10 > 0.9 > bad.within_10
    assert bad.shift > 0


def test_clips_without_notes_are_left_out(tmp_path) -> None:
    library = Library(tmp_path)
    library.add(noise("plain"))
    with pytest.raises(ConfigError, match="no clip in"):
        clips_of_folder(tmp_path)
    library.add(band("noted", parts=()))
    assert [clip.info.name for clip in clips_of_folder(tmp_path)] == ["noted"]
