"""Check that clips resampled for the device join without a step."""

import numpy as np

from msanii_live.playback.crossfade import largest_step
from msanii_live.playback.device_format import loop_to_device, to_device, to_device_after
from tests.playback.test_mixer import tone

DEVICE_RATE = 48_000


def test_at_the_device_rate_nothing_changes() -> None:
    wave = tone(9_000)
    assert np.array_equal(to_device(wave, 44_100, 44_100), wave)
    assert np.array_equal(to_device_after(wave, wave, 44_100, 44_100), wave)
    assert np.array_equal(loop_to_device(wave, 44_100, 44_100), wave)


def test_mono_becomes_stereo() -> None:
    assert to_device(tone(100)[:, :1], 44_100, 44_100).shape == (100, 2)


def test_a_continuation_is_resampled_as_part_of_the_whole() -> None:
    wave = tone(44_100)
    whole = to_device(wave, 44_100, DEVICE_RATE)
    split = 151 * 147  # 24,160 frames at 48,000 Hz, and not at a zero crossing
    rest = to_device_after(wave[:split], wave[split:], 44_100, DEVICE_RATE)
    expected = whole[24_160:]
    assert np.abs(rest[:20_000] - expected[:20_000]).max() < 1e-4
    alone = to_device(wave[split:], 44_100, DEVICE_RATE)
    assert np.abs(alone[:200] - expected[:200]).max() > 1e-2  # this is what it avoids


def test_a_loop_is_resampled_in_a_circle() -> None:
    wave = tone(44_100, 441.0)  # whole periods
    loop = loop_to_device(wave, 44_100, DEVICE_RATE)
    assert len(loop) == 48_000
    twice = np.concatenate([loop, loop])
    assert largest_step(twice) <= largest_step(loop[10_000:20_000]) * 1.01
