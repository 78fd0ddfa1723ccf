"""Music as notes, outside models: what MIDI says, in seconds, pitches, programs. No torch here."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

DRUM_CHANNEL = 9  # channel 10 on the front of every synthesizer
SUSTAIN, ALL_SOUND_OFF, RESET, ALL_NOTES_OFF = 64, 120, 121, 123  # controllers
PEDAL_DOWN = 64  # value of a controller from which a pedal is pressed
BENT = 341  # of 8,192: a twelfth of the usual two semitones, below which a bend is no bend


@dataclass(frozen=True, slots=True)
class Note:
    """Hold one note. start, end: s. pitch: MIDI key, 0-127. velocity: 1-127. program: 0-127."""

    start: float
    end: float
    pitch: int
    velocity: int
    program: int = 0
    drum: bool = False


@dataclass(frozen=True)
class Score:
    """Hold notes in order of their starts, and how long all of it is.

    seconds: length. bpm: 0 where it varies or is not known. bar: bars from a downbeat to second 0.
    closes: it is whole bars long, and to be played round and round. lost: what it had that notes
    cannot say, in words. beats: a bar, 0 where not known.
    """

    notes: tuple[Note, ...]
    seconds: float
    bpm: float = 0.0
    bar: float = 0.0
    is_loop: bool = False
    unsupported: tuple[str, ...] = ()
    beats: float = 0.0

    def cut(self, start: float, end: float) -> Score:
        """Return what sounds in [start, end), s, from second 0; what is held at either edge is cut.

        >>> Score((Note(0.0, 9.0, 60, 90),), 9.0).cut(2.0, 4.0).notes[0].end
        2.0
        """
        inside = [note for note in self.notes if note.end > start and note.start < end]
        moved = [
            replace(note, start=max(note.start, start) - start, end=min(note.end, end) - start)
            for note in inside
        ]
        return replace(self, notes=sort_notes(moved), seconds=end - start, is_loop=False)

    def looped(self, start: float, end: float) -> Score:
        """Return what sounds in [start, end), s, where this is played again and again from 0 on.

        >>> [note.start for note in Score((Note(1.0, 1.5, 60, 90),), 2.0).around(1.0, 6.0).notes]
        [0.0, 2.0, 4.0]
        """
        turns = range(max(0, math.floor(start / self.seconds)), math.ceil(end / self.seconds))
        notes = [
            replace(note, start=note.start + late, end=note.end + late)
            for late in (turn * self.seconds for turn in turns)
            for note in self.notes
            if note.end + late > start and note.start + late < end
        ]
        return replace(self, notes=tuple(notes)).cut(start, end)

    def followed_by(self, after: Score) -> Score:
        """Return this, and after its last second another; tempo and bars are the other's."""
        late = self.seconds
        moved = [replace(n, start=n.start + late, end=n.end + late) for n in after.notes]
        notes = sort_notes([*self.notes, *moved])
        return replace(after, notes=notes, seconds=late + after.seconds, is_loop=False)

    def at_tempo(self, bpm: float) -> Score:
        """Return the same notes at another tempo, where this one's is known."""
        if not self.bpm:
            return self
        slower = self.bpm / bpm
        notes = [
            replace(note, start=note.start * slower, end=note.end * slower) for note in self.notes
        ]
        return replace(self, notes=tuple(notes), seconds=self.seconds * slower, bpm=bpm)


def sort_notes(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Return notes by start, then pitch."""
    return tuple(sorted(notes, key=lambda note: (note.start, note.pitch, note.program, note.end)))


@dataclass(slots=True)
class _HeldNote:
    """Hold a note that has not ended. released: its key is up and the pedal holds it."""

    start: float
    velocity: int
    program: int
    released: bool = False


class NoteTracker:
    """Turn messages, in order of time, into notes; knows programs and the sustain pedal."""

    def __init__(self, keep: int) -> None:
        """Begin in silence. keep: notes that have ended are kept, the oldest going first."""
        self.finished: deque[Note] = deque(maxlen=keep)
        self.latest: float | None = None  # s, when a key last went down
        self.unsupported: dict[str, None] = {}
        self._held: dict[tuple[int, int], _HeldNote] = {}  # by channel and pitch
        self._programs = [0] * 16
        self._pedals = [False] * 16

    def receive(self, message: Any, now: float) -> None:
        """Take a message in, as mido has it. now: s, not before that of the last."""
        match message.type:
            case "note_on" if message.velocity:
                self._close(message.channel, message.note, now)
                program = self._programs[message.channel]
                self._held[message.channel, message.note] = _HeldNote(
                    now, message.velocity, program
                )
                self.latest = now
            case "note_on" | "note_off":
                self._release(message.channel, message.note, now)
            case "program_change":
                self._programs[message.channel] = message.program
            case "control_change":
                self._control(message.channel, message.control, message.value, now)
            case "pitchwheel" if abs(message.pitch) > BENT:
                self.unsupported["pitch bend"] = None

    def held_notes(self, now: float) -> list[Note]:
        """Return notes that have not ended, as if they did now."""
        return [self._note(channel, pitch, now) for channel, pitch in self._held]

    def all_off(self, now: float) -> None:
        """End all that sounds: whoever played is gone."""
        for channel, pitch in list(self._held):
            self._close(channel, pitch, now)
        self._pedals = [False] * 16

    def _control(self, channel: int, control: int, value: int, now: float) -> None:
        if control in (SUSTAIN, RESET):
            self._pedals[channel] = control == SUSTAIN and value >= PEDAL_DOWN
            if not self._pedals[channel]:
                self._end(channel, now, released=True)
        elif control in (ALL_SOUND_OFF, ALL_NOTES_OFF):
            self._end(channel, now, released=False)

    def _end(self, channel: int, now: float, released: bool) -> None:
        """End a channel's notes, or only those whose keys are up."""
        for (owner, pitch), note in list(self._held.items()):
            if owner == channel and (note.released or not released):
                self._close(channel, pitch, now)

    def _release(self, channel: int, pitch: int, now: float) -> None:
        note = self._held.get((channel, pitch))
        if note is not None and self._pedals[channel]:
            note.released = True
        else:
            self._close(channel, pitch, now)

    def _close(self, channel: int, pitch: int, now: float) -> None:
        if (channel, pitch) in self._held:
            self.finished.append(self._note(channel, pitch, now))
            del self._held[channel, pitch]

    def _note(self, channel: int, pitch: int, now: float) -> Note:
        note = self._held[channel, pitch]
        drum = channel == DRUM_CHANNEL
        return Note(note.start, now, pitch, note.velocity, note.program, drum)
