import numpy as np
import pytest

from msanii_live.dsp.mel import MelSpec
from msanii_live.evaluation import audio_features
from tests.evaluation.sounds import RATE, clicks, tone


def test_convergence_is_nothing_for_the_same_and_one_for_silence():
    x = np.random.default_rng(0).random((4, 9))
    assert audio_features.convergence(x, x) == 0
    assert audio_features.convergence(np.zeros_like(x), x) == pytest.approx(1)
    assert audio_features.convergence(1.5 * x, x) == pytest.approx(0.5)


def test_convergence_is_taken_near_the_place_only():
    true = tone(440, 2)
    made = true.copy()
    made[RATE:] = 0
    assert audio_features.convergence_at(made, true, RATE // 2, MelSpec(), 0.1) < 1e-6
    assert audio_features.convergence_at(
        made, true, 3 * RATE // 2, MelSpec(), 0.1
    ) == pytest.approx(1)
    assert 0.3 < audio_features.convergence_at(made, true, RATE, MelSpec(), 0.1) < 0.9


def test_chroma_names_the_pitches_of_a_chord():
    found = audio_features.chroma(tone([220.0, 261.63, 329.63], 2), RATE)
    assert set(np.argsort(found)[-3:]) == {9, 0, 4}  # A, C, E
    assert np.linalg.norm(found) == pytest.approx(1)
    octave = audio_features.chroma(tone([440.0, 523.25, 659.26], 2), RATE)
    other = audio_features.chroma(tone([233.08, 277.18, 349.23], 2), RATE)
    assert found @ octave > 0.9 > 0.5 > found @ other
    assert not audio_features.chroma(np.zeros((RATE, 2), np.float32), RATE).any()


def test_the_centroid_of_a_tone_is_its_frequency():
    assert audio_features.centroid(tone(3_000, 1), RATE) == pytest.approx(3_000, rel=0.05)
    assert audio_features.centroid(np.zeros((RATE, 2), np.float32), RATE) == 0


@pytest.mark.parametrize("late", [0.0, 0.03, -0.08, 0.2])
def test_a_late_beat_is_found_to_the_millisecond(late):
    beat = 0.5
    sound = np.concatenate([clicks(beat, 6), clicks(beat, 3, first=late % beat)])
    seam = round(6 * RATE / audio_features.ONSET_SPEC.hop)
    envelope = audio_features.onsets(audio_features.mel_of(sound))
    assert audio_features.beat_offset(envelope, seam, beat) == pytest.approx(late, abs=0.002)


def test_the_area_under_the_curve():
    low, high = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    assert audio_features.roc_area(high, low) == 1
    assert audio_features.roc_area(low, high) == 0
    assert audio_features.roc_area(low, low) == 0.5
    assert audio_features.roc_area(np.array([1.0, 4.0]), np.array([3.0])) == 0.5


def test_percentiles_count_what_lies_below():
    assert audio_features.percentile_rank(2.5, np.arange(5.0)) == 60
    assert audio_features.percentile_rank(2.0, np.arange(5.0)) == 50
