"""The composer's network: a transformer that cleans a noisy roll, told what to compose."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import nn

from msanii_live.engines.composer.conditions import BAR_FEATURES, SCALARS, ConditionBatch
from msanii_live.engines.composer.notes import METRES
from msanii_live.engines.composer.roll import BITS, WIDTH
from msanii_live.notes import PARTS

STEPS_A_TOKEN = 2
PLACES = 12  # tokens in the longest bar
MODES = 3  # major, minor, unknown
LEVELS = 32  # frequencies that describe a noise level
SUREST = 20.0  # nats
VALUE_VARIANCE = 0.3


@dataclass(frozen=True)
class NetworkConfig:
    """The network's sizes. styles: the names it knows, in the order of their embedding."""

    styles: tuple[str, ...]
    width: int = 256
    blocks: int = 7
    heads: int = 4
    hidden: int = 768

    def __post_init__(self) -> None:
        if self.width % (4 * self.heads):
            raise ValueError(f"width {self.width} must be a multiple of {4 * self.heads}")


class Block(nn.Module):
    """A transformer block whose normalisations are scaled and shifted by the conditions.

    Source: Peebles and Xie 2022, arXiv:2212.09748, section 3.2 (adaLN-Zero); one shared modulation
    with a table a block as in Chen et al. 2023, arXiv:2310.00426, section 2.3.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        width = config.width
        self.heads = config.heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.up = nn.Linear(width, config.hidden)
        self.down = nn.Linear(config.hidden, width)
        self.table = nn.Parameter(torch.zeros(6, width))

    def forward(self, x: torch.Tensor, modulation: torch.Tensor, turns: Turns) -> torch.Tensor:
        """x: (batch, tokens, width). modulation: (batch, 6, width). turns: see `rotate`."""
        shift, scale, gate, shift2, scale2, gate2 = (modulation + self.table)[:, None].unbind(2)
        h = F.layer_norm(x, x.shape[-1:]) * (1 + scale) + shift
        batch, tokens, width = h.shape
        qkv = self.qkv(h).view(batch, tokens, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        h = attention(rotate(q, turns), rotate(k, turns), v)
        x = x + gate * self.out(h.transpose(1, 2).reshape(batch, tokens, width))
        h = F.layer_norm(x, x.shape[-1:]) * (1 + scale2) + shift2
        h = self.down(F.gelu(self.up(h), approximate="tanh"))
        return torch.addcmul(x, gate2, h)


Turns = tuple[torch.Tensor, torch.Tensor]


def attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Let every token attend to all. q, k, v: (batch, heads, tokens, size).

    Written out because PyTorch's fused kernel takes three times as long in bfloat16 on a CPU, to
    train on 128 tokens.
    Source: Vaswani et al. 2017, arXiv:1706.03762, eq. 1.
    """
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
    return torch.matmul(scores.softmax(-1), v)


def turns_of(bars: int, tokens_per_bar: int, size: int) -> Turns:
    """Return cosines and sines of every token's rotation, float32, (tokens, size / 2).

    Half of the angles count bars and half the place in the bar, so that "the same place, four
    bars ago" is one direction whatever the metre. size: channels of a head.
    Source: Su et al. 2021, arXiv:2104.09864, section 3.2, with two axes.
    """
    quarter = size // 4
    bar = torch.arange(bars).repeat_interleave(tokens_per_bar).float()
    place = torch.arange(tokens_per_bar).repeat(bars).float()
    frequencies = math.pi * torch.logspace(0, -1.5, quarter)
    angles = torch.cat([bar[:, None] * frequencies, place[:, None] * frequencies], -1)
    return angles.cos(), angles.sin()


def rotate(x: torch.Tensor, turns: Turns) -> torch.Tensor:
    """Rotate pairs of channels by each token's angles. x: (batch, heads, tokens, size)."""
    cos, sin = (each.to(x.dtype) for each in turns)
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


