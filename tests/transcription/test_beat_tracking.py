"""Check beats, bars and tempi that are read off likelihoods."""

import numpy as np
import pytest

from msanii_live.transcription.beat_tracking import track_bars


def likelihoods(bpm: float, per_bar: int, start: float, seconds: float = 20.0) -> np.ndarray:
    """Return likelihoods of beats and downbeats at a steady tempo, at 50 frames a second."""
    out = np.full((round(50 * seconds), 2), 0.03)
    frames = np.arange(len(out))
    for number in range(int(seconds * bpm / 60) + 1):
        height = np.maximum(0.0, 1 - np.abs(frames - 50 * (start + 60 * number / bpm)) / 1.5)
        out[:, 0] = np.maximum(out[:, 0], 0.8 * height)
        if number % per_bar == 0:
            out[:, 1] = np.maximum(out[:, 1], 0.8 * height)
    return out


@pytest.mark.parametrize(
    ("bpm", "per_bar", "start"),
    [(97.3, 4, 0.1), (140.0, 3, 0.3), (65.0, 2, 0.0), (171.0, 4, 0.05), (120.0, 5, 0.2)],
)
def test_tempo_metre_and_first_bar_are_found(bpm: float, per_bar: int, start: float) -> None:
    bars = track_bars(likelihoods(bpm, per_bar, start), 50.0)
    assert bars is not None
    assert bars.is_steady
    assert 60 / bars.period == pytest.approx(bpm, rel=0.002)
    assert bars.per_bar == per_bar
    assert bars.beats[bars.first] % (per_bar * 60 / bpm) == pytest.approx(start, abs=0.03)


def test_a_known_tempo_keeps_beats_from_doubling() -> None:
    likely = likelihoods(140.0, 4, 0.0)
    bars = track_bars(likely, 50.0, hint=70.0)
    assert bars is not None
    assert 60 / bars.period == pytest.approx(70.0, rel=0.05)


def test_nothing_beats_in_silence_or_in_a_moment() -> None:
    assert track_bars(np.full((1_000, 2), 0.02), 50.0) is None
    assert track_bars(np.full((20, 2), 0.9), 50.0) is None


def test_a_tempo_that_drifts_is_not_steady() -> None:
    out, moment, frames = np.full((1_000, 2), 0.03), 0.0, np.arange(1_000)
    for number in range(60):
        height = np.maximum(0.0, 1 - np.abs(frames - 50 * moment) / 1.5)
        out[:, 0] = np.maximum(out[:, 0], 0.8 * height)
        moment += 0.6 - 0.005 * number
    bars = track_bars(out, 50.0)
    assert bars is not None
    assert not bars.is_steady


def test_a_loop_of_two_bars_is_heard_as_whole_bars() -> None:
    likely = likelihoods(100.0, 1, 0.0, 4.8)
    heights = np.array([0.8, 0.02, 0.1, 0.02, 0.1, 0.8, 0.02, 0.02])  # beat 5 misleads
    numbers = np.minimum(np.arange(len(likely)) // 30, len(heights) - 1)
    likely[:, 1] = np.minimum(likely[:, 1], heights[numbers])
    loop = track_bars(likely, 50.0)
    excerpt = track_bars(likely[:-15], 50.0)
    assert loop is not None
    assert excerpt is not None
    assert (loop.per_bar, excerpt.per_bar) == (4, 5)
