"""Chords, metres, forms, parts and keys as musicians write them, read into plain tuples.

Every function raises ValueError with a sentence for the musician: what is wrong, and what is known.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from typing import NamedTuple

from msanii_live.notes import PARTS

METRES = ((4, 4), (3, 4), (6, 8), (5, 4), (7, 8), (2, 4), (9, 8), (12, 8))
SECTIONS = ("intro", "verse", "chorus", "bridge", "break", "outro")
MAX_BARS = 400  # of all chords or all sections together, as in the key `bars`
CHORD_INTERVALS: dict[str, tuple[int, ...]] = {  # semitones above the root, by the chord's quality
    "maj": (0, 4, 7), "min": (0, 3, 7), "dim": (0, 3, 6), "aug": (0, 4, 8),
    "sus2": (0, 2, 7), "sus4": (0, 5, 7), "5": (0, 7),
    "6": (0, 4, 7, 9), "m6": (0, 3, 7, 9), "add9": (0, 4, 7, 2), "madd9": (0, 3, 7, 2),
    "7": (0, 4, 7, 10), "maj7": (0, 4, 7, 11), "m7": (0, 3, 7, 10), "mmaj7": (0, 3, 7, 11),
    "m7b5": (0, 3, 6, 10), "dim7": (0, 3, 6, 9), "7sus4": (0, 5, 7, 10),
    "9": (0, 4, 7, 10, 2), "maj9": (0, 4, 7, 11, 2), "m9": (0, 3, 7, 10, 2),
}  # fmt: skip
# What a chord symbol has after its root, and the quality that it means.
_SUFFIXES = {
    "": "maj", "m": "min", "-": "min", "mi": "min", "M": "maj", "ma": "maj", "Δ": "maj7",
    "major": "maj", "minor": "min", "moll": "min", "dur": "maj", "+": "aug", "o": "dim", "°": "dim",
    "sus": "sus4", "add2": "add9", "M7": "maj7", "ma7": "maj7", "j7": "maj7", "Δ7": "maj7",
    "dom7": "7", "min7": "m7", "mi7": "m7", "-7": "m7", "min6": "m6", "-6": "m6", "min9": "m9",
    "mi9": "m9", "-9": "m9", "M9": "maj9", "ma9": "maj9", "mM7": "mmaj7", "minmaj7": "mmaj7",
    "m7-5": "m7b5", "min7b5": "m7b5", "mi7b5": "m7b5", "-7b5": "m7b5", "ø": "m7b5", "ø7": "m7b5",
    "h7": "m7b5", "o7": "dim7", "°7": "dim7", "7sus": "7sus4", "minadd9": "madd9",
    **{quality: quality for quality in CHORD_INTERVALS},
}  # fmt: skip
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11, "H": 11}
# German: Fis is F sharp; Es, As and Des are flats. Doubled signs are not needed.
_NOTE = r"(?P<{0}>[A-H])(?P<{0}_sign>is|es|(?<=[AE])s(?!us)|[#♯b♭])?"
_CHORD = re.compile(
    _NOTE.format("root")
    + r"(?P<quality>[^\s/:]*?)(?:/"
    + _NOTE.format("bass")
    + r")?(?::(?P<bars>[^\s:]*))?"
)
_SECTION = re.compile(r"([A-Za-z]+) ?:? ?(\d+)(?![\w.])[ ,;|]*")
_KEY = re.compile(
    r"[A-Ga-g](?:[#♯b♭]|[ -]?(?i:sharp|flat))?(?:[ -]{0,3}(?i:major|maj|(?:(?:natural|harmonic|"
    r"melodic) )?(?:minor|min)|ionian|dorian|phrygian|lydian|mixolydian|aeolian)|[mM])?"
)
_KNOWN_QUALITIES = (
    "maj (or nothing), m, dim, aug, sus2, sus4, 5, 6, m6, add9, madd9, 7, maj7, m7, mmaj7, m7b5, "
    "dim7, 7sus4, 9, maj9, m9"
)


class WrittenChord(NamedTuple):
    """A chord that lasts some bars.

    root, bass: pitch classes 0-11, C is 0; bass is None for the root. quality: a key of
    CHORD_INTERVALS. bars: 1 or more. symbol: as it was written, without the bars.
    """

    root: int
    quality: str
    bass: int | None
    bars: int
    symbol: str


class WrittenSection(NamedTuple):
    """A section of a form. name: one of SECTIONS. bars: 1 or more."""

    name: str
    bars: int


def parse_chords(text: str) -> tuple[WrittenChord, ...]:
    """Return the chords of a text such as "Am F C G" or "Am:2 F/A | G".

    Between chords stand spaces, commas or bar lines; % is the chord before it once more.

    >>> [(each.root, each.quality, each.bass, each.bars) for each in parse_chords("Am:2 Bb/D")]
    [(9, 'min', None, 2), (10, 'maj', 2, 1)]
    """
    chords: list[WrittenChord] = []
    bars = 0
    for word in re.split(r"[\s,;|]+", text.strip(" \t\r\n,;|")):
        chords.append(chords[-1] if word == "%" and chords else _parse_chord(word))
        bars += chords[-1].bars
        if bars > MAX_BARS:
            raise ValueError(f"chords fill at most {MAX_BARS} bars, and then repeat")
    return tuple(chords)


def _parse_chord(word: str) -> WrittenChord:
    shown = repr(word if len(word) <= 40 else word[:37] + "...")
    match = _CHORD.fullmatch(word)
    if match is None:
        raise ValueError(
            f"{shown} is no chord: write a root A to G (H counts as B) with # or b, a quality, a "
            "bass after / and bars after :, such as Am, F#m7, Bb/D or C:2"
        )
    quality = match["quality"]
    if (known := _SUFFIXES.get(quality, _SUFFIXES.get(quality.lower()))) is None:
        raise ValueError(f"{shown} is no known chord: qualities are {_KNOWN_QUALITIES}")
    bars = 1
    if match["bars"] is not None:
        bars = int(match["bars"]) if re.fullmatch(r"[0-9]{1,3}", match["bars"]) else 0
        if not 1 <= bars <= MAX_BARS:
            raise ValueError(
                f"{shown} must last a whole number of bars, 1 to {MAX_BARS}, such as Am:2"
            )
    bass = None if match["bass"] is None else _pitch_class(match["bass"], match["bass_sign"])
    symbol = word.split(":")[0]
    return WrittenChord(_pitch_class(match["root"], match["root_sign"]), known, bass, bars, symbol)


def _pitch_class(letter: str, sign: str | None) -> int:
    step = 0 if not sign else 1 if sign in ("#", "♯", "is") else -1
    return (_LETTERS[letter] + step) % 12


def parse_metre(text: str) -> tuple[int, int]:
    """Return a metre, one of METRES.

    >>> parse_metre("7/8")
    (7, 8)
    """
    match = re.fullmatch(r"\s*([0-9]{1,2})\s*/\s*([0-9]{1,2})\s*", text)
    metre = (int(match[1]), int(match[2])) if match else None
    if metre not in METRES:
        raise ValueError(f"it must be one of {', '.join(f'{n}/{d}' for n, d in METRES)}")
    return metre


def parse_form(text: str) -> tuple[WrittenSection, ...]:
    """Return the sections of a form.

    >>> parse_form("intro 4, verse 8")
    (WrittenSection(name='intro', bars=4), WrittenSection(name='verse', bars=8))
    """
    known = f"sections are {', '.join(SECTIONS)}, each with its bars, such as 'intro 4, verse 8'"
    sections: list[WrittenSection] = []
    text, place, bars = " ".join(text.split()), 0, 0
    while place < len(text):
        match = _SECTION.match(text, place)
        name = match[1].lower() if match else ""
        if match is None or name not in SECTIONS:
            raise ValueError(f"{text[place : place + 30]!r} is no section with its bars: {known}")
        if not 1 <= int(match[2][:9]) <= MAX_BARS:
            raise ValueError(f"{name} must last 1 to {MAX_BARS} bars")
        sections.append(WrittenSection(name, int(match[2])))
        place, bars = match.end(), bars + sections[-1].bars
        if bars > MAX_BARS:
            raise ValueError(f"all sections together last at most {MAX_BARS} bars")
    if not sections:
        raise ValueError(f"it names no section: {known}")
    return tuple(sections)


def parse_parts(text: str) -> tuple[str, ...]:
    """Return the parts that a text names, in the order of `notes.PARTS`; "all" is every part.

    >>> parse_parts("Bass, drums")
    ('drums', 'bass')
    """
    words = [word for word in re.split(r"[\s,;+&]+", text.lower()) if word]
    for word in words:
        if word not in PARTS and word != "all":
            near = difflib.get_close_matches(word[:40], PARTS, 1)
            meant = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"{word[:40]!r} is no part: parts are {', '.join(PARTS)}{meant}")
    if not words:
        raise ValueError(f"it names no part: parts are {', '.join(PARTS)}")
    return tuple(part for part in PARTS if part in words or "all" in words)


def check_key(text: str) -> None:
    """Check that a text is a key: a note, and major, minor or a mode.

    >>> check_key("F#m"), check_key("D dorian")
    (None, None)
    """
    if _KEY.fullmatch(text.strip()) is None:
        raise ValueError("it must be a key such as C, Am, 'Bb major', F#m or 'D dorian'")


def or_none(check: Callable[[str], object]) -> Callable[[str], object]:
    """Return a check that also lets the word none pass."""

    def check_or_none(text: str) -> object:
        return None if text == "none" else check(text)

    return check_or_none
