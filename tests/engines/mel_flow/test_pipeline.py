"""What of a source decides on a continuation."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from msanii_live.audio import make_clip
from msanii_live.engines.base import standalone_context
from msanii_live.engines.mel_flow.engine import MelFlowEngine
from msanii_live.engines.mel_flow.fresh_spans import FreshLine
from msanii_live.engines.mel_flow.inpainting import context_tokens
from msanii_live.engines.mel_flow.mel_level import clip_powers
from msanii_live.engines.mel_flow.pipeline import BarPhase, MelFlowPipeline
from msanii_live.engines.mel_flow.tasks import MelFlowTasks
from msanii_live.engines.prompt_parser import PromptConditions
from msanii_live.protocol.commands import Generate, Inpaint, Outpaint

RATE = 44_100
SEAM = 2_048


@pytest.fixture(scope="module")
def engine():
    made = MelFlowEngine("cpu")
    made.load()
    return made


def pipeline(engine) -> MelFlowPipeline:
    command = Generate(seconds=1.0, steps=1)
    conditions = PromptConditions(None, None, ())
    context = standalone_context()
    tasks = MelFlowTasks(engine._model, engine.vocoder(), command, context, conditions)
    return tasks._pipeline(120.0, None)


def test_what_is_heard_of_a_source_does_not_grow_with_it(engine):
    line = pipeline(engine)
    sizes = set()
    for seconds in (30, 60, 120):
        start = seconds * RATE
        low, high = line.heard_around(start, start + RATE, start + RATE)
        assert low % line.token == 0
        assert start - low >= context_tokens(line.window) * line.token
        assert high == start + RATE
        sizes.add((start - low) // line.token)
    assert max(sizes) - min(sizes) <= 1
    assert line.heard_around(0, RATE, 3 * RATE) == (0, 3 * RATE)


@pytest.mark.parametrize("side", ["right", "left", "inside"])
def test_a_long_source_is_kept_bit_for_bit(engine, side):
    noise = np.random.default_rng(0).standard_normal((14 * RATE, 2)).astype(np.float32) * 0.05
    clip = make_clip(noise, RATE, name="long", bpm=120.0)
    context = replace(standalone_context(), clip=lambda name: clip)
    if side == "inside":
        made = engine.run(Inpaint(src="long", start=12.0, end=12.5, steps=1), context).samples
        first, last = 12 * RATE, round(12.5 * RATE)
        assert np.array_equal(made[: first - SEAM], noise[: first - SEAM])
        assert np.array_equal(made[last + SEAM :], noise[last + SEAM :])
        return
    made = engine.run(Outpaint(src="long", seconds=0.5, side=side, steps=1), context).samples
    old = made[len(made) - len(noise) :] if side == "left" else made[: len(noise)]
    kept = slice(SEAM, None) if side == "left" else slice(None, -SEAM)
    assert np.array_equal(old[kept], noise[kept])


def test_the_level_of_a_long_clip_is_that_of_its_mel(engine, monkeypatch):
    seen = []

    def vocode(self, mel, start, end, length):
        seen.append(mel.clone())
        return torch.zeros(2, end - start)

    monkeypatch.setattr(FreshLine, "_vocode", vocode)
    line = pipeline(engine)
    spans = list(FreshLine(line, 12 * RATE, BarPhase(0.0, 1e-5)).spans())
    assert spans[-1].is_all
    for mel, span in zip(seen, spans, strict=True):
        whole = clip_powers(mel, line.model.spec)[line.patch :]
        assert span.powers == pytest.approx(whole, rel=1e-3)


def test_only_what_is_known_is_analysed_and_alike(engine):
    line, generator = pipeline(engine), torch.Generator().manual_seed(0)
    whole = 0.1 * torch.randn(2, 40 * line.token, generator=generator)
    first, last, start = 12, 30, 12 * line.token + 1_500
    with torch.inference_mode():
        made = line._analyse_known(whole, first, last, start)
        wanted = line.model.analyse(whole)
    known = [*range(first * line.patch), *range(last * line.patch, made.shape[-1])]
    torch.testing.assert_close(made[:, :, known], wanted[:, :, known], atol=1e-4, rtol=1e-4)
    assert not made[:, :, first * line.patch : last * line.patch].any()


class _Heard:
    """A receiver that notes what it is given."""

    def __init__(self):
        self.plans, self.spans = [], []

    def begin(self, plan):
        self.plans.append(plan)

    def take(self, samples):
        self.spans.append(samples)


def test_a_continuation_sounds_from_its_source_on(engine):
    noise = np.random.default_rng(0).standard_normal((2 * RATE, 2)).astype(np.float32) * 0.05
    clip, heard = make_clip(noise, RATE, name="a", bpm=120.0), _Heard()
    context = replace(standalone_context(), clip=lambda name: clip, spans=heard)
    made = engine.run(Outpaint(src="a", seconds=0.5, steps=1, keep=1), context)
    assert np.array_equal(heard.spans[0], noise[:-SEAM])
    assert np.array_equal(np.concatenate(heard.spans), made.samples)
    assert heard.plans[0].frames == len(made.samples) == sum(heard.plans[0].spans)
    engine.run(Outpaint(src="a", seconds=0.5, steps=1, keep=0), context)
    assert len(heard.plans) == 1
