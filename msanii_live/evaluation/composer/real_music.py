"""Real music to compare clips with: windows of the generator's pieces, played by FluidSynth."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from msanii_live.audio import Samples
from msanii_live.midi import files
from msanii_live.notes import Score
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
        window = _window(seed)
        samples = render(to_midi(window))[: round(SECONDS * RATE)]
        key = window.tonic + 12 * window.minor
        clips.append(RealClip(window.style, key, window.tempo, samples))
    return clips


def real_scores(seeds: Iterable[int]) -> list[Score]:
    """Return the notes of `real_clips`, as scores of SECONDS."""
    midis = (to_midi(_window(seed)) for seed in seeds)
    return [files.score_from_midi(midi).cut(0.0, SECONDS) for midi in midis]


def _window(seed: int) -> Composition:
    style = STYLES[seed % len(STYLES)]
    piece = compose(seed, style=style, bars=BARS, metre=(4, 4))
    first = 4 * (seed // len(STYLES) % 3)
    return cut_window(piece, first, math.ceil(SECONDS * piece.tempo / 240))


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
