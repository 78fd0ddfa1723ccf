"""The blocks of the flow network on a CPU: their weights are converted once, their rows are tokens.

Each takes some tokens of one window, which follow one another.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from msanii_live.dsp.layers import ModulatedConvNeXtBlock
from msanii_live.dsp.packed_layers import PackedConvolution, PackedLinear
from msanii_live.engines.mel_flow.detail_network import DetailNetwork
from msanii_live.engines.mel_flow.network import AdaLNBlock, GatedConvolution, RotaryAttention

Vectors = tuple[torch.Tensor, ...]
"""Modulations of one layer in one step, float32, (width,) each."""


@dataclass(frozen=True)
class TokenExchange:
    """What the threads tell one another at an attention: rows of all tokens.

    residual: float32, (tokens, width). qkv: float32, (tokens, 3, heads, size), rotated.
    """

    residual: torch.Tensor
    qkv: torch.Tensor


class PackedMlp:
    """The second half of an `AdaLNBlock`, of tokens, (tokens, width)."""

    def __init__(self, block: AdaLNBlock, dtype: torch.dtype) -> None:
        self._dtype = dtype
        self._enter = PackedLinear.of(block.mlp[0], dtype, has_gelu=True)
        self._leave = PackedLinear.of(block.mlp[2], dtype)

    def __call__(self, x: torch.Tensor, vectors: Vectors) -> torch.Tensor:
        """Apply it to some tokens."""
        _, _, _, shift, scale, gate = vectors
        h = modulated(x, shift, scale).to(self._dtype)
        return torch.addcmul(x, gate, self._leave(self._enter(h)))


class PackedConvolutionBlock:
    """An `AdaLNBlock` with a `GatedConvolution`, of tokens that follow one another.

    reach: tokens on either side that the result depends on.
    """

    def __init__(self, block: AdaLNBlock, layer: GatedConvolution, dtype: torch.dtype) -> None:
        self.offset, self._dtype = block.offset, dtype
        value, gate = layer.gate.weight.chunk(2)
        value_bias, gate_bias = layer.gate.bias.chunk(2)
        self._value = PackedLinear(value, value_bias, dtype)
        self._gate = PackedLinear(gate, gate_bias, dtype)
        self._depthwise = PackedConvolution(layer.depthwise, dtype)
        self.reach = self._depthwise.reach
        self._out = PackedLinear.of(layer.out, dtype)
        self._mlp = PackedMlp(block, dtype)

    def __call__(self, x: torch.Tensor, vectors: Vectors) -> torch.Tensor:
        """Apply it to tokens, beyond which there are none."""
        shift, scale, gate, _, _, _ = vectors
        h = modulated(x, shift, scale).to(self._dtype)
        mixed = self._depthwise(self._value(h)).mul_(F.silu(self._gate(h)))
        return self._mlp(torch.addcmul(x, gate, self._out(mixed)), vectors)


class PackedAttentionBlock:
    """An `AdaLNBlock` with a `RotaryAttention`, with the two features of a pair side by side."""

    def __init__(self, block: AdaLNBlock, layer: RotaryAttention, dtype: torch.dtype) -> None:
        self.offset, self._dtype = block.offset, dtype
        width = layer.out.weight.shape[0]
        size = width // layer.heads
        pairs = torch.arange(size).view(2, -1).t().reshape(-1)
        turned = (torch.arange(2 * layer.heads)[:, None] * size + pairs).flatten()
        order = torch.cat([turned, torch.arange(2 * width, 3 * width)])
        self._qkv = PackedLinear(layer.qkv.weight[order], layer.qkv.bias[order], dtype)
        self._out = PackedLinear.of(layer.out, dtype)
        self._mlp = PackedMlp(block, dtype)

    def ask(
        self, x: torch.Tensor, vectors: Vectors, rotation: torch.Tensor, qkv: torch.Tensor
    ) -> None:
        """Write the rotated queries and keys, and the values, of some tokens into `qkv`."""
        shift, scale, _, _, _, _ = vectors
        qkv.copy_(self._qkv(modulated(x, shift, scale).to(self._dtype)).view(qkv.shape))
        pairs = torch.view_as_complex(qkv[:, :2].view(len(x), 2, qkv.shape[2], -1, 2))
        pairs.mul_(rotation[:, None])

    def answer(self, exchange: TokenExchange, here: slice, vectors: Vectors) -> torch.Tensor:
        """Return the block's result for some tokens."""
        _, _, gate, _, _, _ = vectors
        query, key, value = exchange.qkv.transpose(0, 2)[None].unbind(2)
        mixed = F.scaled_dot_product_attention(query[:, :, here], key, value)[0]
        out = self._out(mixed.transpose(0, 1).flatten(1).to(self._dtype))
        return self._mlp(torch.addcmul(exchange.residual[here], gate, out), vectors)


def pack_block(
    block: torch.nn.Module, dtype: torch.dtype
) -> PackedConvolutionBlock | PackedAttentionBlock:
    """Return the form of a block for a CPU."""
    assert isinstance(block, AdaLNBlock)
    if isinstance(block.mixer, GatedConvolution):
        return PackedConvolutionBlock(block, block.mixer, dtype)
    assert isinstance(block.mixer, RotaryAttention)
    return PackedAttentionBlock(block, block.mixer, dtype)


class PackedDetail:
    """A `DetailNetwork` of mel frames that follow one another, (mel_frames, features).

    reach: mel frames on either side that the result depends on.
    """

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
        self.reach = sum(depthwise.reach for depthwise, _, _ in self._blocks)

    def constant(self, known: torch.Tensor | None, mel_frames: int) -> torch.Tensor:
        """Return what known mel and mask add to the first layer, (mel_frames, width).

        known: (mel_frames, inputs), None if nothing is known.
        """
        weight, bias = self._constant
        added = bias.expand(mel_frames, -1) if known is None else F.linear(known, weight, bias)
        return added.to(self._dtype)

    def __call__(
        self, coarse: torch.Tensor, noisy: torch.Tensor, base: torch.Tensor, vectors: list[Vectors]
    ) -> torch.Tensor:
        """Return what is added to the coarse mel. base: of `constant`, of these mel frames."""
        h = self._coarse(coarse) + self._noisy(noisy) + base
        for (depthwise, enter, leave), (shift, scale) in zip(self._blocks, vectors, strict=True):
            mixed = F.layer_norm(depthwise(h), scale.shape, scale, shift)
            h = h + leave(enter(mixed))
        return self._leave(F.gelu(h))


def modulated(x: torch.Tensor, shift: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Normalise features, then scale and shift them."""
    return F.layer_norm(x, scale.shape, scale, shift)
