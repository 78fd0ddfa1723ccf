"""Turn mels into samples on a canvas, joining what is already there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

import torch
import torch.nn.functional as F

from msanii_live.dsp.mel import MelSpec, mel_to_magnitude
from msanii_live.dsp.partials import Partials
from msanii_live.dsp.phase import FrameGrid, circular_grid, griffin_lim, linear_grid

REACH = 8_192  # known samples that each span is fitted to, either side
AHEAD = 4_096  # samples made and thrown away beyond a span that goes on
SPAN = 327_680  # most samples fitted at once: a network window and some
SEAM = 8_192  # made samples that are fitted to the known ones at a seam
FIT = 4_096  # samples beyond them, either side, that stay as they are and are fitted to
RESHAPINGS = 4  # steps that fit the network's magnitudes to the mel again
FADE = 512  # samples before and after over which what stays fades into what was fitted

Estimate = tuple[torch.Tensor, torch.Tensor | None]
"""Magnitudes of a span, (channels, mel_frames, bins), and a first signal of it."""


class Vocoder(Protocol):
    """Say what a neural vocoder is: a network from a channel's mel to STFT bins with phase."""

    @property
    def spec(self) -> MelSpec:
        """The features that it was trained on."""

    @property
    def reach(self) -> int:
        """Mel frames to either side that a frame's bins depend on at most."""

    def bins(self, mel: torch.Tensor) -> torch.Tensor:
        """Return STFT bins, mel frame i centred on sample i * hop, for a Hann window of n_fft.

        mel: ln magnitudes, float32, (channels, mels, mel_frames).
        Returns complex64, (channels, mel_frames, bins).
        """


@dataclass(frozen=True)
class VocoderSettings:
    """Say how mels become samples.

    net: the neural vocoder, or None: then the phase is searched for from whatever is on the
    canvas. iterations: of the phase search (Griffin-Lim) over all that is made.
    seam_iterations: of the one near each seam. loop_iterations: of the one around a loop, whose
    frames are not exactly a hop apart. keeps_phase: search from the canvas even with a network.
    partials: of the notes that are played, where they are known; what a network guesses is then
    led by them.
    """

    net: Vocoder | None = None
    iterations: int = 48
    seam_iterations: int = 60
    loop_iterations: int = 48
    keeps_phase: bool = False
    partials: Partials | None = None


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
    vocoder: VocoderSettings,
    on_iteration: Callable[[], None],
    on_span: Callable[[], None],
) -> torch.Tensor:
    """Make samples [start, end) of the canvas from mels.

    mel: ln magnitudes, float32, (channels, mels, mel_frames), for the whole canvas.
    canvas: float32, (channels, frames): known samples outside the span, and inside it, for a voice
    without a network, whatever the phase search starts from. on_iteration, on_span: called after
    each; an exception from them ends the work.
    Returns the canvas with the span made; FADE samples at either side of it are faded, all other
    known samples are kept bit for bit.
    """

    def estimate(first: int, grid: FrameGrid) -> Estimate:
        return _estimate(mel, first, grid, spec, vocoder)

    return reconstruct_line(
        estimate,
        canvas,
        start,
        end,
        spec,
        vocoder=vocoder,
        on_iteration=on_iteration,
        on_span=on_span,
    )


def reconstruct_line(
    estimate: Callable[[int, FrameGrid], Estimate],
    canvas: torch.Tensor,
    start: int,
    end: int,
    spec: MelSpec,
    *,
    vocoder: VocoderSettings,
    on_iteration: Callable[[], None],
    on_span: Callable[[], None],
) -> torch.Tensor:
    """Make samples [start, end) of the canvas from magnitudes, whoever estimates them.

    estimate: takes the number of a span's first mel frame and the span's grid; returns the
    magnitudes wanted there and a first signal, or None to begin with what is on the canvas.
    spec: of which hop and n_fft count. The rest as `vocode_line`, which see.
    """
    out = canvas.clone()
    frames = canvas.shape[-1]
    for span in plan_spans(frames, start, end, spec.hop):
        length = span.last - span.first
        place = torch.arange(span.first, span.last, device=canvas.device)
        known = (place < span.start) | (place >= end)
        first_mel = span.first // spec.hop
        grid = linear_grid(spec, length, spec.mel_frames(length), canvas.device)
        wanted, guess = estimate(first_mel, grid)
        before = out[:, span.first : span.last]
        # Of a span that goes on, the overshoot is as free as the rest.
        stop = span.end if span.end == end else span.last + FADE
        weight = _ramp(length, span.start - span.first, stop - span.first, out.device)
        guess = before if guess is None else torch.lerp(before, guess, weight)
        # Where all that a frame sees is known, its own magnitudes are better than the model's.
        seen = grid.all_in(known, beyond=True)
        magnitude = wanted
        if seen.any():
            magnitude = torch.where(seen[None, :, None], grid.analyse(before).abs(), wanted)
        if vocoder.iterations:
            made = griffin_lim(
                magnitude,
                grid,
                start=guess,
                kept=1 - weight,
                iterations=vocoder.iterations,
                on_iteration=lambda _: on_iteration(),
            )
            guess = torch.lerp(before, made, weight)
        joins = [span.start] if span.start > 0 else []
        joins += [end] if span.end == end and end < frames else []
        for at in joins:
            free = (at, min(at + SEAM, end)) if at == span.start else (max(at - SEAM, start), at)
            a, b = (edge - span.first for edge in free)
            guess = _join(guess, magnitude, (a, b), spec, vocoder.seam_iterations, on_iteration)
        # Nothing beyond the fade is touched; an overshoot is the next span's to make.
        made_here = (weight > 0) & ((place < span.end) | (span.end == end))
        out[:, span.first : span.last] = torch.where(made_here, guess, before)
        on_span()
    return out


