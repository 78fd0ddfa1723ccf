"""Several clips of one prompt in one pass."""

import numpy as np
import pytest
import torch

from msanii_live.errors import Cancelled
from msanii_live.protocol.commands import Generate, Inpaint
from tests.engines.pipelines.conftest import Recorder, source
from tests.engines.pipelines.tiny import FAMILIES

SEEDS = [4, 5, 6]


@pytest.mark.parametrize("family", FAMILIES)
def test_clips_of_one_pass_are_those_of_their_seeds(bench, family):
    engine = bench.engine(family)
    command = Generate(seconds=0.5, steps=2, prompt="dark techno", count=3)
    heard = Recorder(seed=4)
    clips = engine.run_batch(command, heard.context, SEEDS)
    assert [clip.info.seed for clip in clips] == SEEDS
    for clip in clips[1:]:
        one = engine.run(command, Recorder(seed=clip.info.seed).context).samples
        # But for rounding, which differs in a batch.
        assert np.abs(clip.samples - one).max() < 0.02 * np.abs(one).max()
    assert not np.array_equal(clips[0].samples, clips[1].samples)
    fractions = [step / steps for step, steps in heard.steps]
    assert fractions == sorted(fractions)
    assert heard.steps[0] == (0, 8)


def test_the_networks_run_once_for_all(bench, monkeypatch):
    engine = bench.engine("stable-audio-3")
    engine.load()
    sizes = []
    hook = engine._family.pipe.transformer.register_forward_pre_hook(
        lambda net, args, kwargs: sizes.append(len(args[0] if args else kwargs["hidden_states"])),
        with_kwargs=True,
    )
    command = Generate(seconds=0.5, steps=2, prompt="dark:1.2, piano:0.4", count=3)
    engine.run_batch(command, Recorder().context, SEEDS)
    hook.remove()
    assert sizes == [3, 3]


def test_each_loop_of_a_batch_closes(bench):
    engine = bench.engine("stable-audio-open")
    command = Generate(bars=1, bpm=150.0, steps=2, count=2)
    clips = engine.run_batch(command, Recorder().context, [1, 2])
    for clip in clips:
        assert (clip.info.frames, clip.info.loops) == (round(1.6 * 44_100), True)
    again = engine.run(command, Recorder(seed=2).context)
    assert np.abs(clips[1].samples - again.samples).max() < 0.02 * np.abs(again.samples).max()


def test_other_commands_and_long_clips_are_made_one_by_one(bench):
    engine = bench.engine("stable-audio-3")
    clip = source(44_100)
    command = Inpaint(src="a", start=0.2, end=0.4, steps=2, count=2)
    made = engine.run_batch(command, Recorder(clip).context, [3, 4])
    for each in made:
        one = engine.run(command, Recorder(clip, seed=each.info.seed).context)
        np.testing.assert_array_equal(each.samples, one.samples)
    long = Generate(seconds=4.5, steps=1, count=2)  # its longest pass lasts 4 s
    assert [len(c.samples) for c in engine.run_batch(long, Recorder().context, [1, 2])] == [
        round(4.5 * 44_100)
    ] * 2


def test_a_batch_ends_within_a_step_and_one_that_is_too_large_is_made_one_by_one(
    bench, monkeypatch
):
    engine = bench.engine("longcat")
    command = Generate(seconds=0.5, steps=3, count=2)
    with pytest.raises(Cancelled):
        engine.run_batch(command, Recorder(stop_at=1).context, [1, 2])
    family = engine.family()
    own = family.denoise

    def denoise(task):
        if len(task.seeds) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return own(task)

    monkeypatch.setattr(family, "denoise", denoise)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    heard = Recorder()
    assert len(engine.run_batch(command, heard.context, [1, 2])) == 2
    assert "one by one" in heard.warnings[0]
    monkeypatch.setattr(family, "denoise", lambda task: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        engine.run_batch(command, Recorder().context, [1, 2])
