"""How the sound of a mix divides among its parts: shares of mel bands, and masks of STFT bins."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import lru_cache

import torch

from msanii_live.dsp.mel import MelSpec, filter_bank
from msanii_live.dsp.partials import MAX_HZ, Partials
from msanii_live.notes import PARTS, Note, part_of

RELEASE_SECONDS = 1.5  # time after its last note in which a part may still be heard
_ABSENT = -60.0  # ln power of a part without notes
_FLOOR = 1e-3  # of the power of a partial, that is between the partials

PartNotes = Mapping[str, Sequence[Note]]
"""The notes of each part; times in s from the first sample."""


def notes_by_part(notes: Sequence[Note]) -> dict[str, list[Note]]:
    """Return the notes of each part that has any, in the order of PARTS."""
    found: dict[str, list[Note]] = {}
    for note in notes:
        found.setdefault(part_of(note), []).append(note)
    return {part: found[part] for part in PARTS if part in found}


def part_shares(
    levels: torch.Tensor | None, parts: PartNotes, at: torch.Tensor, spec: MelSpec
) -> torch.Tensor:
    """Return the share of each part in the power of every mel band, (parts, mel_frames, mels).

    The shares of all parts sum to one. A part has none while it cannot be heard.
    levels: ln power of each part up to a sum that all share, of the same shape; None if unknown:
    then the partials of the notes decide. at: samples on which frames are centred, int,
    (mel_frames,), rising.
    """
    if len(parts) == 1:
        return torch.ones(1, len(at), spec.mels, device=at.device)
    if levels is None:
        levels = torch.stack([_levels_of_partials(notes, at, spec) for notes in parts.values()])
    presence = torch.stack([_presence(notes, at, spec) for notes in parts.values()])
    return (levels + presence[:, :, None]).softmax(0)


def part_masks(
    shares: torch.Tensor, parts: PartNotes, at: torch.Tensor, spec: MelSpec
) -> torch.Tensor:
    """Return the share of each part in every STFT bin, float32, (parts, mel_frames, bins).

    They sum to one. Within a band, what the pitched parts have together is divided among them by
    the partials of their notes. The drums keep their share of the band: they have no partials, and
    those of other parts are not sharp enough to be told from them.
    shares: see `part_shares`.
    """
    masks = shares @ band_weights(spec).to(shares.device)
    pitched = [number for number, part in enumerate(parts) if part != "drums"]
    if len(pitched) < 2:
        return masks
    top = int(MAX_HZ * spec.n_fft / spec.sample_rate)
    names = list(parts)
    low = masks[pitched, :, :top]
    power = [Partials(parts[names[n]], spec).weights(at)[:, :top].square() for n in pitched]
    refined = low * torch.stack([_within_bands(each + _FLOOR, spec) for each in power])
    masks[pitched, :, :top] = refined * (low.sum(0) / refined.sum(0).clamp_min(1e-12))
    return masks


@lru_cache(maxsize=4)
def band_weights(spec: MelSpec) -> torch.Tensor:
    """Return the weights that interpolate values of mel bands at STFT bins, (mels, bins).

    Those of a bin sum to one; bins outside all bands take the nearest band.
    """
    with torch.inference_mode(False):
        bank = filter_bank(spec)
        peak = bank / bank.amax(0).clamp_min(1e-12)
        total = peak.sum(1)
        weights = peak / total.clamp_min(1e-12)[:, None]
        covered = (total > 0).nonzero().flatten()
        nearest = covered[(torch.arange(len(bank))[:, None] - covered).abs().argmin(1)]
        weights = weights[nearest]
        return weights.T.contiguous()


def _levels_of_partials(notes: Sequence[Note], at: torch.Tensor, spec: MelSpec) -> torch.Tensor:
    """Return ln powers that are high where a note has a partial, (mel_frames, mels)."""
    weights = Partials(notes, spec).weights(at).square() + _FLOOR
    bank = filter_bank(spec).to(at.device)
    return (weights @ (bank / bank.sum(0).clamp_min(1e-12))).clamp_min(_FLOOR).log()


def _within_bands(power: torch.Tensor, spec: MelSpec) -> torch.Tensor:
    """Return powers of bins over the means of the bands around them, (mel_frames, bins)."""
    bank = filter_bank(spec).to(power.device)[: power.shape[1]]
    inside = bank[:, bank.sum(0) > 0]
    mean = power @ (inside / inside.sum(0))
    around = mean @ (inside / inside.sum(1, keepdim=True).clamp_min(1e-12)).T
    return power / around.clamp_min(_FLOOR)


def _presence(notes: Sequence[Note], at: torch.Tensor, spec: MelSpec) -> torch.Tensor:
    """Return 0 at frames where a part can be heard and _ABSENT elsewhere, (mel_frames,)."""
    centres, half = at.tolist(), spec.n_fft // 2
    out = torch.full((len(at),), _ABSENT, device=at.device)
    for note in notes:
        first = bisect_left(centres, note.start * spec.sample_rate - half)
        out[first : bisect_left(centres, (note.end + RELEASE_SECONDS) * spec.sample_rate)] = 0.0
    return out
