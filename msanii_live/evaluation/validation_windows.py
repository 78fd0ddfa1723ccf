"""Held-out windows of mels, and the network's continuations of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from msanii_live.dsp.samplers import sample_euler, shifted_times
from msanii_live.engines.mel_flow.conditions import Conditions, bar_phase_features
from msanii_live.engines.mel_flow.inpainting import MAX_JUMPS, predict_with_guidance
from msanii_live.engines.mel_flow.weights import FlowModel
from msanii_live.engines.vocabulary import STYLES
from msanii_live.evaluation import metrics
from msanii_live.evaluation.metrics import Array
from msanii_live.training.data.batches import bar_position, window, window_density
from msanii_live.training.data.dataset import DataSet, Entry

NOISE_RMS = 10 ** (-18 / 20)  # RMS of the white noise that serves as a ceiling


@dataclass(frozen=True)
class ValidationWindows:
    """Windows of pieces that the network was not trained on.

    mels: normalised, float32, (windows, channels, mels, mel_frames). bars: bars since a downbeat,
    float64, (windows, mel_frames). pieces: the piece of each window. firsts: the mel frame of the
    piece at which each window starts.
    """

    mels: torch.Tensor
    conditions: Conditions
    bars: NDArray[np.float64]
    pieces: tuple[Entry, ...]
    firsts: tuple[int, ...] = ()


def draw_windows(
    data: DataSet, entries: Sequence[Entry], count: int, mel_frames: int, seed: int
) -> ValidationWindows:
    """Draw windows at random positions; pieces take turns."""
    rng = np.random.default_rng(seed)
    pieces = tuple(entries[i % len(entries)] for i in range(count))
    firsts = [int(rng.integers(0, max(p.mel_frames - mel_frames, 1))) for p in pieces]
    placed = list(zip(pieces, firsts, strict=True))
    bars = [bar_position(data, piece, first, mel_frames) for piece, first in placed]
    density = [window_density(data, piece, first, mel_frames) for piece, first in placed]
    conditions = Conditions(
        style=torch.tensor([STYLES.index(piece.style) for piece in pieces]),
        key=torch.tensor([piece.key for piece in pieces]),
        tempo=torch.tensor([piece.tempo for piece in pieces], dtype=torch.float32),
        density=torch.tensor(density, dtype=torch.float32),
        phase=torch.stack([bar_phase_features(bar, mel_frames) for bar in bars]),
    )
    mels = torch.stack([window(data, piece, first, mel_frames) for piece, first in placed])
    return ValidationWindows(mels, conditions, torch.stack(bars).numpy(), pieces, tuple(firsts))


def has_audio(data: DataSet) -> bool:
    """Return whether the set holds the audio of all its validation and test pieces."""
    return all(piece.wave >= 0 for name in ("validation", "test") for piece in data.split(name))


def window_audio(data: DataSet, windows: ValidationWindows) -> torch.Tensor:
    """Return the audio of the windows, float32, (windows, 2, frames), left and right.

    The first mel frame is centred on the first sample. Beyond the end of a piece is silence.
    Raises: ValueError: the set does not hold the audio of a piece.
    """
    hop, mel_frames = data.spec.hop, windows.mels.shape[-1]
    out = np.zeros((len(windows.pieces), 2, mel_frames * hop), np.float32)
    for wave, piece, first in zip(out, windows.pieces, windows.firsts, strict=True):
        if piece.wave < 0:
            raise ValueError(f"the data set holds no audio of piece {piece.seed}")
        begin, end = first * hop, min((first + mel_frames) * hop, piece.frames)
        kept = np.asarray(data.waves[piece.wave + begin : piece.wave + end], np.float32)
        wave[:, : len(kept)] = kept.T / 32_767
    return torch.from_numpy(out)


class OnsetEnvelopes:
    """A function from normalised mels to onset envelopes of the mid channel."""

    def __init__(self, data: DataSet) -> None:
        self.mean, self.deviation = data.mean[0], data.deviation[0]
        self.frame_seconds = data.spec.hop / data.spec.sample_rate

    def __call__(self, mels: torch.Tensor) -> Array:
        """Return (windows, mel_frames). mels: (windows, channels, mels, mel_frames)."""
        mid = mels[:, 0].numpy() * self.deviation[:, None] + self.mean[:, None]
        return metrics.onset_envelope(mid, self.mean - self.deviation, self.frame_seconds)


def with_statistics(data: DataSet, model: FlowModel) -> DataSet:
    """Return the set with the model's normalisation in place of its own."""
    mean, deviation = model.mean[..., 0].cpu().numpy(), model.deviation[..., 0].cpu().numpy()
    return replace(data, mean=mean, deviation=deviation)


