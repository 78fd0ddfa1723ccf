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


@dataclass(frozen=True)
class Score:
    """Notes in order of their starts, with the length and metre of the whole.

    seconds: length. bpm: 0 if it varies or is unknown. bar: bars from the last downbeat to second
    0. is_loop: it is whole bars long, to be played as a loop. unsupported: what notes cannot
    represent, in words. beats: per bar, 0 if unknown.
    """

    notes: tuple[Note, ...]
    seconds: float
    bpm: float = 0.0
    bar: float = 0.0
    is_loop: bool = False
    unsupported: tuple[str, ...] = ()
    beats: float = 0.0

    def cut(self, start: float, end: float) -> Score:
        """Return the span [start, end), s, moved to second 0; notes across an edge are cut.

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
        return replace(self, notes=tuple(notes)).cut(start, end)

    def followed_by(self, after: Score) -> Score:
        """Return this score and another one after its end; tempo and bars are the other's."""
        shift = self.seconds
        moved = [replace(n, start=n.start + shift, end=n.end + shift) for n in after.notes]
        notes = sort_notes([*self.notes, *moved])
        return replace(after, notes=notes, seconds=shift + after.seconds, is_loop=False)

    def at_tempo(self, bpm: float) -> Score:
        """Return the same notes at another tempo; unchanged if this score's tempo is unknown."""
        if not self.bpm:
            return self
        stretch = self.bpm / bpm
        notes = [
            replace(note, start=note.start * stretch, end=note.end * stretch) for note in self.notes
        ]
        return replace(self, notes=tuple(notes), seconds=self.seconds * stretch, bpm=bpm)


def sort_notes(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Return notes sorted by start, then pitch."""
    return tuple(sorted(notes, key=lambda note: (note.start, note.pitch, note.program, note.end)))


@dataclass(slots=True)
class _HeldNote:
    """A note that has not ended. released: its key is up and the pedal holds it."""

    start: float
    velocity: int
    program: int
    released: bool = False


class NoteTracker:
    """A converter of MIDI messages, in order of time, to notes; it tracks programs and pedals.

    finished: notes that have ended. latest: s, of the last key press, None before the first.
    unsupported: what came in that notes cannot represent; a dict as an ordered set.
    """

    def __init__(self, max_notes: int) -> None:
        """Start without notes. max_notes: number of finished notes kept; the oldest go first."""
        self.finished: deque[Note] = deque(maxlen=max_notes)
        self.latest: float | None = None
        self.unsupported: dict[str, None] = {}
        self._held: dict[tuple[int, int], _HeldNote] = {}  # by channel and pitch
        self._programs = [0] * 16
        self._pedals = [False] * 16

    def receive(self, message: Any, now: float) -> None:
        """Process a message, as mido has it. now: s, not before that of the last message."""
        match message.type:
            case "note_on" if message.velocity:
                self._finish(message.channel, message.note, now)
                program = self._programs[message.channel]
                held = _HeldNote(now, message.velocity, program)
                self._held[message.channel, message.note] = held
                self.latest = now
            case "note_on" | "note_off":
                self._release(message.channel, message.note, now)
            case "program_change":
                self._programs[message.channel] = message.program
            case "control_change":
                self._control(message.channel, message.control, message.value, now)
            case "pitchwheel" if abs(message.pitch) > MIN_PITCH_BEND:
                self.unsupported["pitch bend"] = None

    def held_notes(self, now: float) -> list[Note]:
        """Return the notes that have not ended, as if they ended now."""
        return [self._note(channel, pitch, now) for channel, pitch in self._held]

    def all_off(self, now: float) -> None:
        """End all held notes and release all pedals."""
        for channel, pitch in list(self._held):
            self._finish(channel, pitch, now)
        self._pedals = [False] * 16

    def _control(self, channel: int, control: int, value: int, now: float) -> None:
        if control in (SUSTAIN, RESET):
            self._pedals[channel] = control == SUSTAIN and value >= PEDAL_DOWN
            if not self._pedals[channel]:
                self._finish_channel(channel, now, only_released=True)
        elif control in (ALL_SOUND_OFF, ALL_NOTES_OFF):
            self._finish_channel(channel, now, only_released=False)

    def _finish_channel(self, channel: int, now: float, only_released: bool) -> None:
        for (owner, pitch), note in list(self._held.items()):
            if owner == channel and (note.released or not only_released):
                self._finish(channel, pitch, now)

    def _release(self, channel: int, pitch: int, now: float) -> None:
        note = self._held.get((channel, pitch))
        if note is not None and self._pedals[channel]:
            note.released = True
        else:
            self._finish(channel, pitch, now)

    def _finish(self, channel: int, pitch: int, now: float) -> None:
        if (channel, pitch) in self._held:
            self.finished.append(self._note(channel, pitch, now))
            del self._held[channel, pitch]

    def _note(self, channel: int, pitch: int, now: float) -> Note:
        note = self._held[channel, pitch]
        drum = channel == DRUM_CHANNEL
        return Note(note.start, now, pitch, note.velocity, note.program, drum)
