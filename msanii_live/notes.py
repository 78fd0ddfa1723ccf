"""Notes and scores: MIDI in seconds, pitches, programs and parts. This module imports no torch."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

DRUM_CHANNEL = 9  # counted from 0; channel 10 on a synthesizer's panel
PARTS = ("drums", "bass", "chords", "lead", "pad")
# As chords and keys are spelled. The other names are read as well.
PITCH_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
CHORD, SECTION = "chord", "section"  # kinds of markers
_SAME_TIME = 1e-6  # s that a sum of durations may be off
_SAME_PLACE = 1e-3  # s between two markers of one place: more than rounding to frames makes


@dataclass(frozen=True, slots=True)
class Note:
    """A note.

    start, end: s. pitch: MIDI key, 0-127. velocity: 1-127. program: 0-127. part: one of PARTS, or
    "" where unknown; see `part_of`.
    """

    start: float
    end: float
    pitch: int
    velocity: int
    program: int = 0
    drum: bool = False
    part: str = ""


@dataclass(frozen=True, slots=True)
class Marker:
    """A text at a place of a score. start: s. kind: CHORD or SECTION; it holds until the next."""

    start: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class TempoSegment:
    """A span of one tempo and metre. start: s. bar: bars before it. beats: per bar."""

    start: float
    bar: float
    bpm: float
    beats: float


@dataclass(frozen=True)
class Score:
    """Notes in order of their starts, with the length and metre of the whole.

    seconds: length. bpm: 0 if it varies or is unknown. bar: bars from the last downbeat to second
    0. is_loop: it is whole bars long, to be played as a loop. warnings: sentences on what of the
    notes is missing here. beats: per bar, 0 if unknown. tempo_map: of a file, from its start on;
    empty if unknown. metre: such as (6, 8), None if unknown. key: such as "A minor", style: a word;
    "" if unknown. swing: delay of each second sixteenth, in sixteenths. markers: chords and
    sections, by start.
    """

    notes: tuple[Note, ...]
    seconds: float
    bpm: float = 0.0
    bar: float = 0.0
    is_loop: bool = False
    warnings: tuple[str, ...] = ()
    beats: float = 0.0
    tempo_map: tuple[TempoSegment, ...] = ()
    metre: tuple[int, int] | None = None
    key: str = ""
    style: str = ""
    swing: float = 0.0
    markers: tuple[Marker, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that have notes, in the order of PARTS."""
        found = {part_of(note) for note in self.notes}
        return tuple(part for part in PARTS if part in found)

    @property
    def tempo(self) -> float:
        """The tempo at the first note, bpm; 0 if unknown."""
        first = self.notes[0].start if self.notes else 0.0
        begun = [each.bpm for each in self.tempo_map if each.start <= first + _SAME_TIME]
        return self.bpm or (begun[-1] if begun else 0.0)

    def seconds_of_bars(self, bars: float, bpm: float, beats: float) -> float:
        """Return the length of the first bars, s. bpm, beats: used where the score has none.

        A bar that a change of metre cuts short counts as one.

        >>> common, waltz = TempoSegment(0.0, 0.0, 120.0, 4.0), TempoSegment(2.0, 1.0, 120.0, 3.0)
        >>> Score((), 9.0, tempo_map=(common, waltz)).seconds_of_bars(2.0, 100.0, 4.0)
        3.5
        """
        if not self.tempo_map:
            return bars * (self.beats or beats) * 60.0 / (self.bpm or bpm)
        index = max(n for n, each in enumerate(self.tempo_map) if each.bar <= bars or not n)
        last = self.tempo_map[index]
        seconds = last.start + (bars - last.bar) * last.beats * 60.0 / last.bpm
        following = self.tempo_map[index + 1 : index + 2]
        return min([seconds, *(each.start for each in following)])

    def cut(self, start: float, end: float) -> Score:
        """Return the span [start, end), s, moved to second 0; notes across an edge are cut.

        The tempo map is kept only if the span begins with the score.

        >>> Score((Note(0.0, 9.0, 60, 90),), 9.0).cut(2.0, 4.0).notes[0].end
        2.0
        """
        inside = [note for note in self.notes if note.end > start and note.start < end]
        moved = [
            replace(note, start=max(note.start, start) - start, end=min(note.end, end) - start)
            for note in inside
        ]
        tempo_map = () if start else self.tempo_map
        return replace(
            self,
            notes=sort_notes(moved),
            seconds=end - start,
            is_loop=False,
            tempo_map=tempo_map,
            markers=_cut_markers(self.markers, start, end),
        )

    def looped(self, start: float, end: float) -> Score:
        """Return the span [start, end), s, of this score repeated without end from 0 on.

        >>> [note.start for note in Score((Note(1.0, 1.5, 60, 90),), 2.0).looped(1.0, 6.0).notes]
        [0.0, 2.0, 4.0]
        """
        turns = range(max(0, math.floor(start / self.seconds)), math.ceil(end / self.seconds))
        notes = [
            replace(note, start=note.start + shift, end=note.end + shift)
            for shift in (turn * self.seconds for turn in turns)
            for note in self.notes
            if note.end + shift > start and note.start + shift < end
        ]
        markers = tuple(
            replace(each, start=each.start + turn * self.seconds)
            for turn in turns
            for each in self.markers
        )
        return replace(self, notes=tuple(notes), tempo_map=(), markers=markers).cut(start, end)

    def followed_by(self, after: Score) -> Score:
        """Return this score and another one after its end; all but the notes is the other's.

        Where both have a marker of a kind at the seam, the other's holds.
        """
        shift = self.seconds
        moved = [replace(n, start=n.start + shift, end=n.end + shift) for n in after.notes]
        notes = sort_notes([*self.notes, *moved])
        later = tuple(replace(each, start=each.start + shift) for each in after.markers)
        return replace(
            after,
            notes=notes,
            seconds=shift + after.seconds,
            is_loop=False,
            tempo_map=(),
            markers=_without_doubles((*self.markers, *later)),
        )

    def at_tempo(self, bpm: float) -> Score:
        """Return the same notes at another tempo; unchanged if this score's tempo is unknown.

        bpm: at the first note; where the tempo varies, its changes keep their proportions.
        """
        if not self.tempo:
            return self
        stretch = self.tempo / bpm
        notes = [
            replace(note, start=note.start * stretch, end=note.end * stretch) for note in self.notes
        ]
        tempo_map = tuple(
            replace(each, start=each.start * stretch, bpm=each.bpm / stretch)
            for each in self.tempo_map
        )
        is_steady = bool(self.bpm) or len({each.bpm for each in self.tempo_map}) == 1
        return replace(
            self,
            notes=tuple(notes),
            seconds=self.seconds * stretch,
            bpm=bpm if is_steady else 0.0,
            tempo_map=tempo_map,
            markers=tuple(replace(each, start=each.start * stretch) for each in self.markers),
        )

    def only(self, parts: Iterable[str]) -> Score:
        """Return the notes of some parts.

        >>> Score((Note(0.0, 1.0, 36, 90, drum=True),), 2.0).only(("bass",)).notes
        ()
        """
        wanted = set(parts)
        return replace(self, notes=tuple(n for n in self.notes if part_of(n) in wanted))


