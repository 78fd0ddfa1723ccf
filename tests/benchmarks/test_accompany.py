"""Check how the answer to a player is measured: its onsets, and how far they are from the beats."""

import numpy as np
import pytest

from msanii_live.benchmarks.accompany import RATE, HeardAnswer, offsets_from_beats, sharp_onsets


def test_sharp_onsets_are_found_to_a_few_milliseconds():
    rng, heard = np.random.default_rng(1), np.zeros((3 * RATE, 2), np.float32)
    starts = [RATE // 2, RATE, 2 * RATE]
    for start in starts:
        fall = np.exp(-np.arange(RATE // 3) / 2_000)[:, None]
        heard[start : start + len(fall)] += 0.2 * fall * rng.normal(size=(len(fall), 2))
    found = sharp_onsets(heard)
    assert found == pytest.approx(starts, abs=130)
    assert not len(sharp_onsets(np.zeros((RATE, 2), np.float32)))


def test_one_onset_near_a_beat_counts_and_none_between_beats():
    onsets = np.array([0.502, 0.53, 0.75, 0.99, 2.0])
    assert offsets_from_beats(onsets, 0.5) == pytest.approx([0.002, -0.01, 0.0])


def test_a_row_says_how_many_beats_were_met():
    row = HeardAnswer("stream", 3.21, np.array([0.004, -0.002, 0.03, 0.01])).row()
    assert row == "| stream | 3.2 s | 7 ms | 75% of 4 beats |"
    assert "no onset" in HeardAnswer("clip", 1.0, np.zeros(0)).row()
