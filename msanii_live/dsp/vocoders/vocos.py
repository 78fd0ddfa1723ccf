"""The neural vocoder: from mels to STFT bins with phase, frame by frame, in one pass."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from msanii_live.dsp.device import chosen_dtype, precision
from msanii_live.dsp.layers import ConvNeXtBlock
from msanii_live.dsp.mel import MelSpec, filter_bank, mel_to_magnitude
from msanii_live.dsp.packed_layers import PackedConvolution, PackedLinear
from msanii_live.dsp.weights import read, write

FORMAT = "msanii-live vocos 1"
MIN_BASE = 1e-6  # of a bin's magnitude, before the network scales it
MAX_MAGNITUDE = math.exp(8.0)  # that a bin may have


@dataclass(frozen=True)
class VocosConfig:
    """The sizes of the network.

    `width` in features a mel frame, `expansion` of each block's MLP.
    """

    width: int = 192
    blocks: int = 8
    expansion: int = 3
    kernel: int = 7


class Vocos(nn.Module):
    """A network that predicts magnitude and phase of every STFT bin from ln mel magnitudes.

    The magnitudes start from the mel bands spread over their bins, so that the network has only
    to learn what the bands have lost; the phase is an angle whose wrapping costs nothing.
    No layer takes a statistic over time: a chunk with `reach` mel frames of context at either
    side gives the same bins as the whole.

    Source: Siuzdak 2023, arXiv:2306.00814, section 3.3 (ISTFT head).
    """

    def __init__(self, config: VocosConfig, spec: MelSpec) -> None:
        super().__init__()
        self.config, self.spec = config, spec
        bank = filter_bank(spec)
        self.spread: torch.Tensor
        # Each bin takes the mean of the bands that cover it; those outside all bands take the
        # nearest edge's through the clamp.
        spread = bank / bank.sum(0).clamp_min(1e-8) / bank.sum(1).clamp_min(1e-8)[:, None]
        self.register_buffer("spread", spread, persistent=False)
        self.mean: torch.Tensor
        self.deviation: torch.Tensor
        self.register_buffer("mean", torch.zeros(spec.mels))
        self.register_buffer("deviation", torch.ones(spec.mels))
        bins = spec.n_fft // 2 + 1
        self.enter = nn.Conv1d(spec.mels, config.width, config.kernel, padding=config.kernel // 2)
        self.norm = nn.LayerNorm(config.width)
        self.blocks = nn.ModuleList(
            ConvNeXtBlock(config.width, config.expansion, config.kernel, scale=1 / config.blocks)
            for _ in range(config.blocks)
        )
        self.leave_norm = nn.LayerNorm(config.width)
        self.leave = nn.Linear(config.width, 2 * bins)
        nn.init.trunc_normal_(self.leave.weight, std=0.02)
        nn.init.zeros_(self.leave.bias)
        self._on_cpu: dict[torch.dtype, _CpuVocos] | None = None

    @property
    def reach(self) -> int:
        """Mel frames to either side that a frame's bins depend on."""
        return (self.config.blocks + 1) * (self.config.kernel // 2)

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """Return STFT bins of one channel's mel.

        mel: ln mel magnitudes, float32, (batch, mels, mel_frames).
        Returns complex64, (batch, mel_frames, bins), for a Hann window of `spec.n_fft`.
        """
        h = self.enter((mel - self.mean[:, None]) / self.deviation[:, None]).transpose(1, 2)
        h = self.norm(h)
        for block in self.blocks:
            h = block(h)
        log_gain, angle = self.leave(self.leave_norm(h)).float().chunk(2, dim=-1)
        base = F.linear(mel.exp().transpose(1, 2).float(), self.spread).clamp_min(MIN_BASE)
        magnitude = (base * log_gain.exp()).clamp_max(MAX_MAGNITUDE)
        return torch.complex(magnitude * angle.cos(), magnitude * angle.sin())

    def fix(self) -> None:
        """Note that the weights will not change, so that they may be converted once."""
        self.requires_grad_(False).eval()
        self._on_cpu = {}

    def bins(self, mel: torch.Tensor) -> torch.Tensor:
        """Return what `forward` does, at the precision that suits the device."""
        if (
            self._on_cpu is not None
            and mel.device.type == "cpu"
            and torch.is_inference_mode_enabled()
        ):
            dtype = chosen_dtype(mel.device)
            if dtype not in self._on_cpu:
                self._on_cpu[dtype] = _CpuVocos(self, dtype)
            return self._on_cpu[dtype](mel)
        with precision(mel.device):
            return self.forward(mel)


class _CpuVocos:
    """A vocoder's network for inference on a CPU, with weights that were converted once.

    It computes what `Vocos.forward` does, up to rounding: the residual stream, norms, gains and
    angles are float32, products in `dtype`.
    """

    def __init__(self, net: Vocos, dtype: torch.dtype) -> None:
        """Convert the weights of a network."""
        self._net, self._dtype = net, dtype
        self._enter = PackedConvolution(net.enter, dtype)
        self._blocks = [
            (
                PackedConvolution(block.depthwise, dtype),
                block.norm,
                PackedLinear.of(block.mlp[0], dtype, has_gelu=True),
                PackedLinear.of(block.mlp[2], dtype),
                block.scale,
            )
            for block in net.modules()
            if isinstance(block, ConvNeXtBlock)
        ]
        weights, biases = net.leave.weight.chunk(2), net.leave.bias.chunk(2)
        self._gain = PackedLinear(weights[0], biases[0], dtype)
        self._angle = PackedLinear(weights[1], biases[1], dtype)

    def __call__(self, mel: torch.Tensor) -> torch.Tensor:
        """Return STFT bins; see `Vocos.forward`."""
        if len(mel) == 1:  # nothing is copied
            return self._channel(mel[0])[None]
        return torch.stack([self._channel(channel) for channel in mel])

    def _channel(self, mel: torch.Tensor) -> torch.Tensor:
        """Return the bins of one channel. mel: (mels, mel_frames) → (mel_frames, bins)."""
        net, dtype = self._net, self._dtype
        scaled = (mel - net.mean[:, None]) / net.deviation[:, None]
        h = net.norm(self._enter(scaled.t().to(dtype).contiguous()).float())
        for depthwise, norm, enter, leave, scale in self._blocks:
            mixed = norm(depthwise(h.to(dtype)).float()).to(dtype)
            h = torch.addcmul(h, scale, leave(enter(mixed)))
        h = net.leave_norm(h).to(dtype)
        base = mel_to_magnitude(mel, net.spec, iterations=0).t().clamp_min_(MIN_BASE)
        magnitude = base.mul_(self._gain(h).float().exp_()).clamp_max_(MAX_MAGNITUDE)
        angle = self._angle(h).float()
        bins = torch.empty(*magnitude.shape, 2)
        torch.mul(magnitude, angle.cos(), out=bins[..., 0])
        torch.mul(magnitude, angle.sin_(), out=bins[..., 1])
        return torch.view_as_complex(bins)


def save(path: Path, net: Vocos) -> None:
    """Write the vocoder; matrices as float16, all else as float32."""
    write(path, FORMAT, net.state_dict(), net.config, net.spec)


def load(path: Path, device: torch.device) -> Vocos:
    """Read a vocoder onto a device, in float32 and evaluation mode.

    Raises: FileNotFoundError; ValueError: the file is damaged or none of ours.
    """
    tensors, config, spec = read(path, FORMAT, "not a vocoder")
    net = Vocos(VocosConfig(**config), spec)
    net.load_state_dict(tensors)
    net.to(device).fix()
    return net
