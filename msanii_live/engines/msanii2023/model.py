"""The 2023 model as one object: networks, features, and sampling as its own code did it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from msanii_live.engines.msanii2023.checkpoint import CheckpointParts, read
from msanii_live.engines.msanii2023.features import Features2023
from msanii_live.engines.msanii2023.samplers import sample
from msanii_live.engines.msanii2023.unet import UNet2023
from msanii_live.engines.msanii2023.vocoder import Vocoder2023


@dataclass(frozen=True)
class Msanii2023:
    """A loaded model, in float32 and eval mode.

    unet: (x, timesteps) to noise. vocoder: scaled mel to STFT magnitudes. features: waves to scaled
    mels and these back to magnitudes.
    """

    unet: UNet2023
    vocoder: Vocoder2023
    features: Features2023

    @torch.no_grad()
    def sample(self, noise: Tensor, steps: int = 200, strength: float = 1.0) -> Tensor:
        """Turn noise into a scaled mel exactly as the 2023 code does: DDIM on leading timesteps.

        The corrected samplers are in `mel_tasks.MelTasks`.

        noise: float32, (batch, channels, mels, mel_frames); standard normal for strength 1, else a
            mel noised to the first timestep of `schedulers.ddim`.
        steps: evaluations, 1 to 1000. strength: above 0, at most 1.

        Returns float32, -1 to 1, of the shape of noise.

        Raises: ValueError: an argument is out of range.
        """
        from msanii_live.engines.msanii2023.schedulers import ddim

        return sample(self.unet, noise, ddim(int(steps), float(strength)))

    @property
    def parts(self) -> CheckpointParts:
        """The parts, as `checkpoint.write` takes them."""
        return CheckpointParts(self.unet, self.vocoder, self.features)

    def to(self, device: torch.device) -> Msanii2023:
        """Move everything to a device; returns itself."""
        for module in (self.unet, self.vocoder, self.features):
            module.to(device)
        return self


def load(path: str | Path, device: str | torch.device = "cpu") -> Msanii2023:
    """Read a model: a `.pt` of the 2023 release, or a folder of `msanii-live convert`.

    Nothing in the file is run: see `checkpoint`.

    Raises: FileNotFoundError. BadCheckpoint, a ValueError: the file is refused, with the reason.
    """
    parts = read(Path(path).expanduser())
    model = Msanii2023(parts.unet, parts.vocoder, parts.features)
    return model.to(torch.device(device))
