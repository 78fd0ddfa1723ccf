"""The notes of a stream of MIDI messages: keys, programs and pedals."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msanii_live.notes import DRUM_CHANNEL, Note

SUSTAIN, ALL_SOUND_OFF, RESET, ALL_NOTES_OFF = 64, 120, 121, 123  # controller numbers
PEDAL_DOWN = 64  # controller value from which a pedal counts as pressed
SHORT_NOTE = 0.06  # s that a note sounds of which press and release come at the same moment
MIN_PITCH_BEND = 341  # of 8,192, a twelfth of a semitone at the usual range: less is ignored

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

    parts: the parts of tracks that are one, by number. finished: notes that have ended. latest: s,
    of the last key press, None before the first. unsupported: what came in that notes cannot
    represent; a dict as an ordered set.
    """

    def __init__(self, max_notes: int, parts: Mapping[int, str] | None = None) -> None:
        """Start without notes. max_notes: number of finished notes kept; the oldest go first."""
        self.parts = dict(parts or {})
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
        note, (track, channel, pitch) = self._held[key], key
        drum = channel == DRUM_CHANNEL
        part = self.parts.get(track, "")
        if (part == "drums") != drum:
            part = ""
        return Note(note.start, now, pitch, note.velocity, note.program, drum, part)