def without_beat(conditions: Conditions) -> Conditions:
    """Return the conditions with the phase of the bar hidden."""
    return replace(conditions, phase=torch.zeros_like(conditions.phase))


def sample_windows(
    model: FlowModel,
    shown: torch.Tensor,
    known_frames: int,
    conditions: Conditions,
    *,
    steps: int,
    seed: int,
    guidance: float = 1.0,
    batch: int = 8,
    on_batch: Callable[[int], None] = lambda _: None,
) -> torch.Tensor:
    """Generate all mel frames after the first `known_frames` of each window.

    shown: normalised, float32, (windows, channels, mels, mel_frames); nothing of it beyond
    `known_frames` reaches the network. steps: up to MAX_JUMPS steps are shortcut jumps,
    as `inpainting.fill_windows` does. seed: the same noise whatever the batch and steps.
    on_batch: called with windows done. Returns the shape of shown, float32, on the CPU.
    """
    device = model.mean.device
    mask = torch.zeros(1, 1, 1, shown.shape[-1])
    mask[..., :known_frames] = 1
    generator = torch.Generator().manual_seed(seed)
    times = shifted_times(steps)
    out = []
    for start in range(0, len(shown), batch):
        part = slice(start, start + batch)
        known = (shown[part] * mask).to(device)
        masks = mask.expand(len(known), -1, -1, -1).to(device)
        given = conditions.part(part).to(device)
        noise = torch.stack([torch.randn(k.shape, generator=generator) for k in known]).to(device)

        def denoise(
            x: torch.Tensor,
            t: torch.Tensor,
            to: torch.Tensor,
            known: torch.Tensor = known,
            masks: torch.Tensor = masks,
            given: Conditions = given,
        ) -> torch.Tensor:
            reach = to if steps <= MAX_JUMPS else None
            return predict_with_guidance(model.net, x, t, known, masks, given, guidance, reach)

        made = sample_euler(denoise, noise, times, lambda _: None)
        # The network's output at known frames has no meaning: no loss covers it in training.
        out.append(torch.where(masks == 1, known, made).float().cpu())
        on_batch(min(start + batch, len(shown)))
    return torch.cat(out)


def repeat_last_beats(
    windows: ValidationWindows, known_frames: int, mel_frames_a_beat: Sequence[float]
) -> torch.Tensor:
    """Continue each window by repeating its last beats: the baseline without a network.

    A whole bar of four beats is repeated if one fits in the known part, otherwise as many beats as
    fit. Returns the shape of windows.mels.
    """
    out = windows.mels.clone()
    beyond = torch.arange(out.shape[-1] - known_frames)
    for made, beat in zip(out, mel_frames_a_beat, strict=True):
        beats = min(4, max(1, int(known_frames // beat)))
        period = min(round(beats * beat), known_frames)
        made[..., known_frames:] = made[..., known_frames - period + beyond % period]
    return out


def white_noise(model: FlowModel, count: int, mel_frames: int, seed: int) -> torch.Tensor:
    """Return white noise at -18 dBFS, float32, (count, 2, frames), left and right."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 2, mel_frames * model.spec.hop, generator=generator) * NOISE_RMS


def normalised_mels(model: FlowModel, waves: torch.Tensor) -> torch.Tensor:
    """Return normalised mels on the CPU, (windows, channels, mels, mel_frames).

    waves: float32, (windows, 2, frames), left and right.
    """
    return torch.stack([model.analyse(wave.to(model.mean.device)).cpu() for wave in waves])
