"""Stereo of notes that a network has played in mono.

Each part keeps its mono sound in the middle. Its place and its width are a side signal beside it,
so the mono sum of a clip is exactly what the network played.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import torch

from msanii_live.dsp.mel import MelSpec, filter_bank
from msanii_live.dsp.phase import FrameGrid
from msanii_live.engines.notes.part_masks import PartNotes, band_weights
from msanii_live.notes import Note, usual_program

_KNOT_HZ = 160.0  # distance of the random phases of the side signal: its delays are a few ms
_KNOT_SPREAD = 1.6  # their standard deviation, radians
_WIDEST = -3.0  # dB


@dataclass(frozen=True)
class PartPlacement:
    """Where a part sounds.

    pan: -1 left to 1 right. width: of the decorrelated side signal over the middle, dB; None for
    none. low: Hz, below which the side signal fades: lows belong in the middle.
    """

    pan: float = 0.0
    width: float | None = None
    low: float = 150.0


# So that each part is as wide as in FluidR3's dry playing of generated pieces (medians: drums -22
# dB, bass none, chords -17, lead -17, pad -8); kick and bass stay in the middle.
PLACEMENTS = {
    "drums": PartPlacement(width=-11.0, low=1_500.0),
    "bass": PartPlacement(),
    "chords": PartPlacement(pan=0.07, width=-18.0),
    "lead": PartPlacement(pan=-0.1, width=-22.0),
    "pad": PartPlacement(width=-12.0),
}
# The widths of the General MIDI programs that FluidR3 has in stereo, dB.
PROGRAM_WIDTHS = {
    0: -2, 1: -1, 3: -1, 11: -11, 38: -11, 40: -5, 41: 0, 42: -4, 43: -6, 44: -1, 45: -11, 46: -8,
    47: -5, 48: -1, 49: -1, 52: -2, 60: -7, 62: -7, 63: -6, 68: -1, 69: -2, 70: 1, 73: -7, 80: -3,
    86: 0, 89: -6, 90: -2, 91: -9, 94: -10, 100: -3, 104: -3, 110: -6, 122: -2, 125: 0,
}  # fmt: skip


def placement_of(part: str, notes: Sequence[Note]) -> PartPlacement:
    """Return where a part sounds: wider than others where its instrument was recorded in stereo."""
    where = PLACEMENTS[part]
    if part == "drums" or not notes:
        return where
    program = usual_program(notes)
    its = PROGRAM_WIDTHS.get(program)
    if its is None or (where.width is not None and its < where.width):
        return where
    return replace(where, width=min(float(its), _WIDEST))


@dataclass(frozen=True)
class PlacedWave:
    """A signal placed in stereo, and its parts.

    mix: float32, (2, frames), left and right. stems: the same of each part; empty if they are not
    known. Their sum is `mix` but for rounding.
    """

    mix: torch.Tensor
    stems: dict[str, torch.Tensor]


def place_parts(
    waves: Mapping[str, torch.Tensor],
    parts: PartNotes,
    grid: FrameGrid,
    spec: MelSpec,
    placements: Mapping[str, PartPlacement] | None = None,
) -> PlacedWave:
    """Place parts that were played one by one in stereo. The mix is their sum.

    waves: float32, (frames,), of each part; the mean of both channels of a stem is its signal.
    placements: of each part; None for those of `placement_of`.
    """
    mix = torch.zeros(2, grid.length, device=grid.window.device)
    stems: dict[str, torch.Tensor] = {}
    for part, wave in waves.items():
        where = placements[part] if placements else placement_of(part, parts[part])
        side = torch.zeros_like(wave)
        if where.width is not None or where.pan:
            turned = side_filter(where, spec).to(wave.device)
            side = grid.synthesise(grid.analyse(wave) * turned)
        stems[part] = torch.stack([wave + side, wave - side])
        mix += stems[part]
    return PlacedWave(mix, stems)


def side_filter(where: PartPlacement, spec: MelSpec) -> torch.Tensor:
    """Return what the bins of a part become as its side signal, factors, complex, (bins,)."""
    wide = _width_of_bands(where, spec) @ band_weights(spec)
    return wide * _side_phases(spec) - where.pan


def place(
    wave: torch.Tensor, parts: PartNotes, shares: torch.Tensor, grid: FrameGrid, spec: MelSpec
) -> PlacedWave:
    """Place the parts of a mono signal in stereo. The mean of both channels is the signal.

    wave: float32, (frames,). shares: of each part in the power of the mel bands, (parts,
    mel_frames, mels); see `part_shares`.
    """
    weights = band_weights(spec).to(wave.device)
    places = [placement_of(part, notes) for part, notes in parts.items()]
    pans = torch.tensor([each.pan for each in places], device=wave.device)
    widths = torch.stack([_width_of_bands(each, spec) for each in places]).to(wave.device)
    wide = torch.einsum("ptm,pm->tm", shares, widths) @ weights
    beside = torch.einsum("ptm,p->tm", shares, pans) @ weights
    turned = wide * _side_phases(spec).to(wave.device) - beside
    side = grid.synthesise(grid.analyse(wave) * turned)
    return PlacedWave(torch.stack([wave + side, wave - side]), {})


def _width_of_bands(where: PartPlacement, spec: MelSpec) -> torch.Tensor:
    """Return the magnitude of a part's side signal over its middle in each band, (mels,)."""
    if where.width is None:
        return torch.zeros(spec.mels)
    bank = filter_bank(spec)
    hertz = torch.arange(len(bank)) * (spec.sample_rate / spec.n_fft)
    centres = (hertz @ bank) / bank.sum(0).clamp_min(1e-12)
    high = centres.square() / (centres.square() + where.low**2)
    return 10 ** (where.width / 20) * high


@lru_cache(maxsize=4)
def _side_phases(spec: MelSpec) -> torch.Tensor:
    """Return the phases by which the side signals are turned, unit phasors, (bins,)."""
    with torch.inference_mode(False):
        hertz = torch.arange(spec.n_fft // 2 + 1) * (spec.sample_rate / spec.n_fft)
        knots = math.ceil(spec.sample_rate / 2 / _KNOT_HZ) + 2
        phases = _KNOT_SPREAD * torch.randn(knots, generator=torch.Generator().manual_seed(1))
        position = hertz / _KNOT_HZ
        lower = position.long()
        ease = 0.5 - 0.5 * torch.cos(math.pi * (position - lower))
        phase = torch.lerp(phases[lower], phases[lower + 1], ease) + math.pi / 2
        return torch.polar(torch.ones_like(phase), phase)
