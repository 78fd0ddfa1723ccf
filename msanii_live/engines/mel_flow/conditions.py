"""The conditions of the flow model: style, key, tempo, density, and the phase in the bar."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.utils import _pytree as pytree

# Cycles per bar: the bar, the half bar, the beat, the eighth and the sixteenth.
PHASE_HARMONICS = (1, 2, 4, 8, 16)
PHASE_CHANNELS = 2 * len(PHASE_HARMONICS) + 1
UNKNOWN = -1


@dataclass(frozen=True)
class Conditions:
    """A batch of conditions, any of which may be unknown.

    style, key: int64, (batch,), an index into STYLES or `key_index`, or UNKNOWN.
    tempo: float32, (batch,), bpm, 0 where unknown.
    density: float32, (batch,), 0 to 1, negative where unknown.
    phase: float32, (batch, PHASE_CHANNELS, mel_frames), from `bar_phase_features`.
    """

    style: torch.Tensor
    key: torch.Tensor
    tempo: torch.Tensor
    density: torch.Tensor
    phase: torch.Tensor

    def to(self, device: torch.device) -> Conditions:
        """Return the same conditions on `device`."""
        return Conditions(
            self.style.to(device),
            self.key.to(device),
            self.tempo.to(device),
            self.density.to(device),
            self.phase.to(device),
        )

    def part(self, rows: slice) -> Conditions:
        """Return the conditions of some rows of the batch."""
        return Conditions(
            self.style[rows],
            self.key[rows],
            self.tempo[rows],
            self.density[rows],
            self.phase[rows],
        )


# So that inputs are told apart by their shapes where the network's calls are recorded.
pytree.register_dataclass(Conditions)


def density_of(notes_a_second: float) -> float:
    """Map note onsets per second to 0 to 1; 7 per second is the middle."""
    return 1.0 - math.exp(-notes_a_second / 10.0)


def bar_phase_features(bar_position: torch.Tensor | None, mel_frames: int) -> torch.Tensor:
    """Return the sine and cosine of the bar's harmonics, and a flag that the phase is known.

    bar_position: bars since any downbeat, float64, (mel_frames,), or None where unknown.
    Returns float32, (PHASE_CHANNELS, mel_frames), all zero where unknown.
    """
    if bar_position is None:
        return torch.zeros(PHASE_CHANNELS, mel_frames)
    angle = torch.stack([2 * math.pi * h * bar_position for h in PHASE_HARMONICS])
    flag = torch.ones(1, mel_frames, dtype=bar_position.dtype)
    return torch.cat([angle.sin(), angle.cos(), flag]).float()
