"""Check clips that are played while they are made: to the sample, and without a click."""

import numpy as np
import pytest

from msanii_live.playback.growing_clips import FADE, GrowingClips
from msanii_live.playback.mixer import Region, render
from tests.playback.test_mixer import tone

FRAMES, BLOCK = 40_000, 512
REGION = Region(1, 1, "a", 1_000, FRAMES, fade_in=882)


def rendered(growing: GrowingClips, wave: np.ndarray, ready_at: dict[int, int]) -> np.ndarray:
    """Return the output from frame 0 on. ready_at: frames that are there, from a position on."""
    blocks = []
    for position in range(0, 1_000 + FRAMES, BLOCK):
        if position in ready_at:
            growing.set_ready(1, ready_at[position], FRAMES)
        blocks.append(growing.render([REGION], {1: wave}, position, BLOCK))
    return np.concatenate(blocks)


def whole(wave: np.ndarray) -> np.ndarray:
    blocks = range(0, 1_000 + FRAMES, BLOCK)
    return np.concatenate([render([REGION], {1: wave}, at, BLOCK) for at in blocks])


def test_audio_that_comes_in_time_is_played_bit_for_bit() -> None:
    wave = tone(FRAMES)
    in_time = {0: 8_000, BLOCK * 8: 30_000, BLOCK * 30: FRAMES}
    assert np.array_equal(rendered(GrowingClips(), wave, in_time), whole(wave))


@pytest.mark.parametrize("ready", [5_000, 5_120, 5_512])
def test_what_comes_late_is_silent_between_fades_and_stays_in_time(ready: int) -> None:
    wave = tone(FRAMES)
    there = wave.copy()
    late = BLOCK * 24
    there[ready:] = 0  # as the room that is not filled yet
    growing = GrowingClips()
    blocks = []
    for position in range(0, 1_000 + FRAMES, BLOCK):
        if position == 0:
            growing.set_ready(1, ready, FRAMES)
        if position == late:
            there[ready:] = wave[ready:]
            growing.set_ready(1, FRAMES, FRAMES)
        blocks.append(growing.render([REGION], {1: there}, position, BLOCK))
    out, right = np.concatenate(blocks), whole(wave)
    faded_at = int(np.flatnonzero((out != right).any(1))[0])
    assert 1_000 + ready - FADE - BLOCK - 1 <= faded_at < 1_000 + ready
    assert not out[1_000 + ready : late].any()
    assert np.array_equal(out[late + FADE + 1 :], right[late + FADE + 1 :])
    largest = np.abs(np.diff(right, axis=0)).max()
    assert np.abs(np.diff(out, axis=0)).max() < 1.5 * largest + 1 / FADE


def test_a_region_that_starts_before_anything_is_there_is_silent() -> None:
    wave = tone(FRAMES)
    growing = GrowingClips()
    growing.set_ready(1, 0, FRAMES)
    out = np.concatenate(
        [growing.render([REGION], {1: wave}, at, BLOCK) for at in range(0, 4 * BLOCK, BLOCK)]
    )
    assert not out.any()
