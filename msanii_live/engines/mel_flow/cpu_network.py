"""The flow network on a CPU: what does not change from step to step is worked out beforehand.

The mel lies frame by frame in memory, so that a token is a piece of it and nothing is rearranged
between the transformer and the detail network. What is known of a window enters the first layers as
a constant, and the modulations of all steps are one product. Weights are converted once.

Each thread computes some of the tokens, from the first layer to the last. Threads that share each
product wait for one another 90 times a step: two took 0.94 of the time of one. Here they wait in
each attention, where every token needs all others. A convolution looks at a few tokens beyond the
thread's own, which are computed twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F

from msanii_live.dsp.layers import timestep_embedding
from msanii_live.dsp.packed_layers import PackedLinear
from msanii_live.dsp.parallel import MAX_WORKERS, run_in_lockstep
from msanii_live.engines.mel_flow.conditions import Conditions
from msanii_live.engines.mel_flow.network import FlowNet
from msanii_live.engines.mel_flow.packed_blocks import (
    PackedConvolutionBlock,
    PackedDetail,
    TokenExchange,
    Vectors,
    modulated,
    pack_block,
)

StepVectors = tuple[list[Vectors], list[Vectors]]
"""Modulations in one step: of the blocks; of the last layer and the detail network's blocks."""

LEAST_TOKENS = 24  # of a thread: with fewer, too much is computed twice


