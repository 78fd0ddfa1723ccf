"""A clip of played notes, and its stems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from msanii_live.audio import Clip, Samples, last_stem, limiting_gain, make_clip
from msanii_live.engines.base import Context
from msanii_live.engines.loudness import fade_edges, loudness_gain
from msanii_live.engines.notes.stereo import PlacedWave
from msanii_live.notes import Score

FADE_IN, FADE_OUT = 32, 256  # frames; the edges of a clip must not click


@dataclass(frozen=True)
class PlayedParts:
    """A clip and its stems by part, each float32, (frames, 2). Their sum is the clip, to 2^-20."""

    clip: Clip
    stems: Mapping[str, Samples]


def finish_parts(
    placed: PlacedWave, score: Score, sample_rate: int, context: Context
) -> PlayedParts:
    """Return a clip at the target loudness, unless the context skips it, with faded edges.

    The same gains are applied to the stems, so that their sum stays the clip.
    """
    mix = _samples(placed.mix)
    stems = {part: _samples(stem) for part, stem in placed.stems.items()}
    if not context.skip_normalization:
        gain = loudness_gain(mix)
        mix *= gain
        moving = limiting_gain(mix)
        for stem in stems.values():
            stem *= gain
        if moving is not None:
            for samples in (mix, *stems.values()):
                samples *= moving[:, None]
    if not score.is_loop:
        for samples in (mix, *stems.values()):
            fade_edges(samples, FADE_IN, FADE_OUT)
    if stems:
        last, rest = last_stem(mix, stems)
        stems[last] = rest
    clip = make_clip(
        mix,
        sample_rate,
        seed=context.seed,
        bpm=round(score.bpm, 4),
        bar_offset=score.bar,
        loops=score.is_loop,
    )
    return PlayedParts(clip, stems)


def _samples(wave: object) -> Samples:
    """Return a tensor of (channels, frames) as samples, (frames, channels)."""
    return np.ascontiguousarray(wave.cpu().numpy().T)  # type: ignore[attr-defined]
