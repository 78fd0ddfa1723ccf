"""Names of chords as the key spells them: Db in Ab major, C# in E major."""

from __future__ import annotations

from msanii_live.engines.composer.notes import SUFFIXES, Chord
from msanii_live.notes import PITCH_NAMES

_SHARPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FLATS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
# By the pitch class of the major key with the same signature; others have few signs, and the usual
# names fit them: C# leads to D minor, Eb is borrowed in G major.
_NAMES = {9: _SHARPS, 4: _SHARPS, 11: _SHARPS, 6: _SHARPS, 8: _FLATS, 1: _FLATS}
_FLAT_DEGREES = {3: {1: "Db"}}  # Eb major and C minor: Db is far more usual than C#
_NATURALS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_LETTERS = "CDEFGAB"
_DEGREES = {3: 2, 4: 2, 7: 4, 10: 6, 11: 6}  # letters above the root, by semitones above it
_SIGNS = {0: "", 1: "#", 11: "b"}


def chord_symbol(chord: Chord, key: int) -> str:
    """Return the symbol of a chord, spelled as in a key.

    key: 0-23, as `key_index` counts. A bass that is a tone of the chord is spelled from its root.

    >>> chord_symbol(Chord(8, "maj", 0), 13), chord_symbol(Chord(1), 8)
    ('G#/B#', 'Db')
    """
    names = _names_in(key)
    root = names[chord.root]
    below = "" if chord.bass_class == chord.root else f"/{_bass_name(chord, root, names)}"
    return root + SUFFIXES[chord.quality or "maj"] + below


def _names_in(key: int) -> tuple[str, ...]:
    """Return the names of the pitch classes in a key. G# minor and Eb minor, not Ab and D#."""
    minor, tonic = divmod(key, 12)
    if (minor, tonic) == (1, 3):  # six flats; F# major has six sharps
        return _FLATS
    major = (tonic + 3 * minor) % 12
    usual = _NAMES.get(major, PITCH_NAMES)
    own = _FLAT_DEGREES.get(major, {})
    return tuple(own.get(pitch, name) for pitch, name in enumerate(usual))


def _bass_name(chord: Chord, root: str, names: tuple[str, ...]) -> str:
    """Return the name of a foreign bass: that of the chord's tone where one sign is enough."""
    bass = chord.bass_class
    degree = _DEGREES.get((bass - chord.root) % 12)
    if degree is None or bass not in chord.pitch_classes:
        return names[bass]
    letter = _LETTERS[(_LETTERS.index(root[0]) + degree) % 7]
    sign = _SIGNS.get((bass - _NATURALS[letter]) % 12)
    return names[bass] if sign is None else letter + sign
