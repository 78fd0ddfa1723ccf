"""The flow network on a CPU: what does not change from step to step is worked out beforehand.

The mel lies frame by frame in memory, so that a token is a piece of it and nothing is rearranged
between the transformer and the detail network. What is known of a window enters the first layers as
a constant, and the modulations of all steps are one product. Weights are converted once.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F

from msanii_live.dsp.layers import ModulatedConvNeXtBlock, timestep_embedding
from msanii_live.dsp.packed_layers import PackedConvolution, PackedLinear
from msanii_live.engines.mel_flow.conditions import Conditions
from msanii_live.engines.mel_flow.detail_network import DetailNetwork
from msanii_live.engines.mel_flow.network import (
    AdaLNBlock,
    FlowNet,
    GatedConvolution,
    RotaryAttention,
)

Vectors = tuple[torch.Tensor, ...]
"""Modulations of one layer in one step, float32, (width,) each."""


class CpuFlowNet:
    """A flow network for one window at a time, without guidance; it computes what `FlowNet` does.

    Up to rounding: the residual stream, norms and attention are float32, products are in `dtype`.
    """

    def __init__(self, net: FlowNet, dtype: torch.dtype) -> None:
        """Convert the weights of a network on the CPU."""
        config = net.config
        self.dtype, self.config = dtype, config
        self._net = net
        self._features = config.channels * config.mels
        values = self._features * config.patch
        shape = (config.width, self._features, config.patch)
        # From (feature, frame of the patch) to the order in which a mel lies frame by frame.
        noisy = net.tokenise.weight[:, :values].reshape(shape).transpose(1, 2).reshape(-1, values)
        self._tokenise = PackedLinear(noisy, None, dtype)
        self._constant = net.tokenise.weight[:, values:], net.tokenise.bias
        back = net.detokenise.weight.t().reshape(shape).transpose(1, 2).reshape(-1, values)
        bias = net.detokenise.bias.reshape(self._features, config.patch).t().reshape(-1)
        self._detokenise = PackedLinear(back.t(), bias, dtype)
        self._blocks = [_Block(block, config.heads, dtype) for block in net.blocks]
        self._detail = None if net.detail is None else _Detail(net.detail, dtype)

    def denoiser(
        self,
        known: torch.Tensor,
        mask: torch.Tensor,
        conditions: Conditions,
        times: torch.Tensor,
        jumps: bool,
    ) -> Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]:
        """Return a denoiser of one window, as `sample_euler` takes it.

        known, mask, conditions: see `FlowNet.forward`; a batch of one. times: the noise levels of
        the sampling, (steps + 1,). jumps: the network is told where each step goes to.
        """
        known = known * mask
        rest = torch.cat([self._net.fold(known.flatten(1, 2)), self._net.fold(mask.flatten(1, 2)),
                          self._net.fold(conditions.phase)], dim=-1)  # fmt: skip
        base = F.linear(rest[0], *self._constant)
        in_frames = torch.cat([known.flatten(1, 2), mask.flatten(1, 2)], dim=1)[0].t()
        detail_base = None if self._detail is None else self._detail.constant(in_frames)
        rotation = self._rotation(len(base))
        steps = dict(zip(times[:-1].tolist(), self._modulations(conditions, times, jumps),
                         strict=True))  # fmt: skip

        def denoise(x: torch.Tensor, t: torch.Tensor, to: torch.Tensor) -> torch.Tensor:
            blocks, final, detail = steps[float(t[0])]
            noisy = x[0].flatten(0, 1).t().to(self.dtype).contiguous()  # (mel_frames, features)
            h = base + self._tokenise(noisy.view(len(base), -1))
            for block, vectors in zip(self._blocks, blocks, strict=True):
                h = block(h, vectors, rotation)
            coarse = self._detokenise(_modulated(h, *final).to(self.dtype)).view(noisy.shape)
            clean = coarse.float()
            if self._detail is not None and detail_base is not None:
                clean += self._detail(coarse, noisy, detail_base, detail)
            return clean.t().view(x.shape)

        return denoise

    def _rotation(self, tokens: int) -> torch.Tensor:
        """Return the rotations of a query or key by its place, complex64, (tokens, 1, pairs)."""
        width, heads = self.config.width, self.config.heads
        frequency = 10_000.0 ** (-torch.arange(0, width // heads, 2) / (width // heads))
        angle = torch.arange(tokens)[:, None].float() * frequency
        return torch.polar(torch.ones_like(angle), angle)[:, None]

    def _modulations(
        self, conditions: Conditions, times: torch.Tensor, jumps: bool
    ) -> list[tuple[list[Vectors], Vectors, list[Vectors]]]:
        """Return, for each step, the modulations of the blocks, the last layer, and the detail."""
        net, now = self._net, times[:-1]
        ahead = now - times[1:] if jumps else torch.zeros_like(now)
        vector = net.condition_vector(now, conditions) + net.jump(timestep_embedding(ahead))
        shared = net.modulate(vector).reshape(len(now), 6, -1)
        activated = F.silu(vector)
        each = torch.stack([shared + block.offset for block in self._blocks], dim=1)
        each[:, :, [1, 4]] += 1
        final = _shift_scale(net.final(activated))
        details = [_shift_scale(layer(activated)) for layer in self._detail.modulate] if (
            self._detail is not None) else []  # fmt: skip
        return [
            (
                [tuple(block.unbind(0)) for block in each[step].unbind(0)],
                (final[0][step], final[1][step]),
                [(shift[step], scale[step]) for shift, scale in details],
            )
            for step in range(len(now))
        ]


class _Block:
    """An `AdaLNBlock` of one window, (tokens, width)."""

    def __init__(self, block: torch.nn.Module, heads: int, dtype: torch.dtype) -> None:
        assert isinstance(block, AdaLNBlock)
        self.offset = block.offset
        self._dtype = dtype
        mixer = block.mixer
        self._mix: _Convolution | _Attention
        if isinstance(mixer, GatedConvolution):
            self._mix = _Convolution(mixer, dtype)
        else:
            assert isinstance(mixer, RotaryAttention)
            self._mix = _Attention(mixer, dtype)
        self._enter = PackedLinear.of(block.mlp[0], dtype, has_gelu=True)
        self._leave = PackedLinear.of(block.mlp[2], dtype)

    def __call__(self, x: torch.Tensor, vectors: Vectors, rotation: torch.Tensor) -> torch.Tensor:
        shift_1, scale_1, gate_1, shift_2, scale_2, gate_2 = vectors
        h = _modulated(x, shift_1, scale_1).to(self._dtype)
        x = torch.addcmul(x, gate_1, self._mix(h, rotation))
        h = _modulated(x, shift_2, scale_2).to(self._dtype)
        return torch.addcmul(x, gate_2, self._leave(self._enter(h)))


class _Convolution:
    """A `GatedConvolution` of one window."""

    def __init__(self, layer: GatedConvolution, dtype: torch.dtype) -> None:
        value, gate = layer.gate.weight.chunk(2)
        value_bias, gate_bias = layer.gate.bias.chunk(2)
        self._value = PackedLinear(value, value_bias, dtype)
        self._gate = PackedLinear(gate, gate_bias, dtype)
        self._depthwise = PackedConvolution(layer.depthwise, dtype)
        self._out = PackedLinear.of(layer.out, dtype)

    def __call__(self, x: torch.Tensor, rotation: torch.Tensor) -> torch.Tensor:
        mixed = self._depthwise(self._value(x))
        return self._out(mixed * F.silu(self._gate(x)))


class _Attention:
    """A `RotaryAttention` of one window, with the two features of a pair side by side."""

    def __init__(self, layer: RotaryAttention, dtype: torch.dtype) -> None:
        self._heads = layer.heads
        width = layer.out.weight.shape[0]
        size = width // layer.heads
        pairs = torch.arange(size).view(2, -1).t().reshape(-1)
        turned = (torch.arange(2 * layer.heads)[:, None] * size + pairs).flatten()
        order = torch.cat([turned, torch.arange(2 * width, 3 * width)])
        self._qkv = PackedLinear(layer.qkv.weight[order], layer.qkv.bias[order], dtype)
        self._out = PackedLinear.of(layer.out, dtype)
        self._dtype = dtype

    def __call__(self, x: torch.Tensor, rotation: torch.Tensor) -> torch.Tensor:
        tokens, width = x.shape
        qkv = self._qkv(x).float()
        pairs = torch.view_as_complex(qkv[:, : 2 * width].reshape(tokens, 2 * self._heads, -1, 2))
        turned = torch.view_as_real(pairs * rotation).flatten(-2).transpose(0, 1)
        value = qkv[:, 2 * width :].reshape(tokens, self._heads, -1).transpose(0, 1)
        mixed = F.scaled_dot_product_attention(
            turned[None, : self._heads], turned[None, self._heads :], value[None]
        )[0]
        return self._out(mixed.transpose(0, 1).reshape(tokens, width).to(self._dtype))


class _Detail:
    """A `DetailNetwork` of one window, (mel_frames, features)."""

    def __init__(self, net: DetailNetwork, dtype: torch.dtype) -> None:
        features = net.leave.weight.shape[0]
        self._dtype = dtype
        self._coarse = PackedLinear(net.enter.weight[:, :features], None, dtype)
        self._noisy = PackedLinear(net.enter.weight[:, features : 2 * features], None, dtype)
        self._constant = net.enter.weight[:, 2 * features :], net.enter.bias
        self.modulate, self._blocks = [], []
        for block in net.blocks:
            assert isinstance(block, ModulatedConvNeXtBlock)
            self.modulate.append(block.modulate)
            self._blocks.append(
                (
                    PackedConvolution(block.depthwise, dtype),
                    PackedLinear.of(block.mlp[0], dtype, has_gelu=True),
                    PackedLinear.of(block.mlp[2], dtype),
                )
            )
        self._leave = PackedLinear.of(net.leave, dtype)

    def constant(self, known: torch.Tensor) -> torch.Tensor:
        """Return what known mel and mask add to the first layer. known: (mel_frames, inputs)."""
        return F.linear(known, *self._constant).to(self._dtype)

    def __call__(
        self, coarse: torch.Tensor, noisy: torch.Tensor, base: torch.Tensor, vectors: list[Vectors]
    ) -> torch.Tensor:
        h = self._coarse(coarse) + self._noisy(noisy) + base
        for (depthwise, enter, leave), (shift, scale) in zip(self._blocks, vectors, strict=True):
            mixed = F.layer_norm(depthwise(h), scale.shape, scale, shift)
            h = h + leave(enter(mixed))
        return self._leave(F.gelu(h))


def _modulated(x: torch.Tensor, shift: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Normalise features, then scale and shift them."""
    return F.layer_norm(x, scale.shape, scale, shift)


def _shift_scale(both: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the shift, and one plus the scale."""
    shift, scale = both.chunk(2, dim=-1)
    return shift, 1 + scale
