"""How long composed notes are: as long in all as the network expects, shared out by what it says.

A network that is unsure of a note is unsure of each place where it may go on, and a place that is
less likely than not is no hold. So notes were half as long as in the pieces it learnt from, though
the likelihoods of all holds together were right. They are at the first step of a sampler; the more
steps follow, the more of them go astray to pitches that do not become notes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from msanii_live.engines.composer.roll import HOLD, ONSET
from msanii_live.notes import PARTS

LARGEST = 7.5  # nats that are added to each hold or taken off; beyond, the network is believed
HALVINGS = 8
_SUREST = 8.0  # nats
Array = npt.NDArray[np.float32]


def with_lengths(
    rolls: torch.Tensor, open_: torch.Tensor, first: torch.Tensor | None = None
) -> torch.Tensor:
    """Return sampled rolls whose holds are decided, for notes that are decided already.

    Notes of a part that begin together end together, as in the pieces that the network learnt
    from. Up to the next onset of their part, their length is the likeliest one, once all holds of
    a part have been made likelier by one number, so that there are as many as the likelihoods add
    up to. Beyond that onset a note goes on where its holds are likelier than not.
    rolls: float32, (batch, steps, WIDTH), bits from -1 to 1 as their mean. open_: float32, (batch,
    steps, parts), 1 where notes were written; all else stays as it is. first: the sampler's first
    guess of the rolls: notes become as long on average as it has them, rather than as `rolls` has.
    """
    result = rolls.clone()
    for place, part in enumerate(PARTS):
        if part not in HOLD:
            continue
        guesses = [None] * len(result) if first is None else list(first)
        for row, guess, is_open in zip(result, guesses, open_[..., place] > 0, strict=True):
            onsets = (row[:, ONSET[part]] > 0).numpy()
            means = row[:, HOLD[part]].float().numpy()
            wanted = None
            if guess is not None:
                wanted = float(onsets[is_open.numpy()].sum()) * _holds_a_note(guess[is_open], part)
            decided = decide_holds(onsets, means, is_open.numpy(), wanted)
            row[:, HOLD[part]] = torch.from_numpy(decided).to(row.dtype)
    return result


def _holds_a_note(guess: torch.Tensor, part: str) -> float:
    """Return how many holds a note of a part has on average. guess: of a roll, (steps, WIDTH)."""
    onsets, holds = ((guess[:, which[part]] + 1).sum() / 2 for which in (ONSET, HOLD))
    return float(holds / onsets.clamp(min=1e-3))


def decide_holds(
    onsets: npt.NDArray[np.bool_],
    means: Array,
    is_open: npt.NDArray[np.bool_],
    wanted: float | None = None,
) -> Array:
    """Return the holds of one part in one window, of which those of its notes are -1 or 1.

    onsets: (steps, pitches). means: of the holds, from -1 to 1, (steps, pitches). is_open:
    (steps,), where notes were written. wanted: how many holds; None for the sum of `means`.
    """
    steps = len(onsets)
    begins = onsets.any(1)
    if not (begins & is_open).any():
        return means
    latest = np.maximum.accumulate(np.where(begins, np.arange(steps), -1))
    # the notes that may sound at a step: those that began last, if all since then is open
    sounding = onsets[latest.clip(0)] & (latest >= 0)[:, None]
    since_closed = np.arange(steps) - np.maximum.accumulate(np.where(is_open, -1, np.arange(steps)))
    inside = ~begins & (latest >= 0) & (since_closed > np.arange(steps) - latest)
    count = sounding.sum(1)
    likely = np.clip(means, -np.tanh(_SUREST / 2), np.tanh(_SUREST / 2))
    nats = (2 * np.arctanh(likely) * sounding).sum(1) / count.clip(1)
    if wanted is None:
        wanted = float(((means[is_open] + 1) / 2).sum())
    low, high = -LARGEST, LARGEST  # with which there are too few holds, and too many
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if (_likeliest(nats + middle, latest, inside) * count).sum() > wanted:
            high = middle
        else:
            low = middle
    both = [_likeliest(nats + each, latest, inside) for each in (low, high)]
    held = min(both, key=lambda each: abs((each * count).sum() - wanted))
    return np.where(sounding & inside[:, None], np.where(held, 1.0, -1.0)[:, None], means).astype(
        np.float32
    )


def _likeliest(
    nats: Array, latest: npt.NDArray[np.int64], inside: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Return the steps at which the notes that began last are held, (steps,).

    They are held up to where the sum of `nats` is largest: of how much likelier a hold is than none
    at each step. latest: the step at which they began. inside: where they may be held.
    """
    held = np.zeros(len(nats), np.bool_)
    best = total = 0.0
    for step, value in enumerate(np.where(inside, nats, 0.0).tolist()):
        if not inside[step]:
            best = total = 0.0
            continue
        total += value
        if total > best:
            held[latest[step] + 1 : step + 1] = True
            best = total
    return held
