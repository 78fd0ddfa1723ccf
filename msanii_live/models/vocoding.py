"""Turn mels into samples on a canvas, joining what is already there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch

from msanii_live.models.griffin_lim import griffin_lim, line_frames, loop_frames
from msanii_live.models.mel import MelSpec, mel_to_magnitude

REACH = 8_192  # known samples that each span is fitted to, either side
AHEAD = 4_096  # samples made and thrown away beyond a span that goes on
SPAN = 327_680  # most samples fitted at once: a network window and some
FADE = 512  # samples before and after a seam over which the known fades into the made


@dataclass(frozen=True)
class Span:
    """Hold one piece of the work: make [start, end) while fitting [first, last)."""

    first: int
    last: int
    start: int
    end: int


def plan_spans(frames: int, start: int, end: int, hop: int) -> list[Span]:
    """Cut [start, end) of a canvas of `frames` samples into spans of nearly equal length."""
    count = -(-(end - start) // SPAN)
    edges = [start + (end - start) * i // count // hop * hop for i in range(count)]
    edges = [start, *edges[1:], end]
    spans = []
    for a, b in pairwise(edges):
        first = max(0, a - REACH) // hop * hop
        last = min(frames, b + (REACH if b == end else AHEAD))
        spans.append(Span(first, last, a, b))
    return spans


def vocode_line(
    mel: torch.Tensor,
    canvas: torch.Tensor,
    start: int,
    end: int,
    spec: MelSpec,
    *,
    iterations: int,
    on_step: Callable[[int], None],
) -> torch.Tensor:
    """Make samples [start, end) of the canvas from mels.

    mel: ln magnitudes, float32, (channels, mels, mel_frames), for the whole canvas.
    canvas: float32, (channels, frames): known samples outside the span, and inside it whatever the
    phase search starts from. on_step: called with the iterations done of each span in turn.
    Returns the canvas with the span made; FADE samples at either side of it are faded, all other
    known samples are kept bit for bit.
    """
    out = canvas.clone()
    frames = canvas.shape[-1]
    for span in plan_spans(frames, start, end, spec.hop):
        length = span.last - span.first
        place = torch.arange(span.first, span.last, device=canvas.device)
        known = (place < span.start) | (place >= end)
        first_mel = span.first // spec.hop
        grid = line_frames(spec, length, spec.mel_frames(length), canvas.device)
        part = mel[:, :, first_mel : first_mel + len(grid.index)]
        wanted = mel_to_magnitude(part, spec).transpose(1, 2)
        # Where all that a frame sees is known, its own magnitudes are better than the model's.
        seen = torch.cat([known, known.new_ones(1)])[grid.index].all(-1)
        guess = out[:, span.first : span.last]
        magnitude = torch.where(seen[None, :, None], grid.analyse(guess).abs(), wanted)
        made = griffin_lim(
            magnitude,
            grid,
            start=guess,
            known=known,
            iterations=iterations,
            on_iteration=on_step,
        )
        weight = _seam_weight(span, end, length, canvas.device)
        out[:, span.first : span.last] = torch.where(
            weight == 0, guess, guess + weight * (made - guess)
        )
    return out


def _seam_weight(span: Span, end: int, length: int, device: torch.device) -> torch.Tensor:
    """Return how much of the made signal each sample takes: 1 inside, a ramp just outside."""
    place = torch.arange(length, device=device, dtype=torch.float32) + span.first
    rise = ((place - (span.start - FADE) + 0.5) / FADE).clamp(0, 1)
    fall = (((end + FADE) - place - 0.5) / FADE).clamp(0, 1)
    return torch.minimum(rise, fall)


def vocode_loop(
    mel: torch.Tensor,
    frames: int,
    spec: MelSpec,
    *,
    iterations: int,
    generator: torch.Generator,
    on_step: Callable[[int], None],
) -> torch.Tensor:
    """Make a loop of exactly `frames` samples whose end flows into its start.

    mel: ln magnitudes, float32, (channels, mels, mel_frames), spread evenly over the loop.
    Returns float32, (channels, frames).
    """
    grid = loop_frames(spec, frames, mel.shape[-1], mel.device)
    noise = torch.randn(len(mel), frames, generator=generator).to(mel.device)
    magnitude = mel_to_magnitude(mel, spec).transpose(1, 2)
    return griffin_lim(magnitude, grid, start=noise, iterations=iterations, on_iteration=on_step)
