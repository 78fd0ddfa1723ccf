"""Vocode mels into samples on a canvas, with seamless joins to the samples that are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

import torch
import torch.nn.functional as F

from msanii_live.dsp.attacks import sharpen_attacks, sharpen_loop
from msanii_live.dsp.mel import MelSpec, mel_to_magnitude
from msanii_live.dsp.parallel import Relay, each_channel, is_split_by_channel
from msanii_live.dsp.partials import Partials
from msanii_live.dsp.phase import FrameGrid, circular_grid, griffin_lim, linear_grid, squared

CONTEXT_SAMPLES = 8_192  # known samples on either side to which each span is fitted
LOOKAHEAD_SAMPLES = 4_096  # made beyond a span and discarded, where another span follows
MAX_SPAN_SAMPLES = 327_680  # fitted at once: a little more than a network window
SEAM_SAMPLES = 8_192  # made samples that are refined at a seam
SEAM_CONTEXT_SAMPLES = 4_096  # on either side of those, fixed
MEL_FIT_ITERATIONS = 4  # updates that fit the network's magnitudes to the mel
FADE_SAMPLES = 512  # length of the crossfade at either side of a span

Estimate = tuple[torch.Tensor, torch.Tensor | None]
"""Magnitudes of a span, (channels, mel_frames, bins), and an initial signal of it."""


class Vocoder(Protocol):
    """The interface of a neural vocoder: from a channel's mel to STFT bins with phase."""

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
    """How mels become samples.

    net: the neural vocoder; None: Griffin-Lim alone, which starts from the canvas.
    iterations: of Griffin-Lim over each span. seam_iterations: of Griffin-Lim near each seam.
    loop_iterations: of Griffin-Lim around a loop, whose frames are not exactly a hop apart.
    keeps_phase: start from the canvas even with a network. partials: of the notes that are played,
    if they are known; they correct the network's bins.
    """

    net: Vocoder | None = None
    iterations: int = 48
    seam_iterations: int = 60
    loop_iterations: int = 48
    keeps_phase: bool = False
    partials: Partials | None = None

    @property
    def makes_attacks(self) -> bool:
        """Whether attacks come from the mel and not from the canvas."""
        return self.net is not None and not self.keeps_phase


@dataclass(frozen=True)
class Span:
    """One unit of vocoding: write [start, end) while fitting [first, last), in samples."""

    first: int
    last: int
    start: int
    end: int


