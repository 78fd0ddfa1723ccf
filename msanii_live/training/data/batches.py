"""Cut training windows from the data set: mels, masks, and conditions with dropout."""

from __future__ import annotations

import bisect
from dataclasses import dataclass

import numpy as np
import torch

from msanii_live.engines.mel_flow.conditions import (
    UNKNOWN,
    Conditions,
    bar_phase_features,
    density_of,
)
from msanii_live.engines.vocabulary import BEATS_PER_BAR, STYLES
from msanii_live.training.data.dataset import DataSet, Entry


@dataclass(frozen=True)
class Batch:
    """The windows of one training step.

    x: normalised clean mels, float32, (batch, channels, mels, mel_frames).
    mask: float32, (batch, 1, 1, mel_frames), 1 where the mel is given to the network.
    """

    x: torch.Tensor
    mask: torch.Tensor
    conditions: Conditions

    def part(self, rows: slice) -> Batch:
        """Return some of the windows."""
        return Batch(self.x[rows], self.mask[rows], self.conditions.part(rows))


def window(data: DataSet, entry: Entry, first: int, mel_frames: int) -> torch.Tensor:
    """Return one normalised window, float32, (channels, mels, mel_frames).

    first: mel frame of the piece at which the window starts. Beyond its end the piece is silent.
    """
    begin = entry.start + first
    end = min(begin + mel_frames, entry.start + entry.mel_frames)
    raw = np.asarray(data.mels[begin:end], dtype=np.float32)
    missing = mel_frames - len(raw)
    if missing:
        silence = np.full((missing, *raw.shape[1:]), np.log(data.spec.floor), np.float32)
        raw = np.concatenate([raw, silence])
    return torch.from_numpy((raw - data.mean) / data.deviation).permute(1, 2, 0)


def bar_position(data: DataSet, entry: Entry, first: int, mel_frames: int) -> torch.Tensor:
    """Return bars since a downbeat of the piece for each mel frame, float64, (mel_frames,)."""
    seconds = (first + torch.arange(mel_frames, dtype=torch.float64)) * (
        data.spec.hop / data.spec.sample_rate
    )
    return entry.bar + seconds / (entry.beat_seconds * BEATS_PER_BAR)


def window_density(data: DataSet, entry: Entry, first: int, mel_frames: int) -> float:
    """Return the density (0 to 1) of the notes that start inside the window."""
    a = first * data.spec.hop / data.spec.sample_rate
    b = (first + mel_frames) * data.spec.hop / data.spec.sample_rate
    notes = bisect.bisect_left(entry.onsets, b) - bisect.bisect_left(entry.onsets, a)
    return density_of(notes / (b - a))


def draw_mask(rng: np.random.Generator, mel_frames: int, patch: int) -> np.ndarray:
    """Draw a mask of known mel frames, on the token grid.

    With probability 1/2 a prefix of random length is known, with 1/8 a suffix, with 1/8 both with a
    gap between, otherwise nothing. Returns float32, (mel_frames,).
    """
    tokens = mel_frames // patch
    known = np.zeros(tokens, np.float32)
    kind = rng.random()
    if kind < 0.5:
        known[: rng.integers(1, tokens)] = 1
    elif kind < 0.625:
        known[rng.integers(1, tokens) :] = 1
    elif kind < 0.75:
        a, b = sorted(rng.choice(np.arange(1, tokens), 2, replace=False))
        known[:a] = 1
        known[b:] = 1
    return known.repeat(patch)


def draw_batch(
    data: DataSet,
    entries: tuple[Entry, ...],
    rng: np.random.Generator,
    *,
    size: int,
    mel_frames: int,
    patch: int,
    dropout: float,
) -> Batch:
    """Draw a batch of random windows.

    dropout: probability that each condition is hidden; with a third of it, all are hidden.
    """
    xs, masks, phases = [], [], []
    style, key, tempo, density = [], [], [], []
    for _ in range(size):
        entry = entries[rng.integers(len(entries))]
        first = int(rng.integers(0, max(entry.mel_frames - mel_frames, 1)))
        xs.append(window(data, entry, first, mel_frames))
        masks.append(torch.from_numpy(draw_mask(rng, mel_frames, patch)))
        all_hidden = rng.random() < dropout / 3
        hide = rng.random(5) < dropout
        off_beat = all_hidden or hide[0] or not entry.beat_seconds
        position = None if off_beat else bar_position(data, entry, first, mel_frames)
        phases.append(bar_phase_features(position, mel_frames))
        unnamed = all_hidden or hide[1] or entry.style not in STYLES
        style.append(UNKNOWN if unnamed else STYLES.index(entry.style))
        key.append(UNKNOWN if all_hidden or hide[2] else entry.key)
        tempo.append(0.0 if all_hidden or hide[3] else entry.tempo)
        known_density = window_density(data, entry, first, mel_frames)
        density.append(-1.0 if all_hidden or hide[4] else known_density)
    return Batch(
        x=torch.stack(xs),
        mask=torch.stack(masks)[:, None, None],
        conditions=Conditions(
            style=torch.tensor(style),
            key=torch.tensor(key),
            tempo=torch.tensor(tempo, dtype=torch.float32),
            density=torch.tensor(density, dtype=torch.float32),
            phase=torch.stack(phases),
        ),
    )
