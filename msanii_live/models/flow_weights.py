"""Keep a trained flow network with its features and statistics in one safetensors file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save as save_safetensors

from msanii_live.models.flow_net import FlowConfig, FlowNet
from msanii_live.models.mel import MelSpec, log_mel, magnitudes, mid_side


@dataclass(frozen=True)
class FlowModel:
    """Hold the network and the features it was trained on.

    mean, deviation: float32, (channels, mels, 1), of ln magnitudes over the training set.
    """

    net: FlowNet
    spec: MelSpec
    mean: torch.Tensor
    deviation: torch.Tensor

    def normalise(self, mel: torch.Tensor) -> torch.Tensor:
        """Scale ln magnitudes to the network's range. mel: (channels, mels, mel_frames)."""
        return (mel - self.mean) / self.deviation

    def denormalise(self, mel: torch.Tensor) -> torch.Tensor:
        """Undo `normalise`."""
        return mel * self.deviation + self.mean

    def analyse(self, wave: torch.Tensor) -> torch.Tensor:
        """Return normalised mels of left and right. wave: float32, (2, frames)."""
        return self.normalise(log_mel(magnitudes(mid_side(wave), self.spec), self.spec))


def save(path: Path, model: FlowModel) -> None:
    """Write the model; matrices as float16, all else as float32."""
    tensors = {
        name: value.half() if value.ndim >= 2 else value.float()
        for name, value in model.net.state_dict().items()
    }
    tensors |= {"mean": model.mean, "deviation": model.deviation}
    metadata = {
        "format": "msanii-live flow 1",
        "config": json.dumps(asdict(model.net.config)),
        "spec": json.dumps(asdict(model.spec)),
    }
    path.write_bytes(
        save_safetensors({k: v.contiguous() for k, v in tensors.items()}, metadata=metadata)
    )


def load(path: Path, device: torch.device) -> FlowModel:
    """Read a model onto a device, in float32 and evaluation mode.

    Raises: FileNotFoundError; ValueError: the file is none of ours.
    """
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
        if metadata.get("format") != "msanii-live flow 1":
            raise ValueError(f"{path} is not a flow model of msanii-live")
        tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    mean, deviation = tensors.pop("mean"), tensors.pop("deviation")
    # Files written before a part existed do not name it.
    config = {"detail_blocks": 0, **json.loads(metadata["config"])}
    if "jump.weight" not in tensors:
        width = config["width"]
        tensors |= {"jump.weight": torch.zeros(width, 128), "jump.bias": torch.zeros(width)}
    net = FlowNet(FlowConfig(**config))
    missing = len(net.style.weight) - len(tensors["style.weight"])
    if missing > 0:  # styles that came later sound as if none were named
        unknown = tensors["style.weight"][:1].expand(missing, -1)
        tensors["style.weight"] = torch.cat([tensors["style.weight"], unknown])
    net.load_state_dict(tensors)
    net.requires_grad_(False).eval().to(device)
    spec = MelSpec(**json.loads(metadata["spec"]))
    return FlowModel(net, spec, mean.to(device), deviation.to(device))
