"""Chords and sections as commands and markers write them, for the composer."""

from __future__ import annotations

from msanii_live.engines.composer.notes import Chord
from msanii_live.protocol import music_text

# The nearest quality that the composer knows, where it is called otherwise.
_NEAREST = {
    "sus2": "sus", "sus4": "sus", "7sus4": "sus", "5": None, "6": "maj", "m6": "min",
    "add9": "maj", "madd9": "min", "7": "dom7", "9": "dom7", "maj9": "maj7", "m7": "min7",
    "m9": "min7", "mmaj7": "min", "dim7": "dim",
}  # fmt: skip


def parse_chord(symbol: str) -> Chord | None:
    """Return the chord of a symbol, of the nearest quality that the composer knows; None if none.

    >>> parse_chord("F#m7/E"), parse_chord("Bb9"), parse_chord("Xm")
    (Chord(root=6, quality='min7', bass=4), Chord(root=10, quality='dom7', bass=10), None)
    """
    try:
        return parse_chords(symbol)[0]
    except ValueError:
        return None


def parse_chords(text: str) -> list[Chord]:
    """Return the chord of each bar of a line such as "Am F:2 C".

    Raises: ValueError: it is none.
    """
    return [
        Chord(
            written.root,
            _NEAREST.get(written.quality, written.quality),
            written.root if written.bass is None else written.bass,
        )
        for written in music_text.parse_chords(text)
        for _ in range(written.bars)
    ]


def parse_form(text: str) -> list[tuple[str, int]]:
    """Return the section and the place in it of each bar of "intro 4, verse 8".

    Raises: ValueError: it is none.
    """
    return [
        (section.name, place)
        for section in music_text.parse_form(text)
        for place in range(section.bars)
    ]
