"""Compare vocoders on true mels of held-out clips: quality, speed, and seams between spans."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from msanii_live.config import VOCODERS
from msanii_live.dsp.mel import MelSpec, left_right, log_mel, mid_side, stft_magnitudes
from msanii_live.dsp.vocoding import (
    MAX_SPAN_SAMPLES,
    Vocoder,
    VocoderSettings,
    plan_spans,
    vocode_line,
)
from msanii_live.errors import CommandError
from msanii_live.evaluation.audio_features import convergence_at
from msanii_live.evaluation.validation_clips import Report, ValidationClip, markdown_table
from msanii_live.training.trainers.vocoder import spectral_losses

EDGE_MEL_FRAMES = 8  # at either end, left out of the figures
NEAR_SECONDS = 0.1  # to either side of a boundary between spans
NOISE_LEVEL = 1e-2  # of the noise from which Griffin-Lim starts


@dataclass(frozen=True)
class VocoderFigures:
    """What a vocoder makes of true mels; medians over clips.

    log_distance (nats), convergence, slopes: of STFTs at several resolutions, left and right, see
    `spectral_losses`. mel: mean difference of ln mels of mid and side, nats. ratio: time over
    length of the audio, 1 is real time. cut: spectral convergence, around a boundary of two spans,
    of the audio made in two spans to that made in one; 0 is no difference. cut_true, whole_true:
    convergence of the one and the other to the true samples. None where a clip fits into one span.
    """

    name: str
    log_distance: float
    convergence: float
    slopes: float
    mel: float
    ratio: float
    cut: float | None
    cut_true: float | None
    whole_true: float | None
    clips: int


def available_networks(
    vocoder: Callable[[str], VocoderSettings], report: Report = lambda _: None
) -> dict[str, Vocoder]:
    """Return the neural vocoders that can be loaded, by the names of their rows.

    vocoder: returns the settings of a vocoder by name. One that fails is reported and left out.
    """
    found = {}
    for name in VOCODERS:
        try:
            net = vocoder(name).net
        except CommandError as error:
            report(f"{name} is left out: {error}")
            continue
        if net is not None:
            found[name.capitalize()] = net
    return found


def vocoder_variants(nets: Mapping[str, Vocoder]) -> tuple[tuple[str, VocoderSettings], ...]:
    """Return the settings to compare: Griffin-Lim, and each network with 0, 4 and 8 iterations."""
    refined = tuple(
        (f"{name}, then {n} iterations" if n else name, VocoderSettings(net, iterations=n))
        for name, net in nets.items()
        for n in (0, 4, 8)
    )
    return (("Griffin-Lim, 48 iterations", VocoderSettings()), *refined)


def measure_vocoders(
    voices: Sequence[tuple[str, VocoderSettings]],
    clips: Sequence[ValidationClip],
    spec: MelSpec,
    *,
    seed: int = 0,
    report: Report = lambda _: None,
) -> tuple[VocoderFigures, ...]:
    """Resynthesise each clip and its continuation from their mel, with each vocoder.

    Audio longer than `MAX_SPAN_SAMPLES` is made in spans; the middle is made again in one span for
    comparison.
    """
    rows = []
    for name, vocoder in voices:
        _warm(vocoder, spec)
        found: list[tuple[float, ...]] = []
        cuts: list[tuple[float, float, float]] = []
        for number, reference in enumerate(clips):
            true = torch.from_numpy(reference.true.T.copy())
            generator = torch.Generator().manual_seed(seed + number)
            noise = NOISE_LEVEL * torch.randn(true.shape, generator=generator)
            with torch.inference_mode():
                mel = log_mel(stft_magnitudes(mid_side(true), spec), spec)
                began = time.perf_counter()
                made = left_right(_vocode(mel, noise, spec, vocoder))
                took = time.perf_counter() - began
                at_cut = _cut(made, true, mel, noise, spec, vocoder)
            ratio = took * spec.sample_rate / true.shape[-1]
            found.append((*audio_distances(made, true, spec), ratio))
            cuts += [at_cut] if at_cut else []
            report(f"{name}: {number + 1} of {len(clips)}")
        log_distance, convergence, slopes, mel_distance, ratio = _medians(found)
        cut, cut_true, whole_true = _medians(cuts) if cuts else (None, None, None)
        rows.append(
            VocoderFigures(
                name,
                log_distance,
                convergence,
                slopes,
                mel_distance,
                ratio,
                cut,
                cut_true,
                whole_true,
                len(found),
            )
        )
    return tuple(rows)


def _medians(rows: Sequence[Sequence[float]]) -> list[float]:
    return [float(x) for x in np.median(rows, axis=0)]


def audio_distances(
    made: torch.Tensor, true: torch.Tensor, spec: MelSpec
) -> tuple[float, float, float, float]:
    """Return log distance, convergence, error of slopes, and distance of mels.

    made, true: left and right, float32, (2, frames), more than 2 * EDGE_MEL_FRAMES mel frames.
    """
    inner = slice(EDGE_MEL_FRAMES * spec.hop, -EDGE_MEL_FRAMES * spec.hop)
    losses = spectral_losses(made[:, inner], true[:, inner])
    mels = [log_mel(stft_magnitudes(mid_side(wave), spec), spec) for wave in (made, true)]
    mel = (mels[0] - mels[1])[:, :, EDGE_MEL_FRAMES:-EDGE_MEL_FRAMES].abs().mean()
    log_distance, convergence, slopes = (float(loss) for loss in losses)
    return log_distance, convergence, slopes, float(mel)


def _vocode(
    mel: torch.Tensor, canvas: torch.Tensor, spec: MelSpec, vocoder: VocoderSettings
) -> torch.Tensor:
    return vocode_line(
        mel,
        canvas,
        0,
        canvas.shape[-1],
        spec,
        vocoder=vocoder,
        on_iteration=lambda: None,
        on_span=lambda: None,
    )


def _warm(vocoder: VocoderSettings, spec: MelSpec) -> None:
    """Vocode a little silence, so that one-time costs are not counted."""
    frames = 32 * spec.hop
    mel = torch.full((2, spec.mels, 32), float(np.log(spec.floor)))
    with torch.inference_mode():
        _vocode(mel, torch.zeros(2, frames), spec, vocoder)


def _cut(
    made: torch.Tensor,
    true: torch.Tensor,
    mel: torch.Tensor,
    noise: torch.Tensor,
    spec: MelSpec,
    vocoder: VocoderSettings,
) -> tuple[float, float, float] | None:
    """Compare audio made in spans with audio made in one, around the first boundary.

    Returns the convergence of the former to the latter, of the former to the true audio, and of the
    latter to the true audio; None if there is only one span.
    """
    frames = true.shape[-1]
    spans = plan_spans(frames, 0, frames, spec.hop)
    if len(spans) < 2:
        return None
    place, reach = spans[0].end, MAX_SPAN_SAMPLES // 2 // spec.hop * spec.hop
    first, last = max(0, place - reach), min(frames, place + reach)
    part = slice(first, last)
    mel_part = mel[..., first // spec.hop : first // spec.hop + spec.mel_frames(last - first)]
    whole = left_right(_vocode(mel_part, noise[:, part], spec, vocoder))
    two, one, real = (
        np.ascontiguousarray(wave.T.numpy()) for wave in (made[:, part], whole, true[:, part])
    )
    at = place - first
    return (
        convergence_at(two, one, at, spec, NEAR_SECONDS),
        convergence_at(two, real, at, spec, NEAR_SECONDS),
        convergence_at(one, real, at, spec, NEAR_SECONDS),
    )


def vocoders_markdown(rows: Sequence[VocoderFigures]) -> str:
    """Return the section on vocoders."""

    def figure(x: float | None) -> str:
        return "–" if x is None else f"{x:.3f}"

    return (
        "### Vocoders\n\n"
        f"{rows[0].clips} held-out clips made anew from nothing but their true mels; medians. "
        "Distance of ln magnitudes (nats), spectral convergence and error of the phase's slopes "
        "are means over STFTs of 256 to 4,096 samples; mel is the distance of ln mels (nats). "
        "Time is that of the vocoder over the length of the audio. Two spans: spectral "
        "convergence, within 0.1 s of where two spans meet, to the same made in one span, and of "
        "either to the true audio.\n\n"
        + markdown_table(
            (
                "",
                "log distance",
                "convergence",
                "slopes",
                "mel",
                "time / length",
                "two spans to one",
                "two to true",
                "one to true",
            ),
            [
                (
                    r.name,
                    *(figure(x) for x in (r.log_distance, r.convergence, r.slopes, r.mel)),
                    *(figure(x) for x in (r.ratio, r.cut, r.cut_true, r.whole_true)),
                )
                for r in rows
            ],
        )
    )
