"""Check that a texture goes on as it was: its level, its spectrum, one tone as one tone."""

from itertools import pairwise

import numpy as np
import pytest

from msanii_live.engines.texture.repetition import continue_texture

RATE = 44_100


def stereo(wave: np.ndarray) -> np.ndarray:
    return np.repeat(wave[:, None], 2, axis=1).astype(np.float32)


def levels(samples: np.ndarray) -> np.ndarray:
    seconds = samples[: len(samples) // RATE * RATE].reshape(-1, RATE * samples.shape[1])
    return 10 * np.log10(np.mean(seconds**2, axis=1) + 1e-12)


def band_levels(samples: np.ndarray) -> np.ndarray:
    power = np.abs(np.fft.rfft(samples[:, 0])) ** 2 / len(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    edges = np.geomspace(80, 20_000, 13)
    bands = [power[(hertz >= a) & (hertz < b)].mean() for a, b in pairwise(edges)]
    return 10 * np.log10(np.array(bands))


def test_noise_goes_on_with_its_spectrum_and_level():
    rng = np.random.default_rng(0)
    spectrum = np.fft.rfft(rng.normal(size=3 * RATE))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 200))
    source = stereo(np.fft.irfft(spectrum) * 0.2 / np.std(np.fft.irfft(spectrum)))
    made = continue_texture(source, 4 * RATE, RATE, seed=1)
    assert made.shape == (4 * RATE, 2)
    assert np.abs(levels(made) - levels(source).mean()).max() < 1.5
    assert np.abs(band_levels(made) - band_levels(source)).max() < 2.0
    again = continue_texture(source, 4 * RATE, RATE, seed=1)
    assert np.array_equal(made, again)
    assert not np.array_equal(made, continue_texture(source, 4 * RATE, RATE, seed=2))


def test_a_tone_goes_on_as_one_tone_without_a_step():
    time = np.arange(3 * RATE) / RATE
    source = stereo(0.3 * np.sin(2 * np.pi * 440.3 * time))
    made = continue_texture(source, 3 * RATE, RATE, seed=4)
    whole = np.concatenate([source, made])
    steps = np.abs(np.diff(whole[:, 0]))
    assert steps[len(source) - 3 : len(source) + 3].max() < 1.2 * steps[: len(source) - 10].max()
    spectrum = np.abs(np.fft.rfft(made[:, 0] * np.hanning(len(made)))) ** 2
    peak = int(spectrum.argmax())
    assert peak / 3 == pytest.approx(440.3, abs=0.7)
    assert spectrum[peak - 8 : peak + 9].sum() > 0.99 * spectrum.sum()


@pytest.mark.parametrize("frames", [1, 300, 9_000])
def test_short_sources_are_continued(frames):
    source = stereo(np.random.default_rng(0).normal(0, 0.1, frames))
    made = continue_texture(source, 20_000, RATE, seed=0)
    assert made.shape == (20_000, 2)
    assert np.isfinite(made).all()
    assert np.abs(made).max() < 2.0


def test_silence_stays_silent():
    made = continue_texture(np.zeros((RATE, 2), np.float32), RATE, RATE, seed=0)
    assert made.shape == (RATE, 2)
    assert not made.any()
