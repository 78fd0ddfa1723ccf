"""The composer's loss: how far the network's clean roll is from the true one."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from msanii_live.engines.composer.denoising import per_channel
from msanii_live.engines.composer.network import ComposerNet
from msanii_live.engines.composer.roll import BITS, ONSET
from msanii_live.notes import PARTS
from msanii_live.training.trainers.composer.windows import Examples


@dataclass(frozen=True)
class LossWeights:
    """How the parts of the loss are weighted.

    onset, hold: of a bit that is on, where one that is off weighs 1. feel: of velocity,
    micro-timing and release.
    """

    onset: float = 3.0
    hold: float = 1.0
    feel: float = 0.3


def draw_levels(size: int, generator: torch.Generator) -> torch.Tensor:
    """Draw noise levels, float32, (size,): mostly high, a tenth of them between 0.9 and 1.

    Source: Esser et al. 2024, arXiv:2403.03206, section 3.1 (logit-normal), its mean moved up.
    """
    usual = torch.sigmoid(1.3 * torch.randn(size, generator=generator) + 1.0)
    high = 1.0 - 0.1 * torch.rand(size, generator=generator) ** 2
    pick = torch.rand(size, generator=generator) < 0.1
    return torch.where(pick, high, usual).clamp(0.001, 1.0)


def composer_loss(
    net: ComposerNet, examples: Examples, weights: LossWeights, generator: torch.Generator
) -> torch.Tensor:
    """Return the loss of a batch, a scalar: nats for each unknown step of a part.

    Source: Liu et al. 2022, arXiv:2209.03003, eq. 1 (straight path from data to noise), with the
    clean data predicted; for bits by their logits and cross-entropy as Chen et al. 2022,
    arXiv:2208.04202, section 3 treats bits as real numbers.
    """
    rolls = examples.rolls
    level = draw_levels(len(rolls), generator).to(rolls.device)
    noise = torch.randn(rolls.shape, generator=generator).to(rolls.device)
    at = level[:, None, None]
    known = per_channel(examples.known, rolls.shape[1])
    noisy = torch.where(known > 0, rolls, torch.lerp(rolls, noise, at))
    answer = net(noisy, examples.known, level, examples.conditions)
    return roll_loss(answer, rolls, 1.0 - known, weights)


def roll_loss(
    answer: torch.Tensor, rolls: torch.Tensor, open_: torch.Tensor, weights: LossWeights
) -> torch.Tensor:
    """Return the loss of logits and values. answer, rolls, open_: (batch, steps, WIDTH).

    open_: 1 where the notes are unknown, else 0.
    """
    truth = (rolls[..., :BITS] > 0).float()
    bits = F.binary_cross_entropy_with_logits(
        answer[..., :BITS],
        truth,
        weight=open_[..., :BITS],
        pos_weight=_positive(weights).to(answer.device),
        reduction="sum",
    )
    feel = F.huber_loss(answer[..., BITS:], rolls[..., BITS:], reduction="none", delta=0.5)
    feel = (feel * onset_places(truth) * open_[..., BITS:]).sum()
    part_steps = sum(open_[..., ONSET[part].start].sum() for part in PARTS)
    return (bits + weights.feel * feel) / torch.clamp(torch.as_tensor(part_steps), min=1.0)


def onset_places(truth: torch.Tensor) -> torch.Tensor:
    """Return 1 where a value channel means something. truth: bits as 0 and 1."""
    drums = truth[..., ONSET["drums"]].repeat_interleave(2, -1)
    parts = [
        truth[..., ONSET[part]].amax(-1, keepdim=True).expand(*truth.shape[:-1], 3)
        for part in PARTS[1:]
    ]
    return torch.cat([drums, *parts], -1)


def _positive(weights: LossWeights) -> torch.Tensor:
    positive = torch.full((BITS,), weights.hold)
    for part in PARTS:
        positive[ONSET[part]] = weights.onset
    return positive
