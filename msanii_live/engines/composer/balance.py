"""How many notes there should be, and the bias on logits that gives so many."""

from __future__ import annotations

import torch

from msanii_live.engines.composer.conditions import FIRST, SCALARS, Batch
from msanii_live.engines.composer.notes import PARTS
from msanii_live.engines.composer.roll import BITS, ONSET

LARGEST = 3.0  # nats; beyond it the network is believed, not the order
HALVINGS = 7


def wanted_notes(conditions: Batch, known: torch.Tensor, rolls: torch.Tensor) -> torch.Tensor:
    """Return how many notes of each part are still to be written, NaN where nobody says.

    It is said where both the part's notes a bar and the bars in which it plays are told.
    known: float32, (batch, bars, parts). rolls: the known notes, (batch, steps, WIDTH). Returns
    float32, (batch, parts).
    """
    first = SCALARS - len(PARTS)
    a_bar = torch.exp2(2 * (conditions.scalars[:, first:] + 1)) - 1
    plays = conditions.bars[..., FIRST[5] :: 2]
    silent = conditions.bars[..., FIRST[5] + 1 :: 2]
    told = conditions.told[:, first:] & ((plays + silent) > 0).all(1)
    total = a_bar * plays.sum(1)
    bars = known.shape[1]
    for place, part in enumerate(PARTS):
        given = (rolls[..., ONSET[part]] > 0).float().sum(-1)
        given = given.reshape(len(rolls), bars, -1).sum(-1) * known[..., place]
        total[:, place] -= given.sum(-1)
    total = torch.maximum(total, 0.1 * a_bar)
    return torch.where(told, total, torch.nan)


def balancing_bias(
    logits: torch.Tensor, open_: torch.Tensor, wanted: torch.Tensor, usual: torch.Tensor
) -> torch.Tensor:
    """Return what is to be taken off the logits so that as many notes are expected as wanted.

    logits: (batch, steps, WIDTH). open_: float32, (batch, steps, parts), 1 where notes are to be
    written. wanted: (batch, parts), from `wanted_notes`. usual: (parts,), the bias where nothing
    is wanted. Returns (batch, 1, BITS), 0 for holds; it stays within LARGEST.
    """
    bias = torch.zeros(len(logits), 1, BITS, device=logits.device)
    for place, part in enumerate(PARTS):
        here = logits[..., ONSET[part]].float()
        mask = open_[..., place, None]
        low = torch.full((len(logits), 1, 1), -LARGEST, device=logits.device)
        high = -low
        goal = wanted[:, place, None, None]
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            count = (torch.sigmoid(here - middle) * mask).sum((1, 2), keepdim=True)
            low = torch.where(count > goal, middle, low)
            high = torch.where(count > goal, high, middle)
        found = torch.where(goal.isnan(), usual[place], (low + high) / 2)
        bias[..., ONSET[part]] = found
    return bias
