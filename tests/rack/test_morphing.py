"""Morphs between two playings: their ends, brightness, decay and length."""

import numpy as np
import pytest

from msanii_live.rack.morphing import morphed
from tests.rack.spectra import RATE, centroid, decay

TIME = np.arange(RATE) / RATE


def tone(hertz: float, falls: float) -> np.ndarray:
    """Return a tone that falls by so many nepers a second, float32, (frames, 2)."""
    wave = 0.3 * np.sin(2 * np.pi * hertz * TIME) * np.exp(-falls * TIME)
    return np.stack([wave, 0.5 * wave], 1).astype(np.float32)


def test_its_ends_are_the_sounds_themselves() -> None:
    dark, bright = tone(300, 2), tone(3_000, 9)
    assert morphed(dark, bright, 0.0) is dark
    assert morphed(dark, bright, 1.0) is bright
    assert morphed(dark, dark.copy(), 0.5) is dark  # what both play alike stays
    near = morphed(dark, bright, 0.01)
    assert near.shape == dark.shape
    assert near.dtype == np.float32
    assert np.sqrt(((near - dark) ** 2).mean() / (dark**2).mean()) < 0.3


def test_brightness_and_decay_lie_between() -> None:
    noise = np.random.default_rng(3).standard_normal((RATE, 2)).astype(np.float32)
    dark = np.cumsum(noise, 0) * 0.003
    dark = ((dark - dark.mean(0)) * np.exp(-3 * TIME)[:, None]).astype(np.float32)
    bright = (0.1 * noise * np.exp(-12 * TIME)[:, None]).astype(np.float32)
    sounds = [morphed(dark, bright, mix) for mix in (0.0, 0.5, 1.0)]
    low, middle, high = (centroid(sound.T) for sound in sounds)
    assert low < middle < high
    long, between, short = (decay(sound.T) for sound in sounds)
    assert long > between > short


@pytest.mark.parametrize("frames", [0, 1_000])
def test_silence_and_short_sounds_do_not_fail(frames: int) -> None:
    silence = np.zeros((frames, 2), np.float32)
    sound = np.full((frames, 2), 0.1, np.float32)
    made = morphed(silence, sound, 0.5)
    assert made.shape == silence.shape
    assert np.isfinite(made).all()
