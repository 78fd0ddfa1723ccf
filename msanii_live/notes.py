"""Notes and scores: MIDI in seconds, pitches and programs. This module imports no torch."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

DRUM_CHANNEL = 9  # counted from 0; channel 10 on a synthesizer's panel
SUSTAIN, ALL_SOUND_OFF, RESET, ALL_NOTES_OFF = 64, 120, 121, 123  # controller numbers
PEDAL_DOWN = 64  # controller value from which a pedal counts as pressed
SHORT_NOTE = 0.06  # s that a note sounds of which press and release come at the same moment
_SAME_TIME = 1e-6  # s that a sum of durations may be off
MIN_PITCH_BEND = 341  # of 8,192, a twelfth of a semitone at the usual range: less is ignored


@dataclass(frozen=True, slots=True)
class Note:
    """A note. start, end: s. pitch: MIDI key, 0-127. velocity: 1-127. program: 0-127."""

    start: float
    end: float
    pitch: int
    velocity: int
    program: int = 0
    drum: bool = False


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
    empty if unknown.
    """

    notes: tuple[Note, ...]
    seconds: float
    bpm: float = 0.0
    bar: float = 0.0
    is_loop: bool = False
    warnings: tuple[str, ...] = ()
    beats: float = 0.0
    tempo_map: tuple[TempoSegment, ...] = ()

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
        notes = sort_notes(moved)
        return replace(self, notes=notes, seconds=end - start, is_loop=False, tempo_map=tempo_map)

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
        return replace(self, notes=tuple(notes), tempo_map=()).cut(start, end)

    def followed_by(self, after: Score) -> Score:
        """Return this score and another one after its end; tempo and bars are the other's."""
        shift = self.seconds
        moved = [replace(n, start=n.start + shift, end=n.end + shift) for n in after.notes]
        notes = sort_notes([*self.notes, *moved])
        seconds = shift + after.seconds
        return replace(after, notes=notes, seconds=seconds, is_loop=False, tempo_map=())

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
        )


def sort_notes(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Return notes sorted by start, then pitch."""
    return tuple(sorted(notes, key=lambda note: (note.start, note.pitch, note.program, note.end)))


_Key = tuple[int, int, int]  # track, channel and pitch


@dataclass(slots=True)
class _HeldNote:
    """A note that has not ended. released: its key is up and the pedal holds it."""

    start: float
    velocity: int
    program: int
    released: bool = False


class NoteTracker:
    """A converter of MIDI messages, in order of time, to notes; it tracks programs and pedals.

    Messages may come from several tracks that share channels: programs and pedals are a channel's,
    but a note is ended only by the track that began it.

    finished: notes that have ended. latest: s, of the last key press, None before the first.
    unsupported: what came in that notes cannot represent; a dict as an ordered set.
    """

    def __init__(self, max_notes: int) -> None:
        """Start without notes. max_notes: number of finished notes kept; the oldest go first."""
        self.finished: deque[Note] = deque(maxlen=max_notes)
        self.latest: float | None = None
        self.unsupported: dict[str, None] = {}
        self._held: dict[_Key, _HeldNote] = {}
        self._programs = [0] * 16
        self._pedals = [False] * 16

    @property
    def warnings(self) -> tuple[str, ...]:
        """What came in that notes cannot represent, in sentences."""
        return tuple(f"{each} was left out: it is not played here" for each in self.unsupported)

    def receive(self, message: Any, now: float, track: int = 0) -> None:
        """Process a message, as mido has it. now: s, not before that of the last message."""
        match message.type:
            case "note_on" if message.velocity:
                key = (track, message.channel, message.note)
                self._finish(key, now)
                program = self._programs[message.channel]
                self._held[key] = _HeldNote(now, message.velocity, program)
                self.latest = now
            case "note_on" | "note_off":
                self._release((track, message.channel, message.note), now)
            case "program_change":
                self._programs[message.channel] = message.program
            case "control_change":
                self._control(track, message.channel, message.control, message.value, now)
            case "pitchwheel" if abs(message.pitch) > MIN_PITCH_BEND:
                self.unsupported["pitch bend"] = None

    def held_notes(self, now: float) -> list[Note]:
        """Return the notes that have not ended, as if they ended now."""
        return [self._note(key, now) for key in self._held]

    def all_off(self, now: float) -> None:
        """End all held notes and release all pedals."""
        for key in list(self._held):
            self._finish(key, now)
        self._pedals = [False] * 16

    def _control(self, track: int, channel: int, control: int, value: int, now: float) -> None:
        if control in (SUSTAIN, RESET):
            self._pedals[channel] = control == SUSTAIN and value >= PEDAL_DOWN
            if not self._pedals[channel]:
                for key, note in list(self._held.items()):
                    if key[1] == channel and note.released:
                        self._finish(key, now)
        elif control in (ALL_SOUND_OFF, ALL_NOTES_OFF):
            for key in list(self._held):
                if key[:2] == (track, channel):
                    self._finish(key, now)

    def _release(self, key: _Key, now: float) -> None:
        note = self._held.get(key)
        if note is None:
            return
        if self._pedals[key[1]]:
            note.released = True
        else:
            self._finish(key, now if now > note.start else now + SHORT_NOTE)

    def _finish(self, key: _Key, now: float) -> None:
        if key in self._held:
            self.finished.append(self._note(key, now))
            del self._held[key]

    def _note(self, key: _Key, now: float) -> Note:
        note, (_, channel, pitch) = self._held[key], key
        drum = channel == DRUM_CHANNEL
        return Note(note.start, now, pitch, note.velocity, note.program, drum)
