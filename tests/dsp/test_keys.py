"""The key of chords, and what has none."""

import numpy as np
import pytest
from scipy.ndimage import median_filter

from msanii_live.dsp import keys
from msanii_live.dsp.keys import is_in_key, key_of_audio

RATE = 44_100


def chord(pitches, rate=RATE, seconds=1.0):
    """Return notes of five partials, float32, (frames, 2)."""
    time = np.arange(round(seconds * rate)) / rate
    wave = sum(
        np.sin(2 * np.pi * part * 440 * 2 ** ((pitch - 69) / 12) * time) / part
        for pitch in pitches
        for part in range(1, 6)
    )
    return (0.1 * wave)[:, None].repeat(2, 1).astype(np.float32)


def song(tonic, minor, rate=RATE):
    """Return the chords I IV V I, or i iv v i."""
    third = 3 if minor else 4
    roots = [tonic + 48 + step for step in (0, 5, 7, 0)]
    return np.concatenate([chord((root, root + third, root + 7), rate) for root in roots])


@pytest.mark.parametrize(("tonic", "minor"), [(0, False), (9, True), (6, False), (3, True)])
@pytest.mark.parametrize("rate", [44_100, 16_000])
def test_the_key_of_four_chords(tonic, minor, rate):
    found = key_of_audio(song(tonic, minor, rate), rate)
    assert found.key == tonic + 12 * minor
    assert is_in_key(song(tonic, minor, rate), rate, found.key)
    assert not is_in_key(song(tonic, minor, rate), rate, (found.key + 1) % 12)


def test_noise_silence_and_scraps_have_no_key():
    noise = np.random.default_rng(0).standard_normal((6 * RATE, 2)).astype(np.float32)
    for wave in (noise, np.zeros_like(noise), song(0, False)[:1_000]):
        assert key_of_audio(wave, RATE) is None


def test_medians_are_those_of_a_filtered_plane():
    level = np.random.default_rng(0).random((90, 7))
    np.testing.assert_array_equal(
        keys._median_around(level), median_filter(level, (keys.NEIGHBOURS, 1))
    )
