"""Check that audio limited span by span is what the limiter makes of the whole."""

import numpy as np
import pytest

from msanii_live.audio import limit
from msanii_live.audio.span_limiter import SpanLimiter


@pytest.mark.parametrize("sizes", [(30_000,), (1, 500, 7_000, 22_499), (10_000,) * 3])
def test_spans_are_limited_as_the_whole(sizes: tuple[int, ...]) -> None:
    wave = np.random.default_rng(1).normal(0, 0.35, (30_000, 2)).astype(np.float32)
    wave[10_000:17_000] *= 0.1  # here nothing is limited
    limiter, out, first = SpanLimiter(), [], 0
    for number, size in enumerate(sizes):
        out.append(limiter.add(wave[first : first + size], number == len(sizes) - 1))
        first += size
    made = np.concatenate(out)
    assert made.shape == wave.shape
    assert np.abs(made - limit(wave)).max() < 1e-5
    assert np.array_equal(made[11_200:15_800], wave[11_200:15_800])


def test_what_needs_no_limit_comes_back_bit_for_bit() -> None:
    wave = np.random.default_rng(2).normal(0, 0.05, (9_000, 2)).astype(np.float32)
    limiter = SpanLimiter()
    assert np.array_equal(np.concatenate([limiter.add(wave), limiter.add(wave[:0], True)]), wave)
