"""Stems of source clips: those they lack, and those that stay while other parts are made anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import torch

from msanii_live.audio import Clip, Samples, as_stereo, last_stem, limiting_gain, make_clip
from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.phase import LinearGrid, linear_grid
from msanii_live.engines.notes.part_masks import notes_by_part, part_masks, part_shares
from msanii_live.engines.notes.played_parts import PlayedParts
from msanii_live.notes import PARTS, Score

SPEC = MelSpec()
_FLOOR = 1e-4  # of the mean power, that is divided by the partials


def with_stems(clip: Clip, score: Score, play: Callable[[], Mapping[str, Samples]] = dict) -> Clip:
    """Return a clip with stems: its own, or else its sound divided among the parts of its notes.

    play: returns the sound of each part of the score as a player here has it, about as long as the
    clip. Each bin is divided by the powers of these, and where they are silent by the partials of
    the notes. The sum of the stems is the clip.
    Source: Wiener masks; Liutkus & Badeau, "Generalized Wiener filtering with fractional power
    spectrograms", ICASSP 2015, with alpha = 2.
    """
    if clip.stems or not score.notes:
        return clip
    samples = as_stereo(clip.samples)
    wave = torch.from_numpy(samples.T.copy())
    grid = linear_grid(SPEC, len(samples), SPEC.mel_frames(len(samples)), wave.device)
    parts = notes_by_part(score.notes)
    shares = part_shares(None, parts, grid.centres, SPEC)
    masks = part_masks(shares, parts, grid.centres, SPEC)
    if len(parts) > 1 and (played := play()):
        powers = torch.stack([_power(played.get(part), grid) for part in parts])
        powers += _FLOOR * powers.sum(0).mean() * masks
        masks = powers / powers.sum(0).clamp_min(1e-30)
    bins = grid.analyse(wave)
    stems = {
        name: np.ascontiguousarray(grid.synthesise(bins * mask).numpy().T)
        for name, mask in zip(parts, masks, strict=True)
    }
    last, rest = last_stem(samples, stems)
    stems[last] = rest
    return replace(clip, samples=samples, stems=stems)


def _power(samples: Samples | None, grid: LinearGrid) -> torch.Tensor:
    """Return the power of a sound in the bins of a grid, zeros for none, (mel_frames, bins)."""
    mono = torch.zeros(grid.length)
    if samples is not None:
        some = torch.from_numpy(samples.mean(1)[: grid.length])
        mono[: len(some)] = some
    return grid.analyse(mono).abs().square()


def with_kept(
    played: PlayedParts, source: Clip, parts: tuple[str, ...], stems_wanted: bool
) -> PlayedParts:
    """Return new sound of some parts with the source's own sound of all others.

    Both have stems. parts: those of which the new sound is taken.
    """
    stems = {
        part: (played.stems[part].copy() if part in parts else as_stereo(source.stems[part]).copy())
        for part in PARTS
        if part in (played.stems if part in parts else source.stems)
    }
    mix = sum(stems.values(), np.zeros_like(played.clip.samples))
    gain = limiting_gain(mix)
    if gain is not None:
        for samples in (mix, *stems.values()):
            samples *= gain[:, None]
    clip = make_clip(mix, played.clip.info.sample_rate)
    return PlayedParts(clip, stems if stems_wanted else {})
