"""Check the texture engine: what is known stays, and only its own verbs are taken."""

from dataclasses import replace

import numpy as np
import pytest

from msanii_live.audio import make_clip
from msanii_live.engines.base import standalone_context
from msanii_live.engines.texture.engine import TextureEngine
from msanii_live.errors import Code
from msanii_live.protocol.commands import Generate, Inpaint, Outpaint
from tests.library.clips import refusal

RATE = 44_100
SOUND = np.random.default_rng(2).normal(0, 0.1, (3 * RATE, 2)).astype(np.float32)
SOURCE = make_clip(SOUND, RATE, name="rain")
CONTEXT = replace(standalone_context(), clip=lambda name: SOURCE)


def run(command):
    return TextureEngine().run(command, CONTEXT)


@pytest.mark.parametrize("side", ["right", "left"])
def test_the_source_stays_bit_for_bit(side):
    made = run(Outpaint(src="rain", seconds=2.0, side=side)).samples
    kept = made[: len(SOUND)] if side == "right" else made[-len(SOUND) :]
    assert len(made) == 5 * RATE
    assert np.array_equal(kept, SOUND)
    new = made[len(SOUND) :] if side == "right" else made[: -len(SOUND)]
    assert np.std(new) == pytest.approx(np.std(SOUND), rel=0.25)


def test_only_the_new_audio_if_the_source_is_not_kept():
    assert len(run(Outpaint(src="rain", seconds=1.5, keep=0)).samples) == round(1.5 * RATE)


def test_bars_are_counted_at_the_tempo():
    made = run(Outpaint(src="rain", bars=1, bpm=120.0, keep=0)).samples
    assert len(made) == 2 * RATE


@pytest.mark.parametrize(("start", "end"), [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0)])
def test_a_span_is_filled_and_the_rest_stays(start, end):
    made = run(Inpaint(src="rain", start=start, end=end)).samples
    first, last = round(start * RATE), round(end * RATE)
    assert np.array_equal(made[:first], SOUND[:first])
    assert np.array_equal(made[last:], SOUND[last:])
    assert not np.array_equal(made[first:last], SOUND[first:last])
    assert np.std(made[first:last]) == pytest.approx(np.std(SOUND), rel=0.3)


def test_what_it_cannot_do_is_refused():
    with refusal(Code.EENGINE):
        run(Generate())
    with refusal(Code.ERANGE):
        run(Inpaint(src="rain", start=0.0, end=3.0))
    with refusal(Code.ERANGE):
        run(Outpaint(src="rain", seconds=190.0, bars=400.0, bpm=20.0))
