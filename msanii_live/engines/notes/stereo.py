"""Stereo and stems of notes that a network has played in mono.

Each part keeps its mono sound in the middle. Its place and its width are a side signal beside it,
so the mono sum of a clip is exactly what the network played.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import torch

from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.phase import FrameGrid

LOW_HZ = 150.0  # below it the side signal fades: lows belong in the middle
_KNOT_HZ = 160.0  # distance of the random phases of the side signal: its delays are a few ms
_KNOT_SPREAD = 1.6  # their standard deviation, radians


@dataclass(frozen=True)
class Placement:
    """Where a part sounds.

    pan: -1 left to 1 right. width: of the decorrelated side signal over the middle, linear.
    """

    pan: float = 0.0
    width: float = 0.0


PLACEMENTS = {
    "drums": Placement(0.0, 0.2),
    "bass": Placement(),
    "chords": Placement(0.1, 0.4),
    "lead": Placement(-0.12, 0.15),
    "pad": Placement(0.0, 0.5),
}


@dataclass(frozen=True)
class PlacedWave:
    """A mono signal placed in stereo, and its parts.

    mix: float32, (2, frames), left and right. stems: the same of each part; empty if not wanted.
    Their sum is `mix` but for rounding.
    """

    mix: torch.Tensor
    stems: dict[str, torch.Tensor]


def place(
    wave: torch.Tensor,
    parts: Sequence[str],
    masks: torch.Tensor,
    grid: FrameGrid,
    spec: MelSpec,
    with_stems: bool,
) -> PlacedWave:
    """Place the parts of a mono signal in stereo. The mean of both channels is the signal.

    wave: float32, (frames,). masks: (parts, mel_frames, bins); see `part_masks`.
    """
    bins = grid.analyse(wave)
    sides = torch.stack([_side_response(part, spec) for part in parts]).to(bins.device)
    turned = torch.view_as_complex(
        torch.einsum("ptf,pfc->tfc", masks, torch.view_as_real(sides)).contiguous()
    )
    side = -grid.synthesise(bins * turned)
    mix = torch.stack([wave + side, wave - side])
    if not with_stems:
        return PlacedWave(mix, {})
    stems: dict[str, torch.Tensor] = {}
    for part, mask, response in zip(parts[:-1], masks[:-1], sides[:-1], strict=True):
        its = bins * mask
        middle, aside = grid.synthesise(its), -grid.synthesise(its * response)
        stems[part] = torch.stack([middle + aside, middle - aside])
    stems[parts[-1]] = mix - sum_of(stems.values(), mix)
    return PlacedWave(mix, stems)


def sum_of(stems: Iterable[torch.Tensor], like: torch.Tensor) -> torch.Tensor:
    """Return the sum of signals of the shape of `like`; zeros for none."""
    total = torch.zeros_like(like)
    for stem in stems:
        total += stem
    return total


@cache
def _side_response(part: str, spec: MelSpec) -> torch.Tensor:
    """Return the response of a part's side signal, right minus left, complex64, (bins,)."""
    where = PLACEMENTS[part]
    hertz = torch.arange(spec.n_fft // 2 + 1) * (spec.sample_rate / spec.n_fft)
    high = hertz.square() / (hertz.square() + LOW_HZ**2)
    knots = math.ceil(spec.sample_rate / 2 / _KNOT_HZ) + 2
    generator = torch.Generator().manual_seed(sum(part.encode()))
    phases = _KNOT_SPREAD * torch.randn(knots, generator=generator)
    position = hertz / _KNOT_HZ
    lower = position.long()
    ease = 0.5 - 0.5 * torch.cos(math.pi * (position - lower))
    phase = torch.lerp(phases[lower], phases[lower + 1], ease) + math.pi / 2
    wide = torch.polar(where.width * high, phase)
    return wide + where.pan
