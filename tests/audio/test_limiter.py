"""Check the limiter: sample peaks, true peaks, and what it leaves alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.signal import resample_poly

from msanii_live.audio import CEILING, limit, limiting_gain
from msanii_live.audio.limiter import true_peaks

TOLERANCE = 10 ** (0.03 / 20)


def oversampled_peak(samples: np.ndarray, factor: int = 4) -> float:
    """Return the peak of the interpolated waveform, by an interpolator that is not ours."""
    return float(np.abs(resample_poly(samples.astype(np.float64), factor, 1, axis=0)).max())


def sine(cycles: float, phase: float, level: float, frames: int = 20_000) -> np.ndarray:
    """Return a faded sine. cycles: a frame. phase: of a cycle."""
    wave = level * np.sin(2 * np.pi * (np.arange(frames) * cycles + phase))
    wave *= np.minimum(1, np.minimum(np.arange(frames), np.arange(frames)[::-1]) / 200)
    return np.repeat(wave[:, None], 2, axis=1).astype(np.float32)


@settings(deadline=None, max_examples=30)
@given(
    arrays(np.float32, (4_000, 2), elements=st.floats(-0.25, 0.25, width=32)),
    st.lists(st.tuples(st.integers(0, 3_999), st.floats(-4, 4, width=32)), max_size=5),
)
def test_the_limiter_keeps_its_ceiling_and_leaves_the_rest(samples, peaks):
    for place, value in peaks:
        samples[place] = value
    out = limit(samples)
    assert np.abs(out).max() <= CEILING * (1 + 1e-6)
    loud = np.flatnonzero(true_peaks(samples) > CEILING)
    far = np.ones(len(samples), bool)
    for place in loud:
        far[max(0, place - 1_026) : place + 1_027] = False
    assert np.array_equal(out[far], samples[far])


# 11,025 Hz at 45 degrees: no sample is above 0.707 of the waveform's peak, 3 dB below it.
@pytest.mark.parametrize("level", [0.95, 1.2, 3.0])
@pytest.mark.parametrize(("cycles", "phase"), [(1 / 4, 1 / 8), (1 / 6, 1 / 12), (1 / 8, 1 / 16)])
def test_a_sine_between_samples_stays_under_the_ceiling(cycles, phase, level):
    samples = sine(cycles, phase, level)
    assert oversampled_peak(samples) > CEILING
    out = limit(samples)
    assert oversampled_peak(out) <= CEILING * TOLERANCE
    assert oversampled_peak(out) > CEILING * 0.97  # and not lower than need be
    assert true_peaks(samples).max() == pytest.approx(level, rel=0.015)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("kind", ["clicks", "noise", "square"])
def test_clicks_noise_and_edges_stay_under_the_ceiling(kind, seed):
    rng = np.random.default_rng(seed)
    samples = np.zeros((30_000, 2))
    match kind:
        case "clicks":
            samples[rng.integers(500, 29_500, 40)] = rng.choice([-3.0, 1.5, 4.0], (40, 1))
        case "noise":
            samples = resample_poly(rng.normal(0, 0.4, (15_000, 2)), 2, 1, axis=0)
        case "square":
            wave = np.sin(2 * np.pi * np.arange(30_000) * (900 + seed) / 44_100)
            samples[:, 0] = samples[:, 1] = np.sign(wave) * 0.9
    out = limit(samples.astype(np.float32))
    assert oversampled_peak(out) <= CEILING * TOLERANCE
    assert oversampled_peak(out, 16) <= CEILING * 10 ** (0.15 / 20)


@pytest.mark.parametrize("shape", [(0, 2), (1, 1), (5, 2), (31, 1), (33, 2), (4_097, 2)])
def test_quiet_audio_of_any_length_comes_back_as_it_is(shape):
    samples = np.random.default_rng(1).uniform(-0.3, 0.3, shape).astype(np.float32)
    assert limit(samples) is samples
    hot = samples.copy()
    if len(hot):
        hot[len(hot) // 2] = 5.0
        assert np.abs(limit(hot)).max() <= CEILING * (1 + 1e-6)


def test_only_what_is_near_a_true_peak_is_changed():
    for start in (50_000, 60_001, 70_002):
        samples = np.random.default_rng(2).uniform(-0.2, 0.2, (120_000, 2)).astype(np.float32)
        samples[start : start + 400] = sine(1 / 4, 1 / 8, 1.1, 400) + 0.0
        out = limit(samples)
        assert np.array_equal(out[: start - 1_100], samples[: start - 1_100])
        assert np.array_equal(out[start + 1_500 :], samples[start + 1_500 :])
        assert not np.array_equal(out[start : start + 400], samples[start : start + 400])


def test_the_gain_of_the_limiter_is_what_it_applies():
    samples = sine(0.01, 0.3, 1.4, 6_000)
    gain = limiting_gain(samples)
    assert gain is not None
    assert np.array_equal(samples * gain[:, None], limit(samples))
    assert limiting_gain(0.5 * samples) is None


def test_what_is_not_a_number_comes_back_for_its_maker_to_tell():
    broken = np.full((3_000, 2), np.nan, np.float32)
    assert limit(broken) is broken
    assert limiting_gain(np.concatenate([np.zeros_like(broken), broken])) is None