def plan_spans(frames: int, start: int, end: int, hop: int) -> list[Span]:
    """Cut [start, end) of a canvas of `frames` samples into spans of nearly equal length."""
    count = -(-(end - start) // MAX_SPAN_SAMPLES)
    edges = [start + (end - start) * i // count // hop * hop for i in range(count)]
    edges = [start, *edges[1:], end]
    spans = []
    for a, b in pairwise(edges):
        first = max(0, a - CONTEXT_SAMPLES) // hop * hop
        last = min(frames, b + (CONTEXT_SAMPLES if b == end else LOOKAHEAD_SAMPLES))
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
    canvas: float32, (channels, frames): known samples outside the span; inside it, the start of
    Griffin-Lim where there is no network. on_iteration, on_span: called after each; an exception
    from them ends the work.
    Returns the canvas with the span filled. FADE_SAMPLES on either side of it are crossfaded; all
    other known samples are unchanged, bit for bit.
    """
    if is_split_by_channel(mel):

        def work(channel: slice, relay: Relay) -> torch.Tensor:
            return vocode_line(
                mel[channel], canvas[channel], start, end, spec,
                vocoder=vocoder, on_iteration=relay(on_iteration),
                on_span=relay(on_span) if channel.start == 0 else lambda: None,
            )  # fmt: skip

        return each_channel(work, mel)

    def estimate(first: int, grid: FrameGrid) -> Estimate:
        return estimate_span(mel, first, grid, spec, vocoder)[:2]

    def finish(first: int, grid: FrameGrid, wave: torch.Tensor) -> torch.Tensor:
        return sharpen_attacks(wave, mel[:, :, first : first + grid.count], grid.centres, spec)

    return reconstruct_line(
        estimate, canvas, start, end, spec, vocoder=vocoder, on_iteration=on_iteration,
        on_span=on_span, finish=finish if vocoder.makes_attacks else None,
    )  # fmt: skip


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
    finish: Callable[[int, FrameGrid, torch.Tensor], torch.Tensor] | None = None,
) -> torch.Tensor:
    """Make samples [start, end) of the canvas from estimated magnitudes.

    estimate: takes the index of a span's first mel frame and the span's grid; returns the target
    magnitudes and an initial signal, or None to start from the canvas.
    finish: takes the same and the signal that was found, and returns it as it is to be.
    spec: only hop and n_fft are used. Other arguments: see `vocode_line`.
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
        # Where another span follows, the overshoot may change as freely as the span itself.
        stop = span.end if span.end == end else span.last + FADE_SAMPLES
        weight = _fade_weights(length, span.start - span.first, stop - span.first, out.device)
        guess = before if guess is None else torch.lerp(before, guess, weight)
        # A frame that covers only known samples has exact magnitudes: they replace the estimate.
        exact = grid.frames_inside(known, beyond=True)
        magnitude = wanted
        if exact.any():
            known_magnitude = squared(grid.analyse(before)).sqrt_()
            magnitude = torch.where(exact[None, :, None], known_magnitude, wanted)
        if vocoder.iterations:
            made = griffin_lim(
                magnitude,
                grid,
                start=guess,
                kept=1 - weight,
                iterations=vocoder.iterations,
                on_iteration=lambda _: on_iteration(),
            )
            made = made if finish is None else finish(first_mel, grid, made)
            guess = torch.lerp(before, made, weight)
        joins = [span.start] if span.start > 0 else []
        joins += [end] if span.end == end and end < frames else []
        for at in joins:
            free = (
                (at, min(at + SEAM_SAMPLES, end))
                if at == span.start
                else (max(at - SEAM_SAMPLES, start), at)
            )
            a, b = (edge - span.first for edge in free)
            guess = _refine_seam(
                guess, magnitude, (a, b), spec, vocoder.seam_iterations, on_iteration
            )
        # Samples beyond the fade stay; the next span makes the overshoot again.
        made_here = (weight > 0) & ((place < span.end) | (span.end == end))
        out[:, span.first : span.last] = torch.where(made_here, guess, before)
        on_span()
    return out


def estimate_span(
    mel: torch.Tensor, first: int, grid: FrameGrid, spec: MelSpec, vocoder: VocoderSettings
) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None]:
    """Return a span's magnitudes, (channels, mel_frames, bins), an initial signal, and its STFT."""
    count = grid.count
    part = mel[:, :, first : first + count]
    if vocoder.net is None:
        return mel_to_magnitude(part, spec).transpose(1, 2), None, None
    early = min(first, vocoder.net.reach)
    around = mel[:, :, first - early : first + count + vocoder.net.reach]
    bins = vocoder.net.bins(around)[:, early : early + count]
    at = grid.centres + first * spec.hop
    wanted, signal, analysed = fit_to_mel(bins, part, grid, at, spec, vocoder)
    return (wanted, None, None) if vocoder.keeps_phase else (wanted, signal, analysed)


def fit_to_mel(
    bins: torch.Tensor,
    mel: torch.Tensor,
    grid: FrameGrid,
    at: torch.Tensor,
    spec: MelSpec,
    vocoder: VocoderSettings,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Fit a network's bins to the mel, and to the partials if they are known.

    at: samples of the whole canvas on which frames are centred.
    Returns magnitudes, an initial signal, and its STFT unless there are partials.
    """
    signal = grid.synthesise(bins)
    # Overlapping frames partly cancel, so the signal is analysed instead of using the bins.
    analysed = grid.analyse(signal)
    shape = squared(analysed).sqrt_()
    if vocoder.partials is not None:
        shape = shape * vocoder.partials.weights(at)
    wanted = mel_to_magnitude(mel, spec, MEL_FIT_ITERATIONS, shape.transpose(1, 2)).transpose(1, 2)
    if vocoder.partials is not None:
        with_partial_phases = [
            vocoder.partials.with_partial_phases(*channel, at)
            for channel in zip(wanted, analysed, strict=True)
        ]
        return wanted, grid.synthesise(torch.stack(with_partial_phases)), None
    return wanted, signal, analysed


def _refine_seam(
    wave: torch.Tensor,
    magnitude: torch.Tensor,
    free: tuple[int, int],
    spec: MelSpec,
    iterations: int,
    on_iteration: Callable[[], None],
) -> torch.Tensor:
    """Refine the samples of `free` with the samples on either side fixed; crossfade at its ends."""
    length = wave.shape[-1]
    first = max(0, free[0] - SEAM_CONTEXT_SAMPLES) // spec.hop * spec.hop
    last = min(length, free[1] + SEAM_CONTEXT_SAMPLES)
    grid = linear_grid(spec, last - first, spec.mel_frames(last - first), wave.device)
    # Frames at the edges cover only half of their window: the analysed magnitudes fit better.
    part = wave[:, first:last]
    begin = first // spec.hop
    target = magnitude[:, begin : begin + grid.count]
    whole = grid.frames_inside(
        torch.ones(last - first, dtype=torch.bool, device=wave.device), beyond=False
    )
    target = torch.where(whole[None, :, None], target, grid.analyse(part).abs())
    weight = _fade_weights(last - first, free[0] - first, free[1] - first, wave.device)
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


def _fade_weights(length: int, start: int, end: int, device: torch.device) -> torch.Tensor:
    """Return 1 on [start, end), falling to 0 over FADE_SAMPLES at either side, (length,)."""
    place = torch.arange(length, device=device, dtype=torch.float32)
    rise = ((place - (start - FADE_SAMPLES) + 0.5) / FADE_SAMPLES).clamp(0, 1)
    fall = (((end + FADE_SAMPLES) - place - 0.5) / FADE_SAMPLES).clamp(0, 1)
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
        magnitude, analysed = mel_to_magnitude(mel, spec).transpose(1, 2), None
    else:
        reach = min(vocoder.net.reach, mel.shape[-1])
        around = F.pad(mel, (reach, reach), mode="circular")
        bins = vocoder.net.bins(around)[:, reach:-reach]
        magnitude, start, analysed = fit_to_mel(bins, mel, grid, grid.centres, spec, vocoder)
    wave = griffin_lim(
        magnitude, grid, start=start, analysed=analysed,
        iterations=vocoder.loop_iterations, on_iteration=lambda _: on_iteration(),
    )  # fmt: skip
    return sharpen_loop(wave, mel, grid.centres, spec) if vocoder.makes_attacks else wave


def continue_phase(vocoder: VocoderSettings, iterations: int = 16) -> VocoderSettings:
    """Return settings that start from the phases on the canvas instead of new ones."""
    return replace(vocoder, keeps_phase=True, iterations=max(vocoder.iterations, iterations))
