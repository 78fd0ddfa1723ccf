"""Notes of a piece in parts, on a grid of sixteenths, and the chords under them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from msanii_live.notes import PARTS, PITCH_NAMES

PITCHED = PARTS[1:]
METRES = ((4, 4), (3, 4), (6, 8), (5, 4), (7, 8), (2, 4), (9, 8), (12, 8))
INTERVALS: dict[str, tuple[int, ...]] = {  # semitones above the root, by the quality of a chord
    "maj": (0, 4, 7),
    "min": (0, 3, 7),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "sus": (0, 5, 7),
    "dom7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "min7": (0, 3, 7, 10),
    "m7b5": (0, 3, 6, 10),
}
QUALITIES = tuple(INTERVALS)
SUFFIXES = {
    "maj": "", "min": "m", "dim": "dim", "aug": "aug", "sus": "sus4", "dom7": "7", "maj7": "maj7",
    "min7": "m7", "m7b5": "m7b5",
}  # fmt: skip
SECTIONS = ("intro", "verse", "chorus", "bridge", "break", "outro")


@dataclass(frozen=True, slots=True)
class PartNote:
    """A note of one part.

    part: one of PARTS. step: the sixteenth it belongs to, counted from 0. start: where it really
    starts, in steps; it differs from `step` by swing and micro-timing. length: in steps.
    pitch: MIDI key, 0-127; a General MIDI drum key for drums. velocity: 1-127.
    """

    part: str
    step: int
    start: float
    length: float
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord that lasts a bar.

    root, bass: pitch classes 0-11, C is 0; bass is the lowest note's, None for the root.
    quality: one of QUALITIES, None where only the root is known.
    """

    root: int
    quality: str | None = None
    bass: int | None = None

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """Return the pitch classes, the root first, without a foreign bass."""
        intervals = (0,) if self.quality is None else INTERVALS[self.quality]
        return tuple((self.root + interval) % 12 for interval in intervals)

    @property
    def bass_class(self) -> int:
        """Return the pitch class of the lowest note."""
        return self.root if self.bass is None else self.bass

    @property
    def name(self) -> str:
        """Return the chord symbol; that of the major triad where only the root is known.

        >>> Chord(9, "min7", 4).name
        'Am7/E'
        """
        below = "" if self.bass in (None, self.root) else f"/{PITCH_NAMES[self.bass_class]}"
        return PITCH_NAMES[self.root] + SUFFIXES[self.quality or "maj"] + below


class AnyNote(Protocol):
    """What the roll asks of a note; `PartNote` says what the fields mean."""

    @property
    def part(self) -> str: ...  # noqa: D102
    @property
    def step(self) -> int: ...  # noqa: D102
    @property
    def start(self) -> float: ...  # noqa: D102
    @property
    def length(self) -> float: ...  # noqa: D102
    @property
    def pitch(self) -> int: ...  # noqa: D102
    @property
    def velocity(self) -> int: ...  # noqa: D102


def steps_per_bar(metre: tuple[int, int]) -> int:
    """Return how many sixteenths a bar has.

    Raises: ValueError: the metre is not one of METRES.

    >>> steps_per_bar((7, 8))
    14
    """
    if metre not in METRES:
        known = ", ".join(f"{n}/{d}" for n, d in METRES)
        raise ValueError(f"metre {metre[0]}/{metre[1]} is not one of {known}")
    return metre[0] * 16 // metre[1]


def shift_to_c(tonic: int) -> int:
    """Return the semitones that are taken off every pitch so that the tonic becomes C.

    tonic: pitch class 0-11. Returns -6 to 5, so no note moves by more than half an octave.

    >>> [shift_to_c(tonic) for tonic in (0, 5, 6, 11)]
    [0, 5, -6, -1]
    """
    return (tonic + 6) % 12 - 6


def in_order(notes: Iterable[PartNote]) -> list[PartNote]:
    """Return notes by start, then part and pitch."""
    return sorted(notes, key=lambda note: (note.start, PARTS.index(note.part), note.pitch))
