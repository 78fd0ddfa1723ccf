"""Compare windows generated from noise with held-out music, by mels and by a published embedding.

The embedding is that of musicnn; the module `musicnn` states its limits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from msanii_live.dsp.mel import left_right
from msanii_live.dsp.vocoding import VocoderSettings, vocode_line
from msanii_live.engines.mel_flow.engine import MelFlowEngine
from msanii_live.engines.mel_flow.pipeline import NOISE_LEVEL
from msanii_live.engines.mel_flow.weights import FlowModel
from msanii_live.errors import MissingTool
from msanii_live.evaluation import metrics, musicnn
from msanii_live.evaluation.metrics import Array
from msanii_live.evaluation.results import Distance
from msanii_live.evaluation.settings import EvalSettings
from msanii_live.evaluation.validation_windows import (
    OnsetEnvelopes,
    draw_windows,
    has_audio,
    normalised_mels,
    sample_windows,
    white_noise,
    window_audio,
)
from msanii_live.training.data.dataset import DataSet

Report = Callable[[str], None]


@dataclass(frozen=True)
class AudioDecoder:
    """The vocoder and the embedding network that windows are judged with.

    vocoder: decodes mels to audio. weights: musicnn's, or None where it is missing.
    """

    vocoder: VocoderSettings
    weights: musicnn.Weights | None


def load_audio_decoder(engine: MelFlowEngine, folder: Path, report: Report) -> AudioDecoder:
    """Return an engine's own vocoder, and musicnn if its wheel is in the folder or can be fetched.

    Raises: CommandError: as `MelFlowEngine.load`.
    """
    engine.load()
    vocoder = engine.vocoder()  # the one that makes its clips
    try:
        return AudioDecoder(vocoder, musicnn.load(musicnn.fetch_wheel(folder)))
    except MissingTool as missing:
        report(f"musicnn is left out: {missing}")
        return AudioDecoder(vocoder, None)


def decode_windows(
    model: FlowModel, vocoder: VocoderSettings, mels: torch.Tensor, seed: int
) -> torch.Tensor:
    """Vocode windows; returns float32, (windows, 2, frames), left and right, on the CPU.

    mels: normalised, (windows, channels, mels, mel_frames). seed: of the noise from which
    Griffin-Lim starts.
    """
    device, hop = model.mean.device, model.spec.hop
    generator = torch.Generator().manual_seed(seed)
    out = []
    for mel in mels:
        frames = mel.shape[-1] * hop
        canvas = NOISE_LEVEL * torch.randn(2, frames, generator=generator)
        made = vocode_line(
            model.denormalise(mel.to(device)),
            canvas.to(device),
            0,
            frames,
            model.spec,
            vocoder=vocoder,
            on_iteration=lambda: None,
            on_span=lambda: None,
        )
        out.append(left_right(made).cpu())
    return torch.stack(out)


def diversity(embeddings: Array) -> float:
    """Return the mean pairwise Euclidean distance. embeddings: (windows, size)."""
    squares = (embeddings**2).sum(1)
    gaps = squares[:, None] + squares - 2 * embeddings @ embeddings.T
    count = len(embeddings)
    np.fill_diagonal(gaps, 0.0)
    return float(np.sqrt(np.maximum(gaps, 0)).sum() / (count * (count - 1)))


@dataclass(frozen=True)
class _EmbeddingReference:
    """The embeddings of held-out windows, with which other sets are compared.

    spread: of real windows.
    """

    weights: musicnn.Weights
    target: Array
    spread: float

    def figures(self, embeddings: Array) -> tuple[float, float, float]:
        """Return Fréchet distance, kernel distance and diversity."""
        return (
            metrics.frechet_distance(embeddings, self.target),
            metrics.kernel_distance(embeddings, self.target),
            diversity(embeddings) / max(self.spread, 1e-9),
        )


def _embedded(weights: musicnn.Weights, waves: Iterable[torch.Tensor], rate: int) -> Array:
    return np.stack([musicnn.embed(weights, wave, rate) for wave in waves])


def measure_distances(
    data: DataSet,
    model: FlowModel,
    settings: EvalSettings,
    report: Report,
    decoder: AudioDecoder | None = None,
) -> tuple[Distance, ...]:
    """Compare generated windows, real ones of other pieces and noise with the test split.

    Generated windows use the conditions of validation windows, which therefore are their floor.
    data: normalised as the model. decoder: None leaves out the vocoder and musicnn. musicnn is also
    left out, with a notice, if the set holds no audio.
    """
    count, seed, frames = settings.fresh, settings.seed, model.net.config.window
    rate = data.spec.sample_rate
    target = draw_windows(data, data.split("test"), count, frames, seed + 3)
    floor = draw_windows(data, data.split("validation"), count, frames, seed + 4)
    reference = draw_windows(
        data, data.split("train") or data.split("validation"), 4 * count, frames, seed + 5
    )
    onsets = OnsetEnvelopes(data)
    threshold = 2 * float(onsets(reference.mels).mean())

    def described(mels: torch.Tensor) -> Array:
        return metrics.features(mels.numpy(), onsets(mels), threshold, onsets.frame_seconds)

    space = metrics.fit_space(described(reference.mels), directions=min(16, count // 2))
    target_features = described(target.mels)
    weights = decoder.weights if decoder is not None else None
    if weights is not None and not has_audio(data):
        report("musicnn is left out: the data set holds no audio of its held-out pieces")
        weights = None
    embedding_reference = floor_embeddings = None
    if weights is not None:
        report("musicnn: real windows")
        floor_embeddings = _embedded(weights, window_audio(data, floor), rate)
        target_embeddings = _embedded(weights, window_audio(data, target), rate)
        embedding_reference = _EmbeddingReference(
            weights, target_embeddings, diversity(floor_embeddings)
        )

    def row(name: str, steps: int, mels: torch.Tensor, embeddings: Array | None) -> Distance:
        made = described(mels)
        figures = (
            embedding_reference.figures(embeddings)
            if embedding_reference and embeddings is not None
            else (None,) * 3
        )
        return Distance(
            name,
            steps,
            metrics.frechet_distance(space.projected(made), space.projected(target_features)),
            metrics.kernel_distance(space.scaled(made), space.scaled(target_features)),
            float(mels.std() / floor.mels.std()),
            *figures,
        )

    def embedded(waves: torch.Tensor) -> Array | None:
        return _embedded(weights, waves, rate) if weights is not None else None

    rows = [row("real, other pieces (floor)", 0, floor.mels, floor_embeddings)]
    if decoder is not None:
        report("the vocoder on real windows")
        waves = decode_windows(model, decoder.vocoder, floor.mels, seed + 7)
        rows.append(
            row("those through the vocoder", 0, normalised_mels(model, waves), embedded(waves))
        )
    for steps in sorted(set(settings.steps), reverse=True):
        name = f"generated, {steps} step{'s' if steps > 1 else ''}"
        mels = sample_windows(
            model,
            torch.zeros_like(floor.mels),
            0,
            floor.conditions,
            steps=steps,
            seed=seed + 6,
            guidance=settings.guidance,
            batch=settings.batch,
            on_batch=lambda n, name=name: report(f"{name}: {n} of {count}"),  # type: ignore[misc]
        )
        embeddings = None
        if decoder is not None and weights is not None:
            report(f"{name}: listening")
            embeddings = embedded(decode_windows(model, decoder.vocoder, mels, seed + 7))
        rows.append(row(name, steps, mels, embeddings))
    noise = white_noise(model, count, frames, seed)
    rows.append(row("white noise (ceiling)", 0, normalised_mels(model, noise), embedded(noise)))
    return tuple(rows)