@dataclass(frozen=True)
class _Window:
    """What does not change from step to step. detail_base: of the detail network's first layer."""

    base: torch.Tensor
    detail_base: torch.Tensor
    rotation: torch.Tensor
    exchanges: list[TokenExchange]

    def around(self, first: int, last: int, reach: int) -> slice:
        """Return the tokens [first, last) and so many on either side, as far as there are any."""
        return slice(max(0, first - reach), min(len(self.base), last + reach))


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
        self._blocks = [pack_block(block, dtype) for block in net.blocks]
        self._detail = None if net.detail is None else PackedDetail(net.detail, dtype)
        self._offsets = torch.stack([block.offset for block in self._blocks])
        self._offsets[:, [1, 4]] += 1  # a scale is relative to one
        others = [net.final, *(self._detail.modulate if self._detail is not None else [])]
        self._other_sizes = [len(layer.weight) for layer in others]
        one_more = [torch.arange(size) >= size // 2 for size in self._other_sizes]  # so are these
        self._others = (
            torch.cat([layer.weight for layer in others]),
            torch.cat([layer.bias for layer in others]) + torch.cat(one_more),
        )
        # Tokens to either side that layers look at, up to the first attention and from each on.
        self._reaches = [0]
        for block in self._blocks:
            if isinstance(block, PackedConvolutionBlock):
                self._reaches[-1] += block.reach
            else:
                self._reaches.append(0)
        if self._detail is not None:
            self._reaches[-1] += -(-self._detail.reach // config.patch)

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
        base, detail_base = self._bases(known * mask, mask, conditions.phase)
        tokens, width, heads = len(base), self.config.width, self.config.heads
        window = _Window(
            base,
            detail_base,
            self._rotation(tokens),
            [
                TokenExchange(
                    torch.empty(tokens, width), torch.empty(tokens, 3, heads, width // heads)
                )
                for _ in self._reaches[1:]
            ],
        )
        steps = dict(zip(times[:-1].tolist(), self._modulations(conditions, times, jumps),
                         strict=True))  # fmt: skip
        count = max(1, min(torch.get_num_threads(), MAX_WORKERS, tokens // LEAST_TOKENS))
        edges = [tokens * number // count for number in range(count + 1)]

        def denoise(x: torch.Tensor, t: torch.Tensor, to: torch.Tensor) -> torch.Tensor:
            clean, vectors = torch.empty(x.shape[-1], self._features), steps[float(t[0])]
            run_in_lockstep(
                [
                    self._piece(window, x[0].flatten(0, 1).t(), first, last, vectors, clean)
                    for first, last in pairwise(edges)
                ]
            )
            return clean.t().view(x.shape)

        return denoise

    def _piece(
        self,
        window: _Window,
        x: torch.Tensor,
        first: int,
        last: int,
        vectors: StepVectors,
        clean: torch.Tensor,
    ) -> Iterator[None]:
        """Compute tokens [first, last) of a step; yield where the others' tokens are needed.

        x: (mel_frames, features). clean: of the same shape, into which the tokens are written.
        """
        blocks, (final, *detail) = vectors
        patch, reaches = self.config.patch, iter(self._reaches)
        widest = window.around(first, last, max(self._reaches[0], self._reaches[-1]))
        noisy = x[_frames(widest, patch)].to(self.dtype).contiguous()
        here = window.around(first, last, next(reaches))
        h = window.base[here] + self._tokenise(
            noisy[_frames(here, patch, widest.start)].view(here.stop - here.start, -1)
        )
        exchanges = iter(window.exchanges)
        for block, modulation in zip(self._blocks, blocks, strict=True):
            if isinstance(block, PackedConvolutionBlock):
                h = block(h, modulation)
                continue
            exchange, own = next(exchanges), slice(first, last)
            mine = h[first - here.start : last - here.start]
            exchange.residual[own] = mine
            block.ask(mine, modulation, window.rotation[own], exchange.qkv[own])
            yield
            here = window.around(first, last, next(reaches))
            h = block.answer(exchange, here, modulation)
        out = _frames(here, patch)
        noisy = noisy[_frames(here, patch, widest.start)]
        coarse = self._detokenise(modulated(h, *final).to(self.dtype)).view(noisy.shape)
        made = coarse.float()
        if self._detail is not None:
            made += self._detail(coarse, noisy, window.detail_base[out], detail)
        own = _frames(slice(first, last), patch)
        clean[own] = made[own.start - out.start : own.stop - out.start]

    def _bases(
        self, known: torch.Tensor, mask: torch.Tensor, phase: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what is known in the first layer, (tokens, width), and in that of the detail."""
        fold, (weight, bias) = self._net.fold, self._constant
        folded, in_frames = fold(phase)[0], None
        if mask.any():
            in_frames = torch.cat([known.flatten(1, 2), mask.flatten(1, 2)], dim=1)
            folded, in_frames = torch.cat([fold(in_frames)[0], folded], dim=-1), in_frames[0].t()
        base = F.linear(folded, weight[:, -folded.shape[-1] :], bias)
        if self._detail is None:
            return base, torch.empty(0)
        return base, self._detail.constant(in_frames, known.shape[-1])

    def _rotation(self, tokens: int) -> torch.Tensor:
        """Return the rotations of a query or key by its place, complex64, (tokens, 1, pairs)."""
        width, heads = self.config.width, self.config.heads
        frequency = 10_000.0 ** (-torch.arange(0, width // heads, 2) / (width // heads))
        angle = torch.arange(tokens)[:, None].float() * frequency
        return torch.polar(torch.ones_like(angle), angle)[:, None]

    def _modulations(
        self, conditions: Conditions, times: torch.Tensor, jumps: bool
    ) -> list[StepVectors]:
        """Return, for each step, the modulations of the blocks, the last layer, and the detail."""
        net, now = self._net, times[:-1]
        ahead = now - times[1:] if jumps else torch.zeros_like(now)
        vector = net.condition_vector(now, conditions) + net.jump(timestep_embedding(ahead))
        shared = net.modulate(vector).reshape(len(now), 1, 6, -1)
        return [
            (
                [tuple(block.unbind(0)) for block in blocks.unbind(0)],
                [tuple(layer.chunk(2)) for layer in others.split(self._other_sizes)],
            )
            for blocks, others in zip(
                shared + self._offsets, F.linear(F.silu(vector), *self._others), strict=True
            )
        ]


def _frames(tokens: slice, patch: int, begin: int = 0) -> slice:
    """Return the mel frames of tokens, in a mel that begins with token `begin`."""
    return slice((tokens.start - begin) * patch, (tokens.stop - begin) * patch)
