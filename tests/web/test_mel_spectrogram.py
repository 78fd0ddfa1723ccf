"""Check mel spectrograms: the scale, the level of a sine, and the number of columns."""

import numpy as np
import pytest

from msanii_live.web.mel_spectrogram import (
    F_MAX,
    F_MIN,
    HOP,
    MAX_COLUMNS,
    MELS,
    hertz_to_mel,
    mel_decibels,
    mel_to_hertz,
)

RATE = 44_100


def sine(hertz, seconds=1.0, level=1.0):
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


def test_the_scale_is_slaneys():
    hertz = np.array([0.0, 200.0, 1_000.0, 6_400.0])
    assert hertz_to_mel(hertz) == pytest.approx([0, 3, 15, 42])
    assert mel_to_hertz(hertz_to_mel(hertz)) == pytest.approx(hertz)


@pytest.mark.parametrize("hertz", [110, 440, 1_000, 5_000])
def test_a_sine_is_in_its_band_at_its_level(hertz):
    mel = mel_decibels(sine(hertz), RATE)[:, 10:-10]
    low, high = hertz_to_mel(np.array([F_MIN, F_MAX]))
    peak = mel_to_hertz(low + (high - low) * (mel.mean(1).argmax() + 1) / (MELS + 1))
    assert peak == pytest.approx(hertz, rel=0.06)
    assert mel.max() == pytest.approx(0, abs=3)
    quiet = mel_decibels(sine(hertz, level=0.1), RATE)[:, 10:-10]
    assert (mel.max(1) - quiet.max(1)).max() == pytest.approx(20, abs=0.1)


def test_silence_is_at_the_floor():
    assert mel_decibels(np.zeros(RATE), RATE) == pytest.approx(-120)


@pytest.mark.parametrize(
    ("frames", "columns"),
    [(1, 1), (HOP, 1), (HOP + 1, 2), (HOP * MAX_COLUMNS, MAX_COLUMNS)],
)
def test_a_column_is_one_hop(frames, columns):
    assert mel_decibels(np.zeros(frames), RATE).shape == (MELS, columns)


def test_long_audio_is_averaged_to_the_most_columns():
    mel = mel_decibels(np.zeros(HOP * (MAX_COLUMNS * 2 + 1)), RATE)
    assert mel.shape[1] <= MAX_COLUMNS
    assert mel.shape[1] > MAX_COLUMNS // 2


def test_every_band_has_a_bin_at_a_low_sample_rate():
    noise = np.random.default_rng(0).normal(0, 0.1, 8_000)
    assert mel_decibels(noise, 8_000).min() > -90
