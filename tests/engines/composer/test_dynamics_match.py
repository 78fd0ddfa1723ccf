"""Check that bands of what is played get the levels that they have in a recording."""

import numpy as np
import pytest

from msanii_live.engines.composer.dynamics_match import (
    HOP,
    QUANTILES,
    DynamicsMatch,
    match_dynamics,
)


def bursts(decay: float, seconds: float = 4.0) -> np.ndarray:
    """Return a burst of noise each half second. decay: s, to a factor of 1/e."""
    count, rng = round(seconds * 44_100), np.random.default_rng(1)
    fall = np.exp(-(np.arange(count) / 44_100 % 0.5) / decay)
    return (0.1 * rng.normal(size=(count, 2)) * fall[:, None]).astype(np.float32)


def levels(sound: np.ndarray) -> np.ndarray:
    """Return the level of each 46 ms, dB."""
    frames = sound[: len(sound) // 2_048 * 2_048].reshape(-1, 2_048 * 2)
    return 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)


def test_short_sounds_get_the_decay_of_a_recording() -> None:
    dry, room = bursts(0.1), 0.5 * bursts(0.2)
    match = match_dynamics(room, dry)
    (made,) = match.apply([dry])
    wanted, before, after = (np.quantile(levels(x), QUANTILES[2:-2]) for x in (room, dry, made))
    assert np.abs(before - wanted).max() > 10.0
    assert np.abs(after - wanted).max() < 4.0


def test_stems_add_up_and_what_is_alike_stays_bit_for_bit_nearly() -> None:
    one, other = bursts(0.05), 0.3 * bursts(0.3)
    match = match_dynamics(bursts(0.1), one + other)
    whole, first, second = match.apply([one + other, one, other])
    assert whole.shape == one.shape
    assert np.abs(first + second - whole).max() < 1e-5
    (same,) = match_dynamics(one, one).apply([one])
    assert np.abs(same - one).max() < 1e-3


def test_long_sounds_are_filtered_in_pieces_without_a_seam() -> None:
    sound = np.random.default_rng(2).normal(0, 0.1, (1_003 * HOP + 77, 2)).astype(np.float32)
    flat = np.repeat(np.array([[-9.0]]) + 1e-6 * np.arange(len(QUANTILES)), 24, axis=0)
    (made,) = DynamicsMatch(flat, flat + np.log(0.5)).apply([sound])
    assert made == pytest.approx(0.5 * sound, abs=1e-4)


def test_little_or_no_sound_is_left_alone() -> None:
    little = bursts(0.1)[:500]
    silence = np.zeros((10_000, 2), np.float32)
    assert np.isfinite(match_dynamics(little, little).apply([little])[0]).all()
    assert not match_dynamics(silence, silence).apply([silence])[0].any()
    assert match_dynamics(little, little).apply([silence[:0]])[0].shape == (0, 2)
