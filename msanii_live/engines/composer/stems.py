"""Stems of a clip that was written without them: its sound, divided among its parts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from msanii_live.audio import Clip, as_stereo
from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.phase import linear_grid
from msanii_live.engines.notes.part_masks import notes_by_part, part_masks, part_shares
from msanii_live.notes import Score

SPEC = MelSpec()


def with_stems(clip: Clip, score: Score) -> Clip:
    """Return a clip with stems: its own, or else its sound divided by the notes of its parts.

    Their sum is the clip.
    """
    if clip.stems or not score.notes:
        return clip
    samples = as_stereo(clip.samples)
    wave = torch.from_numpy(samples.T.copy())
    grid = linear_grid(SPEC, len(samples), SPEC.mel_frames(len(samples)), wave.device)
    parts = notes_by_part(score.notes)
    shares = part_shares(None, parts, grid.centres, SPEC)
    masks = part_masks(shares, parts, grid.centres, SPEC)
    bins = grid.analyse(wave)
    stems = {
        name: np.ascontiguousarray(grid.synthesise(bins * mask).numpy().T)
        for name, mask in zip(parts, masks, strict=True)
    }
    last = list(stems)[-1]
    stems[last] = samples - sum(
        (stem for name, stem in stems.items() if name != last), np.zeros_like(samples)
    )
    return replace(clip, samples=samples, stems=stems)