def _estimate(
    mel: torch.Tensor, first: int, grid: FrameGrid, spec: MelSpec, vocoder: VocoderSettings
) -> Estimate:
    """Return the magnitudes of a span, (channels, mel_frames, bins), and a first signal of it."""
    count = grid.count
    if vocoder.net is None:
        part = mel[:, :, first : first + count]
        return mel_to_magnitude(part, spec).transpose(1, 2), None
    early = min(first, vocoder.net.reach)
    part = mel[:, :, first - early : first + count + vocoder.net.reach]
    bins = vocoder.net.bins(part)[:, early : early + count]
    at = grid.centres + first * spec.hop
    wanted, signal = _fitted(bins, mel[:, :, first : first + count], grid, at, spec, vocoder)
    return wanted, None if vocoder.keeps_phase else signal


def _fitted(
    bins: torch.Tensor,
    mel: torch.Tensor,
    grid: FrameGrid,
    at: torch.Tensor,
    spec: MelSpec,
    vocoder: VocoderSettings,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Fit what a network made to its mel, and to the partials where those are known.

    at: samples of the whole on which frames are centred. Returns magnitudes and a first signal.
    """
    signal = grid.synthesise(bins)
    # What overlaps partly cancels, so the signal is measured rather than the bins.
    heard = grid.analyse(signal)
    shape = heard.abs()
    if vocoder.partials is not None:
        shape = shape * vocoder.partials.weights(at)
    wanted = mel_to_magnitude(mel, spec, RESHAPINGS, shape.transpose(1, 2)).transpose(1, 2)
    if vocoder.partials is not None:
        steadied = [
            vocoder.partials.steadied(*channel, at) for channel in zip(wanted, heard, strict=True)
        ]
        signal = grid.synthesise(torch.stack(steadied))
    return wanted, signal


def _join(
    wave: torch.Tensor,
    magnitude: torch.Tensor,
    free: tuple[int, int],
    spec: MelSpec,
    iterations: int,
    on_iteration: Callable[[], None],
) -> torch.Tensor:
    """Fit the samples of `free` to what lies on either side of them, and fade at its ends."""
    length = wave.shape[-1]
    first = max(0, free[0] - FIT) // spec.hop * spec.hop
    last = min(length, free[1] + FIT)
    grid = linear_grid(spec, last - first, spec.mel_frames(last - first), wave.device)
    # Frames at the edges of the part see only half of it: their own magnitudes fit better.
    part = wave[:, first:last]
    begin = first // spec.hop
    target = magnitude[:, begin : begin + grid.count]
    whole = grid.all_in(
        torch.ones(last - first, dtype=torch.bool, device=wave.device), beyond=False
    )
    target = torch.where(whole[None, :, None], target, grid.analyse(part).abs())
    weight = _ramp(last - first, free[0] - first, free[1] - first, wave.device)
    made = griffin_lim(
        target,
        grid,
        start=part,
        kept=1 - weight,
        iterations=iterations,
        on_iteration=lambda _: on_iteration(),
    )
    out = wave.clone()
    out[:, first:last] = part + weight * (made - part)
    return out


def _ramp(length: int, start: int, end: int, device: torch.device) -> torch.Tensor:
    """Return 1 on [start, end), falling to 0 over FADE samples at either side, (length,)."""
    place = torch.arange(length, device=device, dtype=torch.float32)
    rise = ((place - (start - FADE) + 0.5) / FADE).clamp(0, 1)
    fall = (((end + FADE) - place - 0.5) / FADE).clamp(0, 1)
    return torch.minimum(rise, fall)


def vocode_loop(
    mel: torch.Tensor,
    frames: int,
    spec: MelSpec,
    *,
    vocoder: VocoderSettings,
    generator: torch.Generator,
    on_iteration: Callable[[], None],
) -> torch.Tensor:
    """Make a loop of exactly `frames` samples whose end flows into its start.

    mel: ln magnitudes, float32, (channels, mels, mel_frames), spread evenly over the loop.
    Returns float32, (channels, frames).
    """
    grid = circular_grid(spec, frames, mel.shape[-1], mel.device)
    if vocoder.net is None:
        start = torch.randn(len(mel), frames, generator=generator).to(mel.device)
        magnitude = mel_to_magnitude(mel, spec).transpose(1, 2)
    else:
        reach = min(vocoder.net.reach, mel.shape[-1])
        around = F.pad(mel, (reach, reach), mode="circular")
        bins = vocoder.net.bins(around)[:, reach:-reach]
        magnitude, start = _fitted(bins, mel, grid, grid.centres, spec, vocoder)
    return griffin_lim(
        magnitude,
        grid,
        start=start,
        iterations=vocoder.loop_iterations,
        on_iteration=lambda _: on_iteration(),
    )


def continue_phase(vocoder: VocoderSettings, iterations: int = 16) -> VocoderSettings:
    """Return a voice that starts from the phases on the canvas instead of making new ones."""
    return replace(vocoder, keeps_phase=True, iterations=max(vocoder.iterations, iterations))
