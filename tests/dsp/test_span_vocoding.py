"""Check that spans of a line and of a loop are those of the whole."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from msanii_live.dsp.mel import MelSpec, log_mel, stft_magnitudes
from msanii_live.dsp.span_vocoding import (
    context_samples,
    lookahead_samples,
    vocode_loop_span,
    vocode_span,
)
from msanii_live.dsp.vocoders.vocos import Vocos, VocosConfig
from msanii_live.dsp.vocoding import VocoderSettings, vocode_line, vocode_loop

SPEC = MelSpec()


@pytest.fixture(scope="module")
def vocoder() -> VocoderSettings:
    torch.manual_seed(1)
    net = Vocos(VocosConfig(width=16, blocks=2), SPEC).requires_grad_(False).eval()
    return VocoderSettings(net, iterations=2, loop_iterations=2)


@pytest.fixture(scope="module")
def mel() -> torch.Tensor:
    """The mel of a chord with noise, two channels, 256 mel frames."""
    time = np.arange(256 * SPEC.hop) / SPEC.sample_rate
    chord = sum(0.2 * np.sin(2 * np.pi * hertz * time) for hertz in (220, 330, 1_234))
    noise = np.random.default_rng(1).normal(0, 0.03, (2, len(time)))
    wave = torch.from_numpy((chord + noise).astype(np.float32))
    return log_mel(stft_magnitudes(wave, SPEC), SPEC)


def nothing(*_: object) -> None:
    pass


def test_spans_of_a_line_are_those_of_the_whole(
    vocoder: VocoderSettings, mel: torch.Tensor
) -> None:
    frames = 256 * SPEC.hop
    canvas = torch.zeros(2, frames)
    whole = vocode_line(
        mel, canvas, 0, frames, SPEC, vocoder=vocoder, on_iteration=nothing, on_span=nothing
    )
    edges = [0, 20_000, 47_777, frames]
    for start, end in pairwise(edges):
        made = vocode_span(mel, start, end, frames, SPEC, vocoder=vocoder, on_iteration=nothing)
        assert made.shape == (2, end - start)
        assert torch.allclose(made, whole[:, start:end], atol=1e-4)


def test_a_span_does_not_look_further_than_is_said(
    vocoder: VocoderSettings, mel: torch.Tensor
) -> None:
    frames, end = 256 * SPEC.hop, 30_000
    known = -(-(end + lookahead_samples(vocoder, SPEC)) // SPEC.hop)
    other = mel.clone()
    other[:, :, known:] = 3.0
    first, second = (
        vocode_span(each, 5_000, end, frames, SPEC, vocoder=vocoder, on_iteration=nothing)
        for each in (mel, other)
    )
    assert torch.allclose(first, second, atol=1e-5)


def test_spans_of_a_loop_are_those_of_the_whole_loop(
    vocoder: VocoderSettings, mel: torch.Tensor
) -> None:
    turn = 256 * SPEC.hop + 77  # the frames are not exactly a hop apart
    options = {"vocoder": vocoder, "generator": torch.Generator(), "on_iteration": nothing}
    whole = vocode_loop(mel, turn, SPEC, **options)
    edges = [0, 20_000, 60_000, turn]
    for start, end in pairwise(edges):
        made = vocode_loop_span(mel, start, end, turn, SPEC, **options)
        assert torch.allclose(made, whole[:, start:end], atol=1e-4)


def test_a_short_loop_is_made_as_a_whole(vocoder: VocoderSettings, mel: torch.Tensor) -> None:
    short, turn = mel[:, :, :40], 40 * SPEC.hop
    assert 2 * context_samples(vocoder, SPEC, is_loop=True) + 9_000 > turn
    options = {"vocoder": vocoder, "generator": torch.Generator(), "on_iteration": nothing}
    whole = vocode_loop(short, turn, SPEC, **options)
    made = vocode_loop_span(short, 100, 9_100, turn, SPEC, **options)
    assert torch.equal(made, whole[:, 100:9_100])


def test_many_iterations_need_no_more_context_than_a_few(
    vocoder: VocoderSettings, mel: torch.Tensor
) -> None:
    longer, turn = replace(vocoder, loop_iterations=9), 256 * SPEC.hop
    options = {"vocoder": longer, "generator": torch.Generator(), "on_iteration": nothing}
    whole = vocode_loop(mel, turn, SPEC, **options)[:, 30_000:50_000]
    made = vocode_loop_span(mel, 30_000, 50_000, turn, SPEC, **options)
    assert (made - whole).square().mean() < 1e-8 * whole.square().mean()
