"""Compare vocoders on true mels of held-out clips: what they lose, how fast, where spans meet."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from msanii_live.config import VOCODERS
from msanii_live.dsp.mel import MelSpec, left_right, log_mel, mid_side, stft_magnitudes
from msanii_live.dsp.vocoding import SPAN, Vocoder, VocoderSettings, plan_spans, vocode_line
from msanii_live.errors import CommandError
from msanii_live.evaluation.audio_features import convergence_at
from msanii_live.evaluation.validation_clips import Report, ValidationClip, markdown_table
from msanii_live.training.trainers.vocoder import spectral_losses

EDGE_MEL_FRAMES = 8  # mel frames at either end that are not judged
NEAR_SECONDS = 0.1  # seconds to either side of a cut between spans
NOISE_LEVEL = 1e-2  # level of the noise that the phase search starts from


@dataclass(frozen=True)
class VocoderFigures:
    """Say what a vocoder makes of true mels; medians over clips.

    log_distance (nats), convergence, slopes: of STFTs at several resolutions, left and right, see
    `spectral_losses`. mel: mean difference of ln mels of mid and side, nats. ratio: time over
    length of the audio, 1 is real time. cut: spectral convergence of two spans to one around
    where they meet; 0 says that the cut changed nothing. cut_true, whole_true: convergence of
    either to the true samples there. None where a clip fits into one span.
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
    """Return the neural vocoders that there are, by the names of their rows.

    voice: returns the voice of a vocoder's name. One that cannot be had is told of, and left out.
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
    """Return what is compared, by name: the phase search alone, and each network before it."""
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
    """Make each clip with what follows it anew from its mel, with each vocoder.

    Clips longer than `SPAN` samples in all are made in spans; the middle of them is made again in
    one, for comparison.
    """
    rows = []
    for name, vocoder in voices:
        _warm(vocoder, spec)
        found: list[tuple[float, ...]] = []
        cuts: list[tuple[float, float, float]] = []
        for number, held in enumerate(clips):
            true = torch.from_numpy(held.true.T.copy())
            generator = torch.Generator().manual_seed(seed + number)
            noise = NOISE_LEVEL * torch.randn(true.shape, generator=generator)
            with torch.inference_mode():
                mel = log_mel(stft_magnitudes(mid_side(true), spec), spec)
                began = time.perf_counter()
                made = left_right(_vocode(mel, noise, spec, vocoder))
                took = time.perf_counter() - began
                at_cut = _cut(made, true, mel, noise, spec, vocoder)
            ratio = took * spec.sample_rate / true.shape[-1]
            found.append((*compare(made, true, spec), ratio))
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


def compare(
    made: torch.Tensor, true: torch.Tensor, spec: MelSpec
) -> tuple[float, float, float, float]:
    """Return log distance, convergence, error of slopes, and distance of mels.

    made, true: left and right, float32, (2, frames), more than 2 * EDGE mel frames.
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
    """Make a little silence, so that the first clip is not charged for what loads once."""
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
    """Compare audio made in spans with one span around the first cut; None if there is none.

    Returns the convergence of the first to the second, of the first to the true audio, and of the
    second to that.
    """
    frames = true.shape[-1]
    spans = plan_spans(frames, 0, frames, spec.hop)
    if len(spans) < 2:
        return None
    place, reach = spans[0].end, SPAN // 2 // spec.hop * spec.hop
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