class ComposerNet(nn.Module):
    """A transformer from a noisy roll, its known places and its conditions to the clean roll."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        per_token = STEPS_A_TOKEN * WIDTH + len(PARTS) + BAR_FEATURES
        self.enter = nn.Linear(per_token, width)
        self.place = nn.Embedding(len(METRES) * PLACES, width)
        self.style = nn.Embedding(len(config.styles) + 1, width)
        self.mode = nn.Embedding(MODES, width)
        self.metre = nn.Embedding(len(METRES), width)
        self.scalars = nn.Linear(2 * SCALARS, width)
        self.level = nn.Sequential(nn.Linear(2 * LEVELS, width), nn.SiLU(), nn.Linear(width, width))
        self.modulate = nn.Linear(width, 6 * width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.blocks))
        self.leave_table = nn.Linear(width, 2 * width)
        self.leave = nn.Linear(width, STEPS_A_TOKEN * WIDTH)
        self._initialise()

    def _initialise(self) -> None:
        for embedding in (self.place, self.style, self.mode, self.metre):
            nn.init.normal_(embedding.weight, std=0.02)
        for block in cast(list[Block], list(self.blocks)):
            for linear in (block.qkv, block.up):
                nn.init.xavier_uniform_(linear.weight)
            for linear in (block.out, block.down):
                nn.init.normal_(linear.weight, std=0.02 / math.sqrt(2 * self.config.blocks))
        for linear in (self.modulate, self.leave_table):
            nn.init.zeros_(linear.weight)
            nn.init.zeros_(linear.bias)
        with torch.no_grad():
            width = self.config.width
            self.modulate.bias.view(6, width)[2::3] = 1.0  # gates start open
        nn.init.normal_(self.leave.weight, std=0.02)
        nn.init.zeros_(self.leave.bias)
        with torch.no_grad():
            self.leave.bias.view(STEPS_A_TOKEN, WIDTH)[:, :BITS] = -4.0  # notes are rare

    def forward(
        self, x: torch.Tensor, known: torch.Tensor, level: torch.Tensor, conditions: ConditionBatch
    ) -> torch.Tensor:
        """Return logits of the bits and the values of the clean roll, (batch, steps, WIDTH).

        x: the noisy roll, bits as -1 and 1, clean where it is known, float32, (batch, steps,
        WIDTH). known: float32, (batch, bars, parts), 1 where the notes are given. level: noise
        level 0-1, float32, (batch,). conditions: of as many windows and bars.
        """
        batch, steps, _ = x.shape
        bars = conditions.bars.shape[1]
        tokens = steps // STEPS_A_TOKEN
        per_bar = tokens // bars
        specified = conditions.specified.float()
        c = self.style(conditions.style) + self.mode(conditions.mode)
        c = c + self.metre(conditions.metre) + self.level(_waves(level))
        c = F.silu(c + self.scalars(torch.cat([conditions.scalars * specified, specified], -1)))
        features = torch.cat([known, conditions.bars], -1).repeat_interleave(per_bar, 1)
        h = self.enter(torch.cat([x.reshape(batch, tokens, -1), features], -1))
        places = torch.arange(per_bar, device=x.device).repeat(bars)
        h = h + self.place(conditions.metre[:, None] * PLACES + places)
        modulation = self.modulate(c).view(batch, 6, -1)
        turns = turns_of(bars, per_bar, self.config.width // self.config.heads)
        turns = (turns[0].to(x.device), turns[1].to(x.device))
        for block in self.blocks:
            h = block(h, modulation, turns)
        shift, scale = self.leave_table(c)[:, None].chunk(2, -1)
        h = F.layer_norm(h, h.shape[-1:]) * (1 + scale) + shift
        told_by_others = self.leave(h).float().view(batch, steps, WIDTH)
        return torch.add(told_by_others, evidence(x, level))


def evidence(x: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
    """Return what each noisy channel says about itself, (batch, steps, WIDTH), float32.

    For bits, the log of how much likelier x is if the bit is on: a bit b of ±1 at noise level t
    is x = (1 - t) b + t e, so this is 2 (1 - t) x / t², kept within ±SUREST. The logit of a bit is
    by Bayes' rule this plus what all other channels say, and only the latter has to pass through
    the network, which is narrower than a roll. For values, the mean of a Gaussian of variance
    VALUE_VARIANCE around 0, given x.
    Source: as the skip connection of Karras et al. 2022, arXiv:2206.00364, section 5, for bits.
    """
    t = level[:, None, None].float()
    clean = 1 - t
    bits = (2 * clean / t**2 * x[..., :BITS].float()).clamp(-SUREST, SUREST)
    share = clean * VALUE_VARIANCE / (clean**2 * VALUE_VARIANCE + t**2)
    return torch.cat([bits, share * x[..., BITS:].float()], -1)


def _waves(level: torch.Tensor) -> torch.Tensor:
    """Describe noise levels by waves, float32, (batch, 2 * LEVELS)."""
    angles = level[:, None] * torch.exp(torch.linspace(0.0, 6.0, LEVELS, device=level.device))
    return torch.cat([angles.sin(), angles.cos()], -1)
