"""Keys that nobody names: those of notes, and those of chords."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from msanii_live.engines.composer.notes import Chord, PartNote

# How much a pitch class is felt to belong to a key, from its tonic up.
# Source: Krumhansl and Kessler 1982, "Tracing the dynamic changes in perceived tonal organization".
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
_SCALES = ({0, 2, 4, 5, 7, 9, 11}, {0, 2, 3, 5, 7, 8, 10, 11})  # minor: both sevenths
_FITS = 0.85  # share of the tones of chords in the scale of a key, from which they are in it
_ROOT, _FIRST = 1.5, 2.0  # weights of a root, and of the chord that begins


def estimate_key(notes: Sequence[PartNote]) -> int | None:
    """Return the key whose profile the durations of the notes fit best; None without any.

    Source: Krumhansl 1990, "Cognitive Foundations of Musical Pitch", chapter 4.

    >>> estimate_key([PartNote("lead", 0, 0.0, 4.0, pitch, 90) for pitch in (69, 72, 76, 71, 74)])
    21
    """
    weights = np.zeros(12)
    for note in notes:
        if note.part != "drums":
            weights[note.pitch % 12] += max(note.length, 0.25)
    return _best(weights) if weights.any() else None


def key_of_chords(chords: Sequence[Chord], usual: int | None = None) -> int:
    """Return the key of a line of chords; the usual one if they lie in its scale.

    chords: at least one.

    >>> a, f, c, g = Chord(9, "min"), Chord(5, "maj"), Chord(0, "maj"), Chord(7, "maj")
    >>> key_of_chords([a, f, c, g]), key_of_chords([c, a, f, g]), key_of_chords([c], 7)
    (21, 0, 7)
    """
    tones = [tone for chord in chords for tone in chord.pitch_classes]
    if usual is not None:
        inside = [(tone - usual) % 12 in _SCALES[usual // 12] for tone in tones]
        if np.mean(inside) >= _FITS:
            return usual
    weights = np.zeros(12)
    for place, chord in enumerate(chords):
        for tone in chord.pitch_classes:
            weight = _ROOT if tone == chord.root else 1.0
            weights[tone] += weight * (_FIRST if place == 0 else 1.0)
    return _best(weights)


def _best(weights: npt.NDArray[np.float64]) -> int:
    """Return the key whose profile is most like the weights of pitch classes, (12,)."""
    fits = [
        np.corrcoef(np.roll(profile, tonic), weights)[0, 1] if weights.std() else -tonic
        for profile in (_MAJOR, _MINOR)
        for tonic in range(12)
    ]
    return int(np.argmax(fits))
