"""A faster U-Net with the same result: cast once on a CPU, in another memory layout on a GPU.

On a CPU the time is that of the library's convolutions and matrix products, which run near the
processor's peak and skip padded taps. So only a smaller type helps. The weights are cast once;
autocast would cast all of them at every step.

On a GPU latents lie in memory as (batch, mel_frames, channels, width). So 1×1 convolutions are
matrix products, and a 3×3 convolution over two channels is one over time alone with channels ×
width features. Three of the nine taps of a channel met only padding, and are left out.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from msanii_live.dsp.cuda_graphs import use_graphs
from msanii_live.engines.msanii2023.samplers import Model
from msanii_live.engines.msanii2023.unet import (
    LinearAttention,
    MiddleBlock,
    ResidualBlock,
    UNet2023,
    UNetBlock,
)

LENGTH_MULTIPLE = 256  # mel frames that lengths are rounded up to when compiled: 6 s


def fast_unet(
    unet: UNet2023, dtype: torch.dtype, compiled: bool = False, cuda_graphs: bool = False
) -> Model:
    """Return a function with the result of the U-Net that takes less time.

    unet: is not changed. dtype: of matrix products. compiled: compile it, on a GPU with a CUDA
    graph for each length; lengths should then be few. cuda_graphs: record calls on a GPU instead.
    """
    on_gpu = next(unet.parameters()).is_cuda
    if not on_gpu and dtype == torch.float32 and not compiled:
        return unet
    net = FastUNet(unet, dtype) if on_gpu else CastUNet(unet, dtype)
    if not compiled:
        if cuda_graphs:
            use_graphs(net)
        return net
    mode = "reduce-overhead" if on_gpu else "default"
    run: Callable[[Tensor, Tensor], Tensor] = torch.compile(net, mode=mode, dynamic=False)

    def cloned(x: Tensor, timesteps: Tensor) -> Tensor:
        # A graph writes its result to the same memory at every call.
        return run(x, timesteps).clone()

    return cloned


class CastUNet(nn.Module):
    """A copy of the U-Net in another precision, for inputs in float32."""

    def __init__(self, unet: UNet2023, dtype: torch.dtype) -> None:
        """Take a U-Net and the precision."""
        super().__init__()
        self.dtype = dtype
        self.net = copy.deepcopy(unet).to(dtype)

    def forward(self, x: Tensor, timesteps: Tensor) -> Tensor:
        """Return the predicted noise; see `UNet2023.forward`."""
        out: Tensor = self.net(x.to(self.dtype), timesteps)
        return out.to(x.dtype)


class FastUNet(nn.Module):
    """The U-Net in the GPU's memory layout, for a fixed number of channels.

    Source: Maina 2023, arXiv:2301.06468, section 3.1; see `UNet2023`.
    """

    def __init__(
        self, unet: UNet2023, dtype: torch.dtype = torch.float32, channels: int = 2
    ) -> None:
        """Take a U-Net, the precision of its matrix products, and the number of audio channels."""
        super().__init__()
        self.timestep_embedding = unet.timestep_embedding
        self.dtype = dtype
        self.channels = channels
        convert = _LayerConverter(dtype, channels)
        self.input_product = convert.product(unet.input_fn[1])
        self.output_product = convert.product(unet.output_fn[0])
        self.encoder = nn.ModuleList(convert.layer(block) for block in unet.encoder_blocks)
        self.middle = nn.ModuleList(convert.parts(unet.middle_block))
        self.decoder = nn.ModuleList(convert.layer(block) for block in unet.decoder_blocks)

    def forward(self, x: Tensor, timesteps: Tensor) -> Tensor:
        """Return the predicted noise; see `UNet2023.forward`."""
        timestep = self.timestep_embedding(timesteps, torch.float32).to(self.dtype)
        h = self.input_product(x.permute(0, 3, 1, 2).to(self.dtype))
        skips: list[Tensor] = []
        for layer in self.encoder:
            h = layer(h, timestep)
            if isinstance(layer, _Block):
                skips.append(h)
        for layer in self.middle:
            h = layer(h, timestep)
        for layer in self.decoder:
            if isinstance(layer, _Block):
                h = torch.cat([h, skips.pop()], dim=-1)
            h = layer(h, timestep)
        out: Tensor = self.output_product(h).permute(0, 2, 3, 1)
        return out.to(x.dtype).contiguous()


class _LayerConverter:
    """A converter from layers of `UNet2023` to those of this module."""

    def __init__(self, dtype: torch.dtype, channels: int) -> None:
        self.dtype = dtype
        self.channels = channels

    def layer(self, block: nn.Module) -> nn.Module:
        """Convert a block, or a convolution that halves or doubles the time."""
        if isinstance(block, UNetBlock):
            return _Block(self.parts(block))
        if isinstance(block, nn.Conv2d | nn.ConvTranspose2d):
            return _Resample(block, self.dtype)
        raise TypeError(f"no conversion of {type(block).__name__}")

    def parts(self, block: UNetBlock | MiddleBlock) -> list[nn.Module]:
        """Return the layers of a block, in order."""
        return [
            _Residual(part, self) if isinstance(part, ResidualBlock) else _Attention(part, self)
            for part in block.children()
            if isinstance(part, ResidualBlock | LinearAttention)
        ]

    def product(self, convolution: nn.Module) -> nn.Linear:
        """Return a 1×1 convolution as a matrix product over the last axis."""
        assert isinstance(convolution, nn.Conv2d)
        assert convolution.bias is not None
        out_width, in_width = convolution.weight.shape[:2]
        linear = nn.Linear(in_width, out_width, device=convolution.weight.device, dtype=self.dtype)
        linear.weight.data.copy_(convolution.weight[:, :, 0, 0])
        linear.bias.data.copy_(convolution.bias)
        return linear.requires_grad_(False)


class _Block(nn.Module):
    """A residual block, and attention where the level has it. Its output is a skip connection."""

    def __init__(self, parts: list[nn.Module]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def forward(self, h: Tensor, timestep: Tensor) -> Tensor:
        for part in self.parts:
            h = part(h, timestep)
        return h


class _Residual(nn.Module):
    def __init__(self, block: ResidualBlock, convert: _LayerConverter) -> None:
        super().__init__()
        convolution = block.in_fn[1]
        assert isinstance(convolution, nn.Conv2d)
        assert convolution.bias is not None
        self.eps = _eps(block.in_fn[0])
        self.dilation = convolution.dilation[0]
        weight = across_channels(convolution.weight, convert.channels, self.dilation).to(
            convert.dtype
        )
        # As a convolution of height 1, so that the library takes its kernels for this layout.
        weight = weight[:, :, None].contiguous(memory_format=torch.channels_last)
        self.register_buffer("weight", weight, persistent=False)
        self.weight: Tensor
        self.bias: Tensor
        bias = convolution.bias.repeat(convert.channels).to(convert.dtype)
        self.register_buffer("bias", bias, persistent=False)
        self.timestep = convert.product(block.timestep_fn)
        self.widen, self.narrow = convert.product(block.out_fn[1]), convert.product(block.out_fn[3])
        residual = block.residual_fn
        self.residual = (
            nn.Identity() if isinstance(residual, nn.Identity) else convert.product(residual)
        )

    def forward(self, h: Tensor, timestep: Tensor) -> Tensor:
        batch, mel_frames, channels, _ = h.shape
        normed = _instance_norm(h, self.eps).flatten(2).transpose(1, 2)[:, :, None]
        mixed = F.conv2d(
            normed,
            self.weight,
            self.bias,
            padding=(0, self.dilation),
            dilation=(1, self.dilation),
        )
        mixed = mixed[:, :, 0].transpose(1, 2).reshape(batch, mel_frames, channels, -1)
        mixed = mixed + self.timestep(timestep)[:, None, None]
        out: Tensor = self.residual(h) + self.narrow(F.gelu(self.widen(F.gelu(mixed))))
        return out


class _Attention(nn.Module):
    def __init__(self, attention: LinearAttention, convert: _LayerConverter) -> None:
        super().__init__()
        self.eps = _eps(attention.in_fn[0])
        self.heads = attention.heads
        self.in_product, self.out_product = (
            convert.product(attention.in_fn[1]),
            convert.product(attention.out_fn),
        )

    def forward(self, h: Tensor, timestep: Tensor) -> Tensor:
        batch, mel_frames, channels, width = h.shape
        projected = self.in_product(_instance_norm(h, self.eps)).float()
        split = projected.reshape(batch, mel_frames, channels, 3, self.heads, width // self.heads)
        # query, key, value: (batch, channels, heads, mel_frames, head_width)
        query, key, value = split.permute(3, 0, 2, 4, 1, 5).unbind(0)
        query = query.softmax(dim=-1) / math.sqrt(query.shape[-1])
        summary = key.softmax(dim=-2).transpose(-1, -2) @ (value / mel_frames)
        attended = (query @ summary).permute(0, 3, 1, 2, 4).reshape(h.shape)
        out: Tensor = self.out_product(attended.to(h.dtype))
        return h + out


class _Resample(nn.Module):
    """A convolution that halves or doubles the time, for each channel by itself."""

    def __init__(self, convolution: nn.Conv2d | nn.ConvTranspose2d, dtype: torch.dtype) -> None:
        super().__init__()
        self.doubles = isinstance(convolution, nn.ConvTranspose2d)
        weight = convolution.weight.detach().to(dtype)
        weight = weight.contiguous(memory_format=torch.channels_last)
        self.register_buffer("weight", weight, persistent=False)
        self.weight: Tensor
        self.bias: Tensor
        assert convolution.bias is not None
        self.register_buffer("bias", convolution.bias.detach().to(dtype), persistent=False)

    def forward(self, h: Tensor, timestep: Tensor) -> Tensor:
        rows = h.permute(0, 3, 2, 1)
        run = F.conv_transpose2d if self.doubles else F.conv2d
        out: Tensor = run(rows, self.weight, self.bias, stride=(1, 2), padding=(0, 1))
        return out.permute(0, 3, 2, 1)


def across_channels(weight: Tensor, channels: int, dilation: int = 1) -> Tensor:
    """Return a padded 3×3 convolution over (channels, mel_frames) as one over mel_frames alone.

    weight: (out_width, in_width, 3, 3). Returns (channels * out_width, channels * in_width, 3),
    for a convolution of the same dilation: channel c of the result reads channel c + k * dilation
    by the kernel's row k + 1, k from -1 to 1.
    """
    out_width, in_width = weight.shape[:2]
    out = weight.new_zeros(channels, out_width, channels, in_width, 3)
    for target in range(channels):
        for row in range(3):
            source = target + (row - 1) * dilation
            if 0 <= source < channels:
                out[target, :, source] = weight[:, :, row]
    return out.reshape(channels * out_width, channels * in_width, 3)


def _eps(norm: nn.Module) -> float:
    assert isinstance(norm, nn.InstanceNorm2d)
    return norm.eps


def _instance_norm(h: Tensor, eps: float) -> Tensor:
    """Normalise each feature over channels and time, computed in float32."""
    flat = h.float().flatten(1, 2)
    centred = flat - flat.mean(1, keepdim=True)
    scale = (centred.square().mean(1, keepdim=True) + eps).rsqrt()
    return (centred * scale).to(h.dtype).reshape(h.shape)
