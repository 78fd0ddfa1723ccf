"""Check the level of fresh clips, which their mel tells before the samples are made."""

import numpy as np
import pytest

from msanii_live.engines.mel_flow.mel_level import FreshLevel, MelPowers

HOP = 512
FRAMES = 30 * 44_100
TARGET = 10 ** (-18 / 10)


def powers_of(levels: list[float], mel_frames: int) -> MelPowers:
    """Return powers that go through levels, dBFS, in straight lines."""
    at = np.linspace(0, len(levels) - 1, mel_frames)
    return 10 ** (np.interp(at, np.arange(len(levels)), levels) / 10)


def test_a_short_clip_gets_one_gain_to_the_model_level() -> None:
    powers = powers_of([-40.0, -20.0], 400)
    level = FreshLevel(400 * HOP, HOP, is_loop=False)
    gain = np.concatenate(
        [level.gain(0, 44_100, powers, True), level.gain(44_100, 400 * HOP, powers, True)]
    )
    assert np.ptp(gain) < 1e-6
    assert powers.mean() * gain[0] ** 2 == pytest.approx(TARGET, rel=1e-3)


@pytest.mark.parametrize("is_loop", [False, True])
def test_a_long_clip_that_is_known_gets_even_and_to_the_model_level(is_loop: bool) -> None:
    count = FRAMES // HOP
    powers = powers_of([-24.0, -20.0, -24.0], count)
    level = FreshLevel(count * HOP, HOP, is_loop)
    gain = level.gain(0, count * HOP, powers, True)
    after = powers * gain[HOP // 2 :: HOP] ** 2
    assert after.mean() == pytest.approx(TARGET, rel=0.05)
    assert np.ptp(10 * np.log10(after)) < 4.0
    assert np.abs(np.diff(20 * np.log10(gain))).max() * 44_100 < 1.2  # dB a second


def test_a_long_loop_of_any_number_of_mel_frames_gets_a_gain_for_each_sample() -> None:
    for count in range(1_648, 1_664):  # 1,652 is 8 bars at 100 bpm, half a block too many
        level = FreshLevel(count * HOP, HOP, is_loop=True)
        gain = level.gain(0, count * HOP, powers_of([-24.0, -20.0, -24.0], count), True)
        after = powers_of([-24.0, -20.0, -24.0], count) * gain[HOP // 2 :: HOP] ** 2
        assert after.mean() == pytest.approx(TARGET, rel=0.05)


def test_a_gain_that_is_settled_before_the_clip_is_known_goes_on_without_a_jump() -> None:
    count = FRAMES // HOP
    powers = powers_of([-20.0, -26.0, -18.0], count)
    level, parts, start = FreshLevel(count * HOP, HOP, is_loop=False), [], 0
    for known in (500, 1_200, 2_000, count):
        end = count * HOP if known == count else (known - 50) * HOP
        parts.append(level.gain(start, end, powers[:known], known == count))
        start = end
    gain = np.concatenate(parts)
    assert len(gain) == count * HOP
    assert np.abs(np.diff(20 * np.log10(gain))).max() * 44_100 < 1.2
    assert abs(10 * np.log10((powers * gain[HOP // 2 :: HOP] ** 2).mean() / TARGET)) < 2.5


def test_silence_is_not_raised_without_bound() -> None:
    gain = FreshLevel(100 * HOP, HOP, is_loop=False).gain(0, 100 * HOP, np.zeros(100), True)
    assert np.isfinite(gain).all()
    assert gain.max() <= 101.0
