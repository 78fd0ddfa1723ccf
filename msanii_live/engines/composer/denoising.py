"""What the network's logits say about the clean roll."""

from __future__ import annotations

import torch

from msanii_live.engines.composer.balance import balanced, wanted_notes
from msanii_live.engines.composer.conditions import ConditionBatch, join
from msanii_live.engines.composer.network import ComposerNet
from msanii_live.engines.composer.roll import BITS, FEEL, HOLD, ONSET, WIDTH
from msanii_live.engines.composer.sampling import Denoise
from msanii_live.notes import PARTS

SHARPEN = 2.0


def channel_owner() -> torch.Tensor:
    """Return the place in PARTS that each channel of a roll belongs to, int64, (WIDTH,)."""
    owner = torch.zeros(WIDTH, dtype=torch.int64)
    for place, part in enumerate(PARTS):
        owner[ONSET[part]] = place
        if part in HOLD:
            owner[HOLD[part]] = place
        owner[BITS + FEEL[part].start : BITS + FEEL[part].stop] = place
    return owner


def per_channel(known: torch.Tensor, steps: int) -> torch.Tensor:
    """Spread a mask over bars and parts to the roll's steps and channels.

    known: (batch, bars, parts). Returns (batch, steps, WIDTH) of the same dtype.
    """
    owner = channel_owner().to(known.device)
    return known[:, :, owner].repeat_interleave(steps // known.shape[1], 1)


def to_clean(logits: torch.Tensor) -> torch.Tensor:
    """Return the expected clean roll.

    logits: the network's answer, (batch, steps, WIDTH). Bits become their mean, from -1
    to 1; values are scaled by the probability that there is an onset, as the true ones are 0 where
    there is none.
    """
    bits = torch.tanh(logits[..., :BITS].float() / 2)  # with bfloat16 most would be -1 or 1
    present = (bits[..., : ONSET["pad"].stop] + 1) / 2
    feel = logits[..., BITS:].float()
    feel[..., FEEL["drums"]] *= present[..., ONSET["drums"]].repeat_interleave(2, -1)
    for part in PARTS[1:]:
        feel[..., FEEL[part]] *= present[..., ONSET[part]].amax(-1, keepdim=True)
    return torch.cat([bits, feel], -1)


def clean_guess(
    net: ComposerNet,
    conditions: ConditionBatch,
    known: torch.Tensor,
    roll: torch.Tensor,
    *,
    usual: torch.Tensor | None = None,
    guidance: float = 1.0,
    balance: bool = True,
    sharpen: float = SHARPEN,
    held: torch.Tensor | None = None,
    noise: torch.Tensor | None = None,
) -> Denoise:
    """Return the function that a sampler asks for the clean roll.

    known: float32, (batch, bars, parts). roll: with the known notes, (batch, steps, WIDTH); where
    they are known the answer is the roll itself, bit for bit. usual: float32, (parts,), what is
    taken off the logits of onsets. balance: take off instead what gives as many notes as the
    conditions ask for, where they do. sharpen: how much surer that makes them once there is no
    noise, see `balanced`. guidance: 1 is none; above it, the
    answer moves away from what the network says when style, mode, density and chords are not told.
    held: bool, (batch, steps, WIDTH), further places where the answer is the roll: the network
    sees them as noisy as the rest, with `noise`, because its mask knows only whole bars.
    Source: Ho and Salimans 2022, arXiv:2207.12598, eq. 6, on logits; for `held`, Lugmayr et al.
    2022, arXiv:2201.09865, eq. 8.
    """
    steps = roll.shape[1]
    fixed = per_channel(known, steps).bool()
    open_ = 1.0 - known.repeat_interleave(steps // known.shape[1], 1)
    usual = torch.zeros(len(PARTS)) if usual is None else usual
    wanted = (
        wanted_notes(conditions, known, roll)
        if balance
        else torch.full(known[:, 0].shape, torch.nan)
    )
    everyone, both_known = conditions, known
    if guidance != 1.0:
        everyone = join([conditions, conditions.unconditional(len(net.config.styles))])
        both_known = torch.cat([known, known])

    def denoise(x: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
        if held is not None and noise is not None:
            x = torch.where(held, torch.lerp(roll, noise, level[:, None, None]), x)
        x = torch.where(fixed, roll, x)
        if guidance == 1.0:
            logits = net(x, known, level, conditions)
        else:
            conditional, unconditional = net(
                torch.cat([x, x]), both_known, torch.cat([level, level]), everyone
            ).chunk(2)
            logits = unconditional + guidance * (conditional - unconditional)
        sharpness = 1.0 + sharpen * (1.0 - float(level[0]))
        logits = balanced(logits, open_, wanted, usual, sharpness)
        answered = fixed if held is None else fixed | held
        return torch.where(answered, roll, to_clean(logits))

    return denoise
