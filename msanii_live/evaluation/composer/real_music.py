"""Real music to compare clips with: windows of the generator's pieces, played by FluidSynth."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from msanii_live.audio import Samples
from msanii_live.training.data.composition.compose import compose
from msanii_live.training.data.composition.midi import to_midi
from msanii_live.training.data.composition.model import STYLES, Composition
from msanii_live.training.data.dataset import render

RATE = 44_100
SECONDS = 6.0  # of each clip: what `generate` makes if nothing is said
BARS = 16  # of each piece that a window is cut out of


@dataclass(frozen=True)
class RealClip:
    """A window of a piece. key: 0-11 major, 12-23 minor. samples: (frames, 2), peak -1 dBFS."""

    style: str
    key: int
    tempo: float
    samples: Samples


def real_clips(seeds: Iterable[int]) -> list[RealClip]:
    """Compose a piece in 4/4 for each seed, the styles by turns, and render a window of each.

    Raises: MissingTool: FluidSynth or the soundfont is not installed.
    """
    clips = []
    for seed in seeds:
        style = STYLES[seed % len(STYLES)]
        piece = compose(seed, style=style, bars=BARS, metre=(4, 4))
        first = 4 * (seed // len(STYLES) % 3)
        window = cut_window(piece, first, math.ceil(SECONDS * piece.tempo / 240))
        samples = render(to_midi(window))[: round(SECONDS * RATE)]
        clips.append(RealClip(style, piece.tonic + 12 * piece.minor, piece.tempo, samples))
    return clips


def cut_window(piece: Composition, first: int, bars: int) -> Composition:
    """Return some bars of a piece, with the notes that begin in them."""
    start, end = first * piece.steps_per_bar, (first + bars) * piece.steps_per_bar
    notes = tuple(
        replace(
            note,
            step=note.step - start,
            start=max(0.0, note.start - start),
            length=min(note.length, end - note.start),
        )
        for note in piece.notes
        if start <= note.step < end
    )
    chords = piece.chords[first : first + bars]
    return replace(piece, bars=bars, chords=chords, sections=(), notes=notes)
