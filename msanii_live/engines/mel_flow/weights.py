"""The weights file of the flow model: network, features and statistics in one safetensors file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from msanii_live.dsp.mel import MelSpec, log_mel, mid_side, stft_magnitudes
from msanii_live.dsp.weights import read, write
from msanii_live.engines.mel_flow.cpu_network import CpuFlowNet
from msanii_live.engines.mel_flow.network import FlowConfig, FlowNet

FORMAT = "msanii-live flow 1"


@dataclass(frozen=True)
class FlowModel:
    """A flow network with the features and statistics it was trained on.

    mean, deviation: float32, (channels, mels, 1), of ln magnitudes over the training set.
    cpu_net: the form of the network that makes clips on a CPU, if it was prepared.
    """

    net: FlowNet
    spec: MelSpec
    mean: torch.Tensor
    deviation: torch.Tensor
    cpu_net: CpuFlowNet | None = None

    def normalise(self, mel: torch.Tensor) -> torch.Tensor:
        """Scale ln magnitudes to the network's range. mel: (channels, mels, mel_frames)."""
        return (mel - self.mean) / self.deviation

    def denormalise(self, mel: torch.Tensor) -> torch.Tensor:
        """Undo `normalise`."""
        return mel * self.deviation + self.mean

    def interpolate(self, mels: Sequence[torch.Tensor], weights: Sequence[float]) -> torch.Tensor:
        """Return the weighted mean of normalised mels in power, so that their level is kept.

        mels: (channels, mels, mel_frames) each. weights: as many, 0 to 1, whose sum is 1.
        """
        powers = [
            2 * self.denormalise(mel) + math.log(w)
            for mel, w in zip(mels, weights, strict=True)
            if w > 0
        ]
        return self.normalise(torch.logsumexp(torch.stack(powers), 0) / 2)

    def analyse(self, wave: torch.Tensor) -> torch.Tensor:
        """Return normalised mels of left and right. wave: float32, (2, frames)."""
        return self.normalise(log_mel(stft_magnitudes(mid_side(wave), self.spec), self.spec))


def save(path: Path, model: FlowModel) -> None:
    """Write the model, matrices as float16 and all else as float32."""
    write(
        path,
        FORMAT,
        model.net.state_dict(),
        model.net.config,
        model.spec,
        mean=model.mean,
        deviation=model.deviation,
    )


def load(path: Path, device: torch.device) -> FlowModel:
    """Read a model onto a device, in float32 and evaluation mode.

    Raises: FileNotFoundError; ValueError: the file is damaged or of another format.
    """
    tensors, config, spec = read(path, FORMAT, "not a flow model")
    mean, deviation = tensors.pop("mean"), tensors.pop("deviation")
    # Files from before the detail network existed do not name it.
    config = {"detail_blocks": 0, **config}
    if "jump.weight" not in tensors:
        width = config["width"]
        tensors |= {"jump.weight": torch.zeros(width, 128), "jump.bias": torch.zeros(width)}
    net = FlowNet(FlowConfig(**config))
    missing = len(net.style.weight) - len(tensors["style.weight"])
    if missing > 0:  # styles added later behave as the unknown style
        unknown = tensors["style.weight"][:1].expand(missing, -1)
        tensors["style.weight"] = torch.cat([tensors["style.weight"], unknown])
    net.load_state_dict(tensors)
    net.requires_grad_(False).eval().to(device)
    return FlowModel(net, spec, mean.to(device), deviation.to(device))
