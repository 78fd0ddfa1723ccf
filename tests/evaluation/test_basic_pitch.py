"""Check the counting of onsets, and the published network where it can be had."""

import numpy as np
import pytest

from msanii_live.errors import MissingTool
from msanii_live.evaluation.basic_pitch import (
    HOP,
    RATE,
    NotePosteriors,
    OnsetMatch,
    decode_onsets,
    fetch_network,
    match_onsets,
    open_network,
    score_onsets,
    transcribe_onsets,
)
from msanii_live.notes import Note


def test_onsets_pair_once_within_the_tolerance() -> None:
    true = ((1.0, 60), (1.03, 60), (2.0, 64))
    assert match_onsets(((1.04, 60), (2.06, 64)), true) == OnsetMatch(1, 2, 3)
    assert match_onsets(((1.01, 60), (0.98, 60), (2.0, 64)), true) == OnsetMatch(3, 3, 3)
    assert match_onsets(((1.0, 61),), true).f1 == 0.0
    assert match_onsets((), true).f1 == 0.0


def test_as_many_as_can_be_are_paired() -> None:
    assert match_onsets(((0.0, 60), (0.04, 60)), ((0.045, 60), (0.085, 60))) == OnsetMatch(2, 2, 2)


def test_the_onsets_of_a_score() -> None:
    notes = [Note(1.0, 2.0, 60, 90), Note(1.0, 3.0, 60, 50, 19), Note(0.0, 1.0, 12, 9)]
    drum = Note(0.0, 1.0, 36, 9, 0, drum=True)
    assert score_onsets([*notes, drum]) == ((0.0, 24), (1.0, 60))


def test_a_peak_counts_if_the_key_then_sounds() -> None:
    onsets, sounding = np.zeros((60, 88), np.float32), np.zeros((60, 88), np.float32)
    onsets[9:12, 5] = 0.4, 0.8, 0.6
    onsets[30, 7] = 0.9
    sounding[10:40, 5] = 0.9
    posteriors = NotePosteriors(onsets, sounding, np.arange(60) * HOP / RATE)
    assert decode_onsets(posteriors) == ((pytest.approx(10 * HOP / RATE), 26),)


@pytest.mark.slow
def test_the_network_hears_keys() -> None:
    try:
        session = open_network(fetch_network())
    except MissingTool as missing:
        pytest.skip(str(missing))
    wave, true = np.zeros(4 * 44_100, np.float32), []
    for n, key in enumerate((60, 67, 64, 72)):
        first = round((0.3 + 0.8 * n) * 44_100)
        t = np.arange(30_000) / 44_100
        pitch = 440 * 2 ** ((key - 69) / 12)
        tone = sum(np.sin(2 * np.pi * pitch * k * t) / k for k in range(1, 6))
        wave[first : first + 30_000] += 0.1 * tone * np.exp(-3 * t)
        true.append((0.3 + 0.8 * n, key))
    assert match_onsets(transcribe_onsets(session, wave, 44_100), tuple(true)).f1 > 0.7
