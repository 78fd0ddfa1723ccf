"""Slow gains and mono: levels matched, held even, and never changed quickly."""

import numpy as np
import pytest

from msanii_live.audio import as_mono, hold_level, is_mono, rms_dbfs
from msanii_live.audio.slow_gain import (
    BLOCK,
    apply_gain,
    equal_power,
    even_gain,
    gain_per_frame,
    limit_slope,
    match_power,
    slow_power,
)

RATE = 44_100


def noise(seconds: float, level: float = 0.05, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (level * rng.standard_normal((round(seconds * RATE), 2))).astype(np.float32)


def faded(seconds: float, decibels: float, seed: int = 0) -> np.ndarray:
    """Return noise that grows by some decibels."""
    samples = noise(seconds, 0.02, seed)
    curve = 10 ** (np.linspace(0, decibels, len(samples)) / 20)
    return (samples * curve[:, None]).astype(np.float32)


def test_the_power_of_even_audio_is_even_to_its_edges_and_its_short_last_block():
    for frames in (1, BLOCK, 10 * BLOCK + 7, 100_000):
        power = slow_power(np.full((frames, 2), 0.5, np.float32))
        assert len(power) == -(-frames // BLOCK)
        assert power == pytest.approx(0.25, rel=1e-6)


def test_around_a_loop_the_power_of_the_end_counts_at_the_start():
    samples = np.zeros((20 * BLOCK, 2), np.float32)
    samples[-BLOCK:] = 1.0
    assert slow_power(samples, 4)[0] == 0.0
    around = slow_power(samples, 4, loops=True)
    assert around[0] > 0.1
    turned = slow_power(np.roll(samples, 3 * BLOCK, axis=0), 4, loops=True)
    assert turned == pytest.approx(np.roll(around, 3))


def test_between_unlike_sources_lies_the_equal_power_line():
    a, b = noise(3.0, 0.1, 1), noise(3.0, 0.01, 2)
    for mix in (0.0, 0.3, 0.5, 1.0):
        line = equal_power([a, b], [1 - mix, mix])
        assert line == pytest.approx((1 - mix) * slow_power(a) + mix * slow_power(b))
    assert equal_power([a], [1.0]) == pytest.approx(slow_power(a))


@pytest.mark.parametrize("off", [-20.0, -6.0, 3.0, 12.0])
def test_audio_is_brought_to_the_level_of_other_audio_over_time(off):
    source = faded(3.0, 12.0)
    made = noise(3.0, 0.02 * 10 ** (off / 20), seed=5)
    out = match_power(made, slow_power(source))
    for start in range(0, len(out), RATE):
        span = slice(start, start + RATE)
        assert rms_dbfs(out[span]) == pytest.approx(rms_dbfs(source[span]), abs=0.3)
    assert match_power(source, slow_power(source)) == pytest.approx(source, abs=1e-6)


def test_what_the_limiter_takes_away_is_given_back():
    rng = np.random.default_rng(3)
    source = np.clip(rng.standard_normal((4 * RATE, 2)) * 0.22, -0.4, 0.4).astype(np.float32)
    made = (0.02 * rng.standard_normal((4 * RATE, 2))).astype(np.float32)
    out = match_power(made, slow_power(source))
    assert np.abs(out).max() <= 0.892
    assert rms_dbfs(out) == pytest.approx(rms_dbfs(source), abs=0.5)


def test_silence_stays_silent_and_finite():
    silence, loud = np.zeros((RATE, 2), np.float32), noise(1.0)
    assert not match_power(silence, slow_power(loud)).any()
    assert rms_dbfs(match_power(loud, slow_power(silence))) < -60
    assert not even_gain(np.zeros((20 * RATE, 2), np.float32)).any()


@pytest.mark.parametrize("grows", [-13.0, 5.0, 13.0])
def test_long_audio_that_grows_is_held_slowly(grows):
    samples = faded(60.0, grows)
    gain = even_gain(samples)
    out = apply_gain(samples, gain)
    levels = [rms_dbfs(span) for span in np.array_split(out, 12)]
    assert max(levels) - min(levels) < 1.0
    assert rms_dbfs(out) == pytest.approx(rms_dbfs(samples), abs=0.1)
    per_second = gain_per_frame(gain, len(samples)).astype(np.float64)[:: RATE // 2]
    assert np.abs(np.diff(20 * np.log10(per_second))).max() <= 0.5 + 1e-4


def test_a_sudden_step_is_followed_by_at_most_a_decibel_a_second():
    samples = np.concatenate([noise(20.0, 0.01), noise(20.0, 0.1)])
    assert np.abs(np.diff(even_gain(samples))).max() <= 0.1 + 1e-9


def test_short_audio_is_left_as_it_is():
    samples = faded(11.9, 20.0)
    assert not even_gain(samples).any()
    assert np.array_equal(apply_gain(samples, even_gain(samples)), samples)


def test_around_a_loop_the_gain_closes():
    samples = faded(24.0, 10.0)
    gain = even_gain(samples, loops=True)
    assert np.abs(np.diff(np.append(gain, gain[0]))).max() <= 0.1 + 1e-9
    factors = gain_per_frame(gain, len(samples), loops=True)
    assert factors[0] == pytest.approx(factors[-1], rel=1e-5)
    turned = even_gain(np.roll(samples, 50 * BLOCK, axis=0), loops=True)
    assert turned == pytest.approx(np.roll(gain, 50), abs=1e-6)


def test_a_slope_is_limited_from_below():
    curve = np.array([0.0, 0.0, 5.0, 5.0, 0.0, 0.0])
    assert limit_slope(curve, 1.0).tolist() == [0, 0, 1, 1, 0, 0]
    edges = np.array([0.0, 4.0, 4.0, 4.0])
    assert limit_slope(edges, 1.0).tolist() == [0, 1, 2, 3]
    assert limit_slope(edges, 1.0, loops=True).tolist() == [0, 1, 2, 1]


def test_a_long_span_is_held_even_and_joins_its_source():
    samples = np.concatenate([noise(6.0, 0.05, 1), faded(30.0, 12.0)])
    start, level = 6 * RATE, rms_dbfs(samples[: 6 * RATE])
    out = hold_level(samples, start, len(samples), level, even=True)
    assert np.array_equal(out[:start], samples[:start])
    assert out[start] == pytest.approx(samples[start], rel=1e-3)
    for span in np.array_split(out[start + RATE :], 6):
        assert rms_dbfs(span) == pytest.approx(level, abs=0.7)


def test_mono_is_told_to_a_millionth_and_made():
    samples = noise(0.1)
    assert not is_mono(samples)
    assert is_mono(samples[:, :1])
    twice = np.repeat(samples[:, :1], 2, axis=1)
    assert is_mono(twice + np.float32([0, 9e-7]))
    assert not is_mono(twice + np.float32([0, 3e-6]))
    assert is_mono(np.zeros((0, 2), np.float32))
    assert np.array_equal(as_mono(twice), twice)
    both = as_mono(samples)
    assert np.array_equal(both[:, 0], both[:, 1])
    assert both[:, 0] == pytest.approx(samples.mean(1), abs=1e-7)
