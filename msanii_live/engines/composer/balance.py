"""How many notes there should be, and the bias on logits that gives so many."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from msanii_live.engines.composer.conditions import FIRST, SCALARS, ConditionBatch
from msanii_live.engines.composer.note_choice import UNLIKELY, Means, Onsets, choose_notes
from msanii_live.engines.composer.roll import ONSET
from msanii_live.notes import PARTS

LARGEST = 3.0  # nats; beyond it the network is believed, not the conditions
HALVINGS = 7


def wanted_notes(
    conditions: ConditionBatch, known: torch.Tensor, rolls: torch.Tensor
) -> torch.Tensor:
    """Return how many notes of each part are still to be written, NaN where nobody says.

    It is said where both the part's notes a bar and the bars in which it plays are told. None are
    wanted where it plays in no open bar.
    known: float32, (batch, bars, parts). rolls: the known notes, (batch, steps, WIDTH). Returns
    float32, (batch, parts).
    """
    first = SCALARS - len(PARTS)
    a_bar = torch.exp2(2 * (conditions.scalars[:, first:] + 1)) - 1
    plays = conditions.bars[..., FIRST[5] :: 2]
    silent = conditions.bars[..., FIRST[5] + 1 :: 2]
    specified = conditions.specified[:, first:] & ((plays + silent) > 0).all(1)
    total = a_bar * plays.sum(1)
    bars = known.shape[1]
    for place, part in enumerate(PARTS):
        given = (rolls[..., ONSET[part]] > 0).float().sum(-1)
        given = given.reshape(len(rolls), bars, -1).sum(-1) * known[..., place]
        total[:, place] -= given.sum(-1)
    total = torch.maximum(total, 0.1 * a_bar)
    total = torch.where((plays * (1 - known)).sum(1) > 0, total, 0.0)
    return torch.where(specified, total, torch.nan)


def balanced(
    logits: torch.Tensor,
    open_: torch.Tensor,
    wanted: torch.Tensor,
    usual: torch.Tensor,
    sharpness: float = 1.0,
) -> torch.Tensor:
    """Return logits of which as many notes are expected as are wanted.

    Those of onsets are multiplied by `sharpness` and moved by one number a window and part, at
    most LARGEST times `sharpness`. Where it is above 1, likely notes become surer and others
    rarer, so that notes whose place is not settled do not all fade away.
    logits: (batch, steps, WIDTH). open_: float32, (batch, steps, parts), 1 where notes are to be
    written. wanted: (batch, parts), from `wanted_notes`. usual: (parts,), what is taken off where
    nothing is wanted.
    """
    result = logits.clone()
    for place, part in enumerate(PARTS):
        here = logits[..., ONSET[part]] * sharpness
        mask = open_[..., place, None]
        low = torch.full((len(logits), 1, 1), -LARGEST * sharpness, device=logits.device)
        high = -low
        goal = wanted[:, place, None, None]
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            count = (torch.sigmoid(here - middle) * mask).sum((1, 2), keepdim=True)
            low = torch.where(count > goal, middle, low)
            high = torch.where(count > goal, high, middle)
        plain = logits[..., ONSET[part]] - usual[place]
        result[..., ONSET[part]] = torch.where(goal.isnan(), plain, here - (low + high) / 2)
    return result


def silenced(rolls: torch.Tensor, conditions: ConditionBatch, open_: torch.Tensor) -> torch.Tensor:
    """Return sampled rolls in which no note begins in a bar whose part is told to be silent.

    rolls: (batch, steps, WIDTH). open_: as of `balanced`; given notes stay.
    """
    silent = conditions.bars[..., FIRST[5] + 1 :: 2]
    quiet = silent.repeat_interleave(rolls.shape[1] // silent.shape[1], 1) * open_ > 0
    result = rolls.clone()
    for place, part in enumerate(PARTS):
        result[..., ONSET[part]] = torch.where(
            quiet[..., place, None], -1.0, rolls[..., ONSET[part]]
        )
    return result


def decided(
    rolls: torch.Tensor,
    open_: torch.Tensor,
    wanted: torch.Tensor,
    given: torch.Tensor,
    early: torch.Tensor,
    arpeggios: Sequence[bool],
) -> torch.Tensor:
    """Return sampled rolls whose onsets are decided, -1 or 1, where notes are to be written.

    There are as many as are wanted, up to a chord, the likeliest ones; see `choose_notes`. Of drums
    they are the likeliest places.
    rolls, given, early: (batch, steps, WIDTH), sampled, with the known notes, and as guessed early.
    open_, wanted: as of `balanced`. arpeggios: of each window, whether its chords are broken.
    """
    result = rolls.clone()
    for place, part in enumerate(PARTS):
        channels = ONSET[part]
        numbers = wanted[:, place].tolist()
        for row, known, guess, is_open, number, broken in zip(
            result, given, early, open_[..., place] > 0, numbers, arpeggios, strict=True
        ):
            means, where = row[:, channels].float().numpy(), is_open.numpy()
            count = None if math.isnan(number) else round(number)
            if part == "drums":
                chosen = _likeliest(means, where, count)
            else:
                given_ones = (known[:, channels] > 0).numpy()
                guessed = guess[:, channels].float().numpy()
                chosen = choose_notes(part, means, where, count, given_ones, guessed, broken)
            signs = torch.from_numpy(np.where(chosen, 1.0, -1.0)).to(row.dtype)
            row[:, channels] = torch.where(is_open[:, None], signs, row[:, channels])
    return result


def _likeliest(means: Means, is_open: Onsets, count: int | None) -> Onsets:
    """Return the likeliest onsets; see `choose_notes`."""
    if count is None:
        return means > 0
    ranks = np.where(is_open[:, None], means, -1.0).ravel()
    order = np.argsort(-ranks, kind="stable")
    chosen = np.zeros(len(ranks), np.bool_)
    chosen[order[:count]] = True
    chosen = (chosen & (ranks > UNLIKELY)) | (ranks > -UNLIKELY)
    return chosen.reshape(means.shape)
