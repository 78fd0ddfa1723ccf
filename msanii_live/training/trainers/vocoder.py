"""Train the neural vocoder with spectral and phase-derivative losses at several resolutions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from msanii_live.dsp.device import training_precision
from msanii_live.dsp.mel import hann_window, log_mel, stft_magnitudes
from msanii_live.dsp.vocoders.vocos import Vocos, VocosConfig
from msanii_live.errors import ConfigError
from msanii_live.training.data.dataset import DataSet, Entry
from msanii_live.training.trainers.loop import Report, Schedule, read_recipe_tables, run

RESOLUTIONS = (256, 512, 1_024, 2_048, 4_096)  # n_fft of the losses; hop is a quarter
EDGE = 8  # mel frames at either end of a crop, excluded from the losses


@dataclass(frozen=True, kw_only=True)
class VocoderRecipe(Schedule):
    """The hyperparameters of a training run.

    crop: mel frames of a window. mel_noise: largest standard deviation, nats, of the noise added to
    the input mel, because generated mels have errors. phase, convergence, mel: weights of these
    losses; that of the log magnitudes is 1.
    """

    crop: int = 72
    mel_noise: float = 0.15
    phase: float = 0.5
    convergence: float = 0.5
    mel: float = 1.0


def read_recipe(path: Path) -> tuple[VocoderRecipe, VocosConfig]:
    """Read a recipe file; see `loop.read_recipe_tables`."""
    return read_recipe_tables(path, VocoderRecipe, VocosConfig)


def draw_waves(
    data: DataSet,
    entries: tuple[Entry, ...],
    rng: np.random.Generator,
    size: int,
    frames: int,
    least: float = 0.0,
) -> torch.Tensor:
    """Return random crops of mid, side or left, at a random level, (size, frames).

    least: root mean square below which another crop is drawn.
    """
    waves: list[np.ndarray] = []
    while len(waves) < size:
        entry = entries[rng.integers(len(entries))]
        if entry.frames <= frames:
            continue
        first = entry.wave + int(rng.integers(entry.frames - frames))
        stereo = np.asarray(data.waves[first : first + frames], np.float32) / 32_768
        left, right = stereo[:, 0], stereo[:, 1]
        kind = rng.random()
        wave = (left + right) / 2 if kind < 0.5 else (left - right) / 2 if kind < 0.8 else left
        if least and np.sqrt(np.mean(wave**2)) < least:
            continue
        waves.append(wave * 10 ** (rng.uniform(-15, 3) / 20))
    return torch.from_numpy(np.stack(waves).astype(np.float32))


def spectrogram(wave: torch.Tensor, n_fft: int) -> torch.Tensor:
    """Return STFT bins, complex, (batch, bins, frames), at a hop of a quarter window."""
    window = hann_window(n_fft, wave.device)
    bins: torch.Tensor = torch.stft(
        wave, n_fft, n_fft // 4, window=window, center=False, return_complex=True
    )
    return bins


def spectral_losses(
    made: torch.Tensor, true: torch.Tensor, resolutions: Sequence[int] = RESOLUTIONS
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return distance of ln magnitudes, spectral convergence, and error of the phase's slopes.

    made, true: (batch, frames). Each is the mean over the resolutions, given as n_fft. The slopes
    are the phase differences between neighbouring bins and between neighbouring frames. They are
    compared as unit vectors weighted by magnitude, so that no unwrapping is needed.
    Source: Yamamoto et al. 2020, arXiv:1910.11480, eq. 4–6; Ai & Ling 2023, arXiv:2305.07952,
    section 3.3 (group delay and instantaneous frequency).
    """
    log_distance = convergence = slopes = made.new_zeros(())
    for n_fft in resolutions:
        a, b = spectrogram(made, n_fft), spectrogram(true, n_fft)
        size_a, size_b = (a.abs() + 1e-7, b.abs() + 1e-7)
        floor = 1e-3 * n_fft / 2_048
        log_distance = log_distance + (
            (size_a.clamp_min(floor).log() - size_b.clamp_min(floor).log()).abs().mean()
        )
        error = (size_a - size_b).square().sum((1, 2)) / size_b.square().sum((1, 2)).clamp_min(1e-4)
        convergence = convergence + (error + 1e-8).sqrt().mean()
        slopes = slopes + _slope_error(a / size_a, b / size_b, size_b)
    count = len(resolutions)
    return log_distance / count, convergence / count, slopes / count