def part_of(note: Note) -> str:
    """Return the part of a note, which its program tells where the note itself does not.

    >>> [part_of(Note(0.0, 1.0, 60, 90, program)) for program in (0, 33, 50, 80)]
    ['chords', 'bass', 'pad', 'lead']
    """
    if note.part:
        return note.part
    if note.drum:
        return "drums"
    if 32 <= note.program < 40:
        return "bass"
    if 48 <= note.program < 56 or 88 <= note.program < 96:
        return "pad"
    return "lead" if 56 <= note.program < 88 else "chords"


def _cut_markers(markers: tuple[Marker, ...], start: float, end: float) -> tuple[Marker, ...]:
    """Return the markers that hold within [start, end), s, moved to second 0."""
    holding = {each.kind: replace(each, start=0.0) for each in markers if each.start <= start}
    inside = [replace(e, start=e.start - start) for e in markers if start < e.start < end]
    return _without_doubles((*holding.values(), *inside))


def _without_doubles(markers: Iterable[Marker]) -> tuple[Marker, ...]:
    """Return markers with one of each kind at a place, the later one of them, by start."""
    kept: dict[str, list[Marker]] = {}
    for marker in sorted(markers, key=lambda each: each.start):  # stable
        before = kept.setdefault(marker.kind, [])
        if before and marker.start - before[-1].start < _SAME_PLACE:
            before.pop()
        before.append(marker)
    return tuple(sorted((m for each in kept.values() for m in each), key=lambda each: each.start))


def sort_notes(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Return notes sorted by start, then pitch."""
    return tuple(sorted(notes, key=lambda note: (note.start, note.pitch, note.program, note.end)))


def usual_program(notes: Iterable[Note]) -> int:
    """Return the program that most notes have. There must be notes."""
    return Counter(note.program for note in notes).most_common(1)[0][0]
