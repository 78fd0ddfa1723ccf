"""Long audio in windows: plans, and engines whose window is short."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.vocoding import FADE_SAMPLES
from msanii_live.engines.pipelines.editing import slerp
from msanii_live.engines.pipelines.join import join
from msanii_live.engines.pipelines.windows import plan_windows, plan_windows_leftwards
from msanii_live.protocol.commands import AudioToAudio, Generate, Inpaint, Outpaint
from tests.engines.pipelines.conftest import Recorder, source


@settings(deadline=None)  # nothing here is about time
@given(
    st.integers(1, 5000).flatmap(
        lambda frames: st.tuples(
            st.just(frames), st.integers(0, frames - 1), st.integers(1, 5000), st.booleans()
        )
    ),
    st.integers(30, 900),
)
def test_passes_make_each_sample_once_in_order_and_see_no_more_than_they_can(span, longest):
    frames, start, length, leftwards = span
    end = min(frames, start + length)
    plan = plan_windows_leftwards if leftwards else plan_windows
    windows = plan(frames, start, end, longest)
    made = sorted((w.start, w.end) for w in windows)
    assert made[0][0] == start
    assert made[-1][1] == end
    assert all(a[1] == b[0] for a, b in pairwise(made))
    assert [w.start for w in windows] == sorted((w.start for w in windows), reverse=leftwards)
    done = []
    for w in windows:
        assert 0 <= w.first <= w.start < w.end <= w.last <= frames
        assert w.last - w.first <= longest or len(windows) == 1
        done.append((w.start, w.end))
        for a, b in made:  # nothing is seen that lies in the span and is not made yet
            if (a, b) not in done:
                assert b <= w.first or a >= w.last


@pytest.mark.parametrize("family", ["stable-audio-3", "stable-audio-open"])
def test_audio_longer_than_a_window_is_made_in_several(bench, family):
    engine = bench.engine(family)
    heard = Recorder()
    clip = engine.run(Generate(seconds=9.0, steps=1), heard.context)
    assert clip.info.frames == 9 * 44_100
    passes = heard.steps[-1][1]
    assert passes > 2
    assert heard.steps[-1] == (passes, passes)
    quiet = np.abs(clip.samples.reshape(9, -1)).max(1)
    assert quiet.min() > 1e-4


def test_a_long_source_is_kept_and_varied_over_several_windows(bench):
    engine = bench.engine("stable-audio-3")
    long = source(44_100, seconds=5.0)
    heard = Recorder(long)
    clip = engine.run(Outpaint(src="a", seconds=4.5, steps=1, side="left"), heard.context)
    assert clip.info.frames == round(9.5 * 44_100)
    new = round(4.5 * 44_100)
    np.testing.assert_array_equal(clip.samples[new + 2_048 :], long.samples[2_048:])
    varied = engine.run(AudioToAudio(src="a", strength=0.5, steps=1), heard.context)
    assert varied.info.frames == long.info.frames
    steps = np.abs(np.diff(varied.samples, axis=0)).max(1)
    assert steps.max() < 1.0


def test_a_join_is_smoother_than_a_splice_and_changes_little():
    time = torch.arange(60_000) / 44_100
    known = torch.stack([torch.sin(2 * torch.pi * f * time) for f in (220.0, 330.0)])
    made = torch.stack([torch.sin(2 * torch.pi * f * time + 2.0) for f in (220.0, 330.0)])
    start, end = 20_000, 45_000
    out = join(known, made, start, end, MelSpec(), lambda: None)
    far = torch.ones(60_000, dtype=torch.bool)
    far[start - FADE_SAMPLES : end + FADE_SAMPLES] = False
    assert torch.equal(out[:, far], known[:, far])
    spliced = known.clone()
    spliced[:, start:end] = made[:, start:end]

    def step(wave, at):
        return wave[:, at - 2 : at + 2].diff().abs().max()

    for at in (start, end):
        assert step(out, at) < 0.25 * step(spliced, at)
    # Half-way, nothing but the made audio is heard.
    assert torch.allclose(out[:, 32_000:33_000], made[:, 32_000:33_000], atol=1e-6)


def test_slerp_keeps_lengths_and_ends():
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(1, 8, 5, generator=generator) for _ in range(2))
    torch.testing.assert_close(slerp(a, b, 0.0), a)
    torch.testing.assert_close(slerp(a, b, 1.0), b)
    unit = [each / each.norm(dim=1, keepdim=True) for each in (a, b)]
    torch.testing.assert_close(slerp(*unit, 0.3).norm(dim=1), torch.ones(1, 5))
    torch.testing.assert_close(slerp(a, 2 * a, 0.5), 1.5 * a)


def test_long_songs_are_decoded_in_pieces_that_agree_with_the_whole(bench):
    engine = bench.engine("ace-step")
    engine.load()
    latents = torch.randn(1, 8, 1_100, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        pieces = engine._family.decode(latents)
        vae = engine._family.pipe.vae
        vae.disable_tiling()
        whole = vae.decode(latents)
    assert pieces.shape == (2, 1_100 * 512)
    torch.testing.assert_close(pieces, whole.sample[0], atol=1e-4, rtol=0)


@pytest.mark.parametrize("family", ["stable-audio-3", "stable-audio-open", "ace-step", "longcat"])
def test_of_a_filled_span_no_more_is_decoded_than_is_used(bench, family, monkeypatch):
    engine = bench.engine(family)
    model, sizes = engine.family(), []
    own = model.decode

    def decode(latents):
        sizes.append(latents.shape[-1])
        return own(latents)

    monkeypatch.setattr(model, "decode", decode)
    clip = source(model.rate, seconds=2.5)
    command = Inpaint(src="a", start=1.2, end=1.3, steps=1)
    near = engine.run(command, Recorder(clip).context).samples
    monkeypatch.setattr(model, "overlap", None)
    whole = engine.run(command, Recorder(clip).context).samples
    assert sizes[0] < sizes[1] == model.count(len(clip.samples))
    assert np.abs(near - whole).max() < 1e-3 * np.abs(whole).max()
