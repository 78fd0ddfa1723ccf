"""Check that what is played takes on the spectrum and the width of a recording."""

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from msanii_live.engines.composer.sound_match import RATE, _band_powers, match_sound


def noise(seed: int, width: float, seconds: float = 4.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    middle, side = rng.normal(0, 0.1, (2, round(seconds * RATE)))
    return np.stack([middle + width * side, middle - width * side], axis=1).astype(np.float32)


def decibels(power: np.ndarray) -> np.ndarray:
    return 10 * np.log10(power)


def test_spectrum_and_width_are_those_of_the_recording_and_the_level_stays() -> None:
    dark = sosfilt(butter(1, 1_500, fs=RATE, output="sos"), noise(1, 0.2), axis=0)
    played = 0.5 * noise(2, 0.6)
    matched = match_sound(dark.astype(np.float32), played).apply(played)
    true, made = _band_powers(dark.astype(np.float32)), _band_powers(matched)
    shape = decibels(made[0]) - decibels(true[0])
    loud = slice(2, 20)  # bands of some width, within the largest gain
    assert np.ptp(shape[loud]) < 3.0
    width = (decibels(made[1]) - decibels(made[0])) - (decibels(true[1]) - decibels(true[0]))
    assert np.abs(width[loud]).max() < 2.0
    assert np.mean(matched**2) == pytest.approx(np.mean(played**2), rel=0.6)


def test_a_mono_recording_gets_no_side_and_filters_add_no_delay() -> None:
    mono = noise(1, 0.0)
    played = noise(2, 0.5)
    matched = match_sound(mono, played).apply(played)
    assert np.abs(matched[:, 0] - matched[:, 1]).max() < 1e-6
    middle = played.mean(axis=1)
    shifts = [float(np.dot(np.roll(middle, s)[99:-99], matched[99:-99, 0])) for s in range(-5, 6)]
    assert int(np.argmax(shifts)) == 5


def test_filters_are_linear_so_that_stems_still_add_up() -> None:
    played, other = noise(2, 0.5), noise(3, 0.1)
    match = match_sound(noise(1, 0.2), played)
    whole = match.apply(played + other)
    assert np.allclose(whole, match.apply(played) + match.apply(other), atol=1e-5)
