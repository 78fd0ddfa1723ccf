"""Mel features, phase reconstruction and joins, on signals whose answer is known."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from msanii_live.dsp.mel import (
    MelSpec,
    filter_bank,
    left_right,
    log_mel,
    mel_to_magnitude,
    mid_side,
    stft_magnitudes,
)
from msanii_live.dsp.phase import circular_grid, griffin_lim, linear_grid
from msanii_live.dsp.vocoding import (
    FADE_SAMPLES,
    MAX_SPAN_SAMPLES,
    VocoderSettings,
    plan_spans,
    vocode_line,
    vocode_loop,
)

SPEC = MelSpec()


def tone(frames, hertz=440.0, level=0.3):
    return level * torch.sin(2 * torch.pi * hertz * torch.arange(frames) / SPEC.sample_rate)


def test_no_mel_band_is_empty():
    assert (filter_bank(SPEC).sum(0) > 0).all()


def test_mel_frames_are_centred_on_multiples_of_the_hop():
    wave = torch.zeros(20 * SPEC.hop)
    wave[10 * SPEC.hop] = 1.0
    mags = stft_magnitudes(wave, SPEC)
    assert mags.shape == (SPEC.n_fft // 2 + 1, 20)
    assert mags.sum(0).argmax() == 10
    assert mags[:, [7, 13]].sum() == 0.0


def test_mid_side_is_undone():
    wave = torch.randn(2, 100)
    assert torch.allclose(left_right(mid_side(wave)), wave, atol=1e-6)


def test_inverse_mel_has_the_bands_it_was_asked_for():
    wave = tone(SPEC.hop * 40) + 0.05 * torch.randn(SPEC.hop * 40)
    mel = log_mel(stft_magnitudes(wave, SPEC), SPEC)
    found = log_mel(mel_to_magnitude(mel, SPEC), SPEC)
    assert (found - mel).abs().mean() < 0.05


def test_frames_analyse_and_synthesise_are_inverse():
    wave = torch.randn(2, 8_000)
    for grid in (
        linear_grid(SPEC, 8_000, 16, wave.device),
        circular_grid(SPEC, 8_000, 16, wave.device),
    ):
        back = grid.synthesise(grid.analyse(wave))
        # The very last samples of a line lie under the edge of one window only.
        assert torch.allclose(back[:, :7_700], wave[:, :7_700], atol=1e-4)


def test_line_frames_agree_with_the_feature_extractor():
    wave = torch.randn(9_000)
    grid = linear_grid(SPEC, 9_000, SPEC.mel_frames(9_000), wave.device)
    ours = grid.analyse(wave).abs().T
    assert torch.allclose(ours, stft_magnitudes(wave, SPEC), atol=1e-3)


def test_griffin_lim_finds_a_signal_with_the_magnitudes():
    wave = (tone(30 * SPEC.hop) + tone(30 * SPEC.hop, 1_234.0))[None]
    grid = linear_grid(SPEC, wave.shape[-1], 30, wave.device)
    target = grid.analyse(wave).abs()
    start = torch.randn(wave.shape, generator=torch.Generator().manual_seed(1))
    found = grid.analyse(griffin_lim(target, grid, start=start, iterations=60)).abs()
    assert ((found - target).norm() / target.norm()) < 0.15


def test_a_vocoded_loop_has_any_length_and_closes():
    frames = 40_013
    cycles = 400
    wave = 0.3 * torch.sin(2 * torch.pi * cycles * torch.arange(frames) / frames)
    grid = circular_grid(SPEC, frames, 80, wave.device)
    mel = log_mel(grid.analyse(wave[None]).abs().transpose(1, 2), SPEC)
    made = vocode_loop(
        mel,
        frames,
        SPEC,
        vocoder=VocoderSettings(),
        generator=torch.Generator(),
        on_iteration=lambda: None,
    )
    assert made.shape == (1, frames)
    steps = torch.diff(torch.cat([made[0], made[0, :1]])).abs()
    assert steps[-1] < 0.06  # one sample of this tone steps by 0.019 at most


def test_spans_cover_exactly_what_is_asked():
    spans = plan_spans(3_000_000, 4_096, 2_000_001, SPEC.hop)
    assert spans[0].start == 4_096
    assert spans[-1].end == 2_000_001
    assert all(a.end == b.start for a, b in pairwise(spans))
    assert all(s.first <= s.start < s.end <= s.last for s in spans)
    assert all(s.first % SPEC.hop == 0 for s in spans)
    assert all(s.end - s.start <= MAX_SPAN_SAMPLES + SPEC.hop for s in spans)
    lengths = [s.end - s.start for s in spans]
    assert max(lengths) - min(lengths) <= 2 * SPEC.hop


@pytest.mark.parametrize("span", [(20_480, 40_960), (0, 20_480), (20_480, 61_440)])
def test_vocoding_keeps_what_is_known_and_joins_it(span):
    start, end = span
    frames = 61_440
    wave = torch.stack([tone(frames), 0.5 * tone(frames, 880.0)])
    mel = log_mel(stft_magnitudes(wave, SPEC), SPEC)
    canvas = wave.clone()
    canvas[:, start:end] = 1e-2 * torch.randn(
        2, end - start, generator=torch.Generator().manual_seed(0)
    )
    spans = []
    made = vocode_line(
        mel,
        canvas,
        start,
        end,
        SPEC,
        vocoder=VocoderSettings(),
        on_iteration=lambda: None,
        on_span=lambda: spans.append(1),
    )
    assert len(spans) == 1
    kept = torch.ones(frames, dtype=torch.bool)
    kept[max(0, start - FADE_SAMPLES) : end + FADE_SAMPLES] = False
    assert torch.equal(made[:, kept], wave[:, kept])
    steps = np.abs(np.diff(made.numpy(), axis=1))
    for seam in (start, end):
        if 0 < seam < frames:
            assert steps[:, seam - 4 : seam + 4].max() < 2 * np.diff(wave.numpy(), axis=1).max()


def test_progress_is_reported_and_may_end_the_work():
    class Stop(Exception):
        pass

    def stop():
        raise Stop

    mel = torch.zeros(1, SPEC.mels, 8)
    with pytest.raises(Stop):
        vocode_line(
            mel,
            torch.zeros(1, 4_096),
            0,
            4_096,
            SPEC,
            vocoder=VocoderSettings(),
            on_iteration=stop,
            on_span=lambda: None,
        )
