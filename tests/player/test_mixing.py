"""Check that the mix does not depend on its blocks, and neither exceeds 1 nor clicks."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msanii_live.audio import Samples
from msanii_live.player.mixing import Voice, render

SPAN = 1_500


def tone(frames: int, hertz: float = 220.0, level: float = 0.5) -> Samples:
    wave = level * np.sin(2 * np.pi * hertz * np.arange(frames) / 44_100)
    return np.repeat(wave[:, None], 2, axis=1).astype(np.float32)


@st.composite
def voices(draw: st.DrawFn) -> Voice:
    samples = tone(draw(st.integers(0, 900)), draw(st.floats(50, 9_000)), draw(st.floats(0, 1)))
    start = draw(st.integers(-400, SPAN))
    return Voice(
        samples,
        start,
        gain=draw(st.floats(0, 4)),
        fade_in=draw(st.integers(0, 700)),
        end=draw(st.none() | st.integers(start, SPAN + 400)),
        fade_out=draw(st.integers(0, 700)),
        loop=draw(st.booleans()) and len(samples) > 0,
    )


@settings(deadline=None, max_examples=60)
@given(st.lists(voices(), max_size=4), st.lists(st.integers(0, SPAN), max_size=8))
def test_any_cut_into_blocks_gives_the_same_samples(mix: list[Voice], cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), SPAN]
    blocks = [render(mix, a, b - a) for a, b in itertools.pairwise(edges)]
    whole = render(mix, 0, SPAN)
    assert whole.dtype == np.float32
    assert whole.shape == (SPAN, 2)
    assert np.array_equal(np.concatenate(blocks), whole)
    assert np.abs(whole).max() <= 1.0


def test_a_plain_voice_is_its_samples() -> None:
    samples = tone(300)
    whole = render([Voice(samples, start=100)], 0, 500)
    assert np.array_equal(whole[100:400], samples)
    assert not whole[:100].any()
    assert not whole[400:].any()


def test_a_loop_goes_on_until_its_end() -> None:
    samples = tone(300)
    whole = render([Voice(samples, start=0, loop=True, end=700)], 0, 1_000)
    assert np.array_equal(whole[:700], np.concatenate([samples, samples, samples[:100]]))
    assert not whole[700:].any()


def test_a_crossfade_keeps_the_power_and_does_not_click() -> None:
    frames, fade = 8_820, 882
    old = Voice(tone(frames), 0, end=4_410 + fade, fade_out=fade)
    new = Voice(tone(frames, 330.0), 4_410, fade_in=fade)
    mixed = render([old, new], 0, frames)
    steepest = 0.5 * 2 * np.pi * 330 / 44_100
    assert np.abs(np.diff(mixed, axis=0)).max() < 2 * steepest
    places = np.arange(4_410, 4_410 + fade, dtype=np.int64)
    assert old.level_at(places) ** 2 + new.level_at(places) ** 2 == pytest.approx(1.0, abs=1e-6)
