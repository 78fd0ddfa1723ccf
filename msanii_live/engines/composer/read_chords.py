"""Chords read from notes: which root, bar by bar, explains what is played."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from msanii_live.engines.composer.notes import INTERVALS, AnyNote, Chord, steps_per_bar

BASS_WEIGHT = 0.5  # how much the lowest note speaks for the chords on its own pitch class
STAY = 0.12  # what a chord that lasts over a bar line is given
PRIOR = {  # triads before richer chords, rare ones last
    "maj": 0.0,
    "min": 0.0,
    "sus": -0.12,
    "dim": -0.1,
    "aug": -0.15,
    "dom7": -0.02,
    "maj7": -0.02,
    "min7": -0.02,
    "m7b5": -0.06,
}


def read_chords(
    notes: Iterable[AnyNote], metre: tuple[int, int], bars: int | None = None
) -> list[Chord | None]:
    """Estimate the chord of every bar, None where no note with pitch sounds.

    Each bar's chroma is compared with templates of all roots and qualities; the lowest note speaks
    for its own pitch class as the root. bars: as many as the notes reach into, if None.
    Source: Fujishima 1999, "Realtime chord recognition of musical sound" (template matching).
    Raises: ValueError: the metre is not known.

    >>> from msanii_live.engines.composer.notes import PartNote
    >>> triad = [PartNote("chords", 0, 0.0, 16.0, pitch, 90) for pitch in (57, 60, 64)]
    >>> read_chords(triad, (4, 4))
    [Chord(root=9, quality='min', bass=9)]
    """
    per_bar = steps_per_bar(metre)
    pitched = [note for note in notes if note.part != "drums" and note.step >= 0]
    if bars is None:
        bars = max((note.step // per_bar + 1 for note in pitched), default=0)
    chroma, lowest = _sounding(pitched, bars, per_bar)
    names, templates = _templates()
    chords: list[Chord | None] = []
    before: tuple[int, str] | None = None
    for bar in range(bars):
        size = float(np.linalg.norm(chroma[bar]))
        if size < 1e-9:
            chords.append(None)
            continue
        scores = templates @ (chroma[bar] / size)
        for place, (root, quality) in enumerate(names):
            scores[place] += PRIOR[quality]
            if lowest[bar] is not None and root == lowest[bar]:
                scores[place] += 0.25 * BASS_WEIGHT
            if before == (root, quality):
                scores[place] += STAY / 4
        before = names[int(np.argmax(scores))]
        chords.append(Chord(before[0], before[1], lowest[bar]))
    return chords


def _sounding(
    notes: list[AnyNote], bars: int, per_bar: int
) -> tuple[npt.NDArray[np.float64], list[int | None]]:
    """Return how long pitch classes sound, (bars, 12), and the pitch class of the bass.

    The bass is the lowest note of the bar's first beat if there is one there, else of the bar.
    """
    chroma = np.zeros((bars, 12))
    lowest: list[tuple[bool, int] | None] = [None] * bars
    for note in notes:
        end = note.step + max(note.length, 0.25)
        for bar in range(note.step // per_bar, min(bars, int(np.ceil(end / per_bar)))):
            inside = min(end, (bar + 1) * per_bar) - max(note.step, bar * per_bar)
            weight = 0.5 if note.part == "lead" else 1.0  # melodies pass through other notes
            chroma[bar, note.pitch % 12] += weight * max(0.0, inside)
            rank = (note.step - bar * per_bar >= 4, note.pitch)
            if lowest[bar] is None or rank < (lowest[bar] or rank):
                lowest[bar] = rank
    return chroma, [None if each is None else each[1] % 12 for each in lowest]


def _templates() -> tuple[list[tuple[int, str]], npt.NDArray[np.float64]]:
    """Return all roots and qualities, and their unit templates, (chords, 12)."""
    names = [(root, quality) for quality in INTERVALS for root in range(12)]
    table = np.zeros((len(names), 12))
    for row, (root, quality) in enumerate(names):
        table[row, [(root + interval) % 12 for interval in INTERVALS[quality]]] = 1.0
        table[row, root] = 1.3  # roots are doubled more than other notes
    return names, table / np.linalg.norm(table, axis=1, keepdims=True)