def _slope_error(a: torch.Tensor, b: torch.Tensor, size: torch.Tensor) -> torch.Tensor:
    weight = size.sqrt()  # a compromise between equal weights and weights by magnitude
    total = a.real.new_zeros(())
    for axis in (1, 2):
        n = a.shape[axis] - 1
        step_a = a.narrow(axis, 1, n) * a.narrow(axis, 0, n).conj()
        step_b = b.narrow(axis, 1, n) * b.narrow(axis, 0, n).conj()
        both = (weight.narrow(axis, 1, n) * weight.narrow(axis, 0, n)).sqrt()
        cosine = (step_a * step_b.conj()).real
        total = total + (both * (1 - cosine)).sum() / both.sum().clamp_min(1e-6)
    return total / 2


def inverse_stft(bins: torch.Tensor, n_fft: int, hop: int, frames: int) -> torch.Tensor:
    """Return the signal of bins, (batch, mel_frames, bins) → (batch, frames)."""
    wave: torch.Tensor = torch.istft(
        bins.transpose(1, 2), n_fft, hop, window=hann_window(n_fft, bins.device), length=frames
    )
    return wave


def batch_loss(
    net: Vocos,
    waves: torch.Tensor,
    recipe: VocoderRecipe,
    generator: torch.Generator,
    resolutions: Sequence[int] = RESOLUTIONS,
) -> tuple[torch.Tensor, dict[str, float]]:
    """Return the loss of a batch of crops, (batch, frames), and its parts."""
    spec = net.spec
    mel = log_mel(stft_magnitudes(waves, spec), spec)
    level = torch.rand(len(mel), 1, 1, generator=generator) * recipe.mel_noise
    shown = mel + level * torch.randn(mel.shape, generator=generator)
    with training_precision(torch.device("cpu")):
        bins = net(shown)
    made = inverse_stft(bins, spec.n_fft, spec.hop, waves.shape[-1])
    inner = slice(EDGE * spec.hop, -EDGE * spec.hop)
    log_distance, convergence, slopes = spectral_losses(
        made[:, inner], waves[:, inner], resolutions
    )
    again = log_mel(stft_magnitudes(made, spec), spec)
    mel_distance = (again - mel)[:, :, EDGE:-EDGE].abs().mean()
    loss = (
        log_distance
        + recipe.convergence * convergence
        + recipe.phase * slopes
        + recipe.mel * mel_distance
    )
    parts = {
        "log": log_distance.item(),
        "convergence": convergence.item(),
        "slopes": slopes.item(),
        "mel": mel_distance.item(),
    }
    return loss, parts


def train_vocoder(
    data: DataSet,
    recipe: VocoderRecipe,
    config: VocosConfig,
    folder: Path,
    report: Report,
    on_checkpoint: Callable[[Vocos], None] = lambda average: None,
) -> Vocos:
    """Train, resuming if `folder` holds a checkpoint; return the averaged network.

    on_checkpoint: called with the average, before the first step too; see `loop.run`.
    Raises: ConfigError: the data set holds no audio; and as `loop.run`.
    """
    entries = tuple(entry for entry in data.split("train") if entry.wave >= 0)
    held_out = tuple(entry for entry in data.split("validation") if entry.wave >= 0)
    if not entries or not held_out:
        raise ConfigError("the data set holds no audio: build it with `msanii-live data build`")
    torch.manual_seed(recipe.seed)
    net, average = Vocos(config, data.spec), Vocos(config, data.spec)
    net.mean.copy_(torch.from_numpy(data.mean[0]))
    net.deviation.copy_(torch.from_numpy(data.deviation[0]))
    frames = recipe.crop * data.spec.hop
    fixed = draw_waves(data, held_out, np.random.default_rng(0), 32, frames)

    def loss(net: nn.Module, step: int, generator: torch.Generator) -> torch.Tensor:
        assert isinstance(net, Vocos)
        rng = np.random.default_rng([recipe.seed, step])
        waves = draw_waves(data, entries, rng, recipe.batch, frames)
        # Two random resolutions a step are enough, at less than half the time.
        drawn = [int(n) for n in rng.choice(RESOLUTIONS, 2, replace=False)]
        return batch_loss(net, waves, recipe, generator, drawn)[0]

    @torch.no_grad()
    def validate(net: nn.Module) -> dict[str, float]:
        assert isinstance(net, Vocos)
        value, parts = batch_loss(net, fixed, recipe, torch.Generator().manual_seed(0))
        return {"validation": value.item(), **parts}

    run(net, average, recipe, folder, loss, validate, report, lambda step: on_checkpoint(average))
    return average
