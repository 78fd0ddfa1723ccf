"""Check that the mix does not depend on its blocks, and neither exceeds 1 nor clicks."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msanii_live.audio import Samples
from msanii_live.playback.mixer import Region, render

SPAN = 1_500


def tone(frames: int, hertz: float = 220.0, level: float = 0.5) -> Samples:
    wave = level * np.sin(2 * np.pi * hertz * np.arange(frames) / 44_100)
    return np.repeat(wave[:, None], 2, axis=1).astype(np.float32)


@st.composite
def regions(draw: st.DrawFn, number: int = 1) -> tuple[Region, Samples]:
    samples = tone(draw(st.integers(0, 900)), draw(st.floats(50, 9_000)), draw(st.floats(0, 1)))
    start = draw(st.integers(-400, SPAN))
    skip = draw(st.integers(0, len(samples)))
    region = Region(
        number,
        0,
        "a",
        start,
        len(samples) - skip,
        skip=skip,
        gain=draw(st.floats(0, 4)),
        fade_in=draw(st.integers(0, 700)),
        end=draw(st.none() | st.integers(start, SPAN + 400)),
        fade_out=draw(st.integers(0, 700)),
        loop=draw(st.booleans()) and len(samples) > skip,
        until=draw(st.none() | st.integers(start, SPAN + 400)),
    )
    return region, samples


@settings(deadline=None, max_examples=60)
@given(st.lists(regions(), max_size=4), st.lists(st.integers(0, SPAN), max_size=8))
def test_any_cut_into_blocks_gives_the_same_samples(
    drawn: list[tuple[Region, Samples]], cuts: list[int]
) -> None:
    mix = [replace(region, clip=number) for number, (region, _) in enumerate(drawn)]
    clips = {number: samples for number, (_, samples) in enumerate(drawn)}
    edges = [0, *sorted(cuts), SPAN]
    blocks = [render(mix, clips, a, b - a) for a, b in itertools.pairwise(edges)]
    whole = render(mix, clips, 0, SPAN)
    assert whole.dtype == np.float32
    assert whole.shape == (SPAN, 2)
    assert np.array_equal(np.concatenate(blocks), whole)
    assert np.abs(whole).max() <= 1.0


def test_a_plain_part_is_its_samples() -> None:
    samples = tone(300)
    whole = render([Region(1, 1, "a", 100, 300)], {1: samples}, 0, 500)
    assert np.array_equal(whole[100:400], samples)
    assert not whole[:100].any()
    assert not whole[400:].any()
    cut = render([Region(1, 1, "a", 100, 200, skip=100, until=250)], {1: samples}, 0, 500)
    assert np.array_equal(cut[100:250], samples[100:250])
    assert not cut[250:].any()


def test_a_loop_goes_on_until_its_end() -> None:
    samples = tone(300)
    region = Region(1, 1, "a", 0, 300, loop=True, end=700)
    whole = render([region], {1: samples}, 0, 1_000)
    assert np.array_equal(whole[:700], np.concatenate([samples, samples, samples[:100]]))
    assert not whole[700:].any()


def test_a_crossfade_keeps_the_power_and_does_not_click() -> None:
    frames, fade = 8_820, 882
    old = Region(1, 1, "a", 0, frames, end=4_410 + fade, fade_out=fade)
    new = Region(2, 2, "b", 4_410, frames, fade_in=fade)
    mixed = render([old, new], {1: tone(frames), 2: tone(frames, 330.0)}, 0, frames)
    steepest = 0.5 * 2 * np.pi * 330 / 44_100
    assert np.abs(np.diff(mixed, axis=0)).max() < 2 * steepest
    places = np.arange(4_410, 4_410 + fade, dtype=np.int64)
    assert old.level_at(places) ** 2 + new.level_at(places) ** 2 == pytest.approx(1.0, abs=1e-6)
