"""Joins of made audio to known audio: the project's own seam, near the join alone."""

from __future__ import annotations

from collections.abc import Callable

import torch

from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.phase import FrameGrid
from msanii_live.dsp.vocoding import (
    CONTEXT_SAMPLES,
    SEAM_CONTEXT_SAMPLES,
    SEAM_SAMPLES,
    Estimate,
    VocoderSettings,
    reconstruct_line,
)

# Samples of the made side that a seam is fitted to.
_MADE = SEAM_SAMPLES + 2 * SEAM_CONTEXT_SAMPLES
_SETTINGS = VocoderSettings(iterations=0, seam_iterations=32)


def join(
    canvas: torch.Tensor,
    made: torch.Tensor,
    start: int,
    end: int,
    spec: MelSpec,
    on_iteration: Callable[[], None],
) -> torch.Tensor:
    """Put made samples [start, end) into known audio, so that no seam is heard.

    Near a seam the magnitudes are those of the made audio and the phase is projected from them,
    with the known samples fixed: see `dsp.vocoding.reconstruct_line`. canvas: float32, (channels,
    frames), with any values inside the span. made: of the same shape; only the span and the
    samples near its ends are used. spec: only hop and n_fft are used.
    Returns the canvas with the span filled; known samples further than `FADE_SAMPLES` from it are
    unchanged, bit for bit.
    """
    out = canvas.clone()
    out[:, start:end] = made[:, start:end]
    frames = canvas.shape[-1]
    if end - start <= 2 * _MADE:
        parts = (
            [(start - CONTEXT_SAMPLES, end + CONTEXT_SAMPLES)] if start > 0 or end < frames else []
        )
    else:
        parts = [(start - CONTEXT_SAMPLES, start + _MADE)] if start else []
        parts += [(end - _MADE, end + CONTEXT_SAMPLES)] if end < frames else []
    for first, last in parts:
        # The grid of a part begins on a whole hop, so that its frames are those of the whole.
        first, last = max(0, first) // spec.hop * spec.hop, min(frames, last)
        a, b = max(start - first, 0), min(end, last) - first
        piece = _fitted(out[:, first:last], made[:, first:last], a, b, spec, on_iteration)
        out[:, first:last] = piece
    return out


def _fitted(
    canvas: torch.Tensor,
    made: torch.Tensor,
    start: int,
    end: int,
    spec: MelSpec,
    on_iteration: Callable[[], None],
) -> torch.Tensor:
    def estimate(first_mel: int, grid: FrameGrid) -> Estimate:
        first = first_mel * spec.hop
        part = made[:, first : first + grid.length]
        return grid.analyse(part).abs(), part

    return reconstruct_line(
        estimate,
        canvas,
        start,
        end,
        spec,
        vocoder=_SETTINGS,
        on_iteration=on_iteration,
        on_span=lambda: None,
    )
