"""How the sound of a mix divides among its parts: masks of STFT bins that sum to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from msanii_live.dsp.mel import MelSpec, filter_bank
from msanii_live.dsp.partials import MAX_HZ, Partials
from msanii_live.notes import PARTS, Note, part_of

RELEASE_SECONDS = 1.5  # time after its last note in which a part may still be heard
_ABSENT = -60.0  # ln power of a part without notes
_FLOOR = 1e-3  # of the power of a partial, that is between the partials


def notes_by_part(notes: Sequence[Note]) -> dict[str, list[Note]]:
    """Return the notes of each part that has any, in the order of PARTS."""
    parts = [part_of(note) for note in notes]
    return {
        part: [note for note, its in zip(notes, parts, strict=True) if its == part]
        for part in PARTS
        if part in parts
    }


def part_masks(
    levels: torch.Tensor | None,
    parts: Mapping[str, Sequence[Note]],
    at: torch.Tensor,
    spec: MelSpec,
) -> torch.Tensor:
    """Return the share of each part in every STFT bin, float32, (parts, mel_frames, bins).

    They sum to one. A network's shares of mel bands are refined by the partials of each part's
    notes, which lie in a band side by side.
    levels: ln power of each part up to a sum that all share, (parts, mel_frames, mels); None if
    unknown. parts: the notes of each; times in s from the first sample. at: samples on which frames
    are centred, int, (mel_frames,), rising.
    """
    bins = spec.n_fft // 2 + 1
    if len(parts) == 1:
        return torch.ones(1, len(at), bins, device=at.device)
    top = int(MAX_HZ * spec.n_fft / spec.sample_rate)
    rows = []
    for number, (name, notes) in enumerate(parts.items()):
        row = torch.zeros(len(at), bins, device=at.device)
        if levels is not None:
            row += levels[number] @ _to_bins(spec).to(at.device)
        if name != "drums":
            power = Partials(notes, spec).weights(at)[:, :top].square() + _FLOOR
            row[:, :top] += (power if levels is None else _within_bands(power, spec)).log()
        row += _presence(notes, at, spec)[:, None]
        rows.append(row)
    return torch.stack(rows).softmax(0)


def _to_bins(spec: MelSpec) -> torch.Tensor:
    """Return the weights that interpolate values of mel bands at STFT bins, (mels, bins)."""
    bank = filter_bank(spec)
    peak = bank / bank.amax(0).clamp_min(1e-12)
    weights = peak / peak.sum(1, keepdim=True).clamp_min(1e-12)
    lowest, highest = (peak.sum(1) > 0).nonzero().flatten()[[0, -1]]
    weights[:lowest] = weights[lowest]  # bins outside all bands take the nearest
    weights[highest + 1 :] = weights[highest]
    return weights.T.contiguous()


def _within_bands(power: torch.Tensor, spec: MelSpec) -> torch.Tensor:
    """Return powers of bins over the means of the bands around them, (mel_frames, bins)."""
    bank = filter_bank(spec).to(power.device)[: power.shape[1]]
    inside = bank[:, bank.sum(0) > 0]
    mean = power @ (inside / inside.sum(0))
    around = mean @ (inside / inside.sum(1, keepdim=True).clamp_min(1e-12)).T
    return power / around.clamp_min(_FLOOR)


def _presence(notes: Sequence[Note], at: torch.Tensor, spec: MelSpec) -> torch.Tensor:
    """Return 0 at frames where a part can be heard and _ABSENT elsewhere, (mel_frames,)."""
    seconds = at / spec.sample_rate
    edge = spec.n_fft / 2 / spec.sample_rate
    heard = torch.zeros(len(at), dtype=torch.bool, device=at.device)
    for note in notes:
        first, last = torch.searchsorted(
            seconds, torch.tensor([note.start - edge, note.end + RELEASE_SECONDS]).to(seconds)
        ).tolist()
        heard[first:last] = True
    return torch.where(heard, 0.0, _ABSENT)
