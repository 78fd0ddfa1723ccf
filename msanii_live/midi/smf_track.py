"""The tracks of a Standard MIDI File, read as far as they can be understood."""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import dataclass, field

import mido

HEADER, TRACK = b"MThd", b"MTrk"
CHUNK_HEADER = 8  # bytes: a name of four letters and a length
_MAX_NUMBER_BYTES = 4  # of a number of variable length, RP-001 page 2
_SYSEX, _ESCAPE, _META = 0xF0, 0xF7, 0xFF
_SYSTEM_DATA = {0xF1: 1, 0xF2: 2, 0xF3: 1}  # bytes after a system message, which is no file's
_END_OF_TRACK, _TEMPO, _METRE, _KEY = 0x2F, 0x51, 0x58, 0x59
_MAX_METRE_POWER = 7  # a metre counts in whole notes / 2**7 at the least: 128ths
_MAX_SHARPS = 7
_MAX_SENTENCES = 8  # on the damage of one file
_TEXTS = {0x01: "text", 0x03: "track_name", 0x06: "marker", 0x07: "cue_marker"}  # that are kept
_MAX_TEXT_BYTES = 2_000
MAX_TEXTS = 5_000  # kept of one file


@dataclass
class Damage:
    """What could not be read, in words and counted."""

    counts: Counter[str] = field(default_factory=Counter)

    def add(self, sentence: str, times: int = 1) -> None:
        """Add a sentence, or count it if it is known. Beyond the first few, none is told apart."""
        if sentence not in self.counts and len(self.counts) >= _MAX_SENTENCES:
            sentence = "more of it is damaged"
        self.counts[sentence] += times

    def sentences(self) -> tuple[str, ...]:
        """Return the sentences in the order of their first time, with how often if more than once.

        >>> Damage(Counter({"a tempo of 0 was left out": 2})).sentences()
        ('a tempo of 0 was left out (2 times)',)
        """
        return tuple(
            text if times == 1 else f"{text} ({times} times)" for text, times in self.counts.items()
        )


def is_chunk(content: bytes, position: int) -> bool:
    """Return whether a chunk begins here, or the file ends."""
    name = content[position : position + 4]
    if position == len(content) or name in (TRACK, HEADER):
        return True
    if len(content) < position + CHUNK_HEADER or not (name.isascii() and name.isalnum()):
        return False
    (length,) = struct.unpack_from(">L", content, position + 4)
    return position + CHUNK_HEADER + int(length) <= len(content)


class _CutShort(Exception):
    """The bytes of a track end within an event."""


class TrackParser:
    """A parser of one track. room: notes that the file may still have; negative once it is over.

    texts: texts of the file that may still be kept; others are passed over.

    A track ends where its length says, if another chunk or the end of the file is there. If not,
    the length is wrong, and the track ends with its end-of-track event or at the next track.
    """

    def __init__(
        self,
        content: bytes,
        start: int,
        number: int,
        room: int,
        damage: Damage,
        texts: int = MAX_TEXTS,
    ) -> None:
        """start: the position of the chunk. number: of the track, from 1, for what is told."""
        self.room, self.texts = room, texts
        self._content, self._number, self._damage = content, number, damage
        self._position = self._event_start = min(start + CHUNK_HEADER, len(content))
        self._end, self._is_end_known = len(content), False
        if start + CHUNK_HEADER <= len(content):
            end = self._position + int(struct.unpack_from(">L", content, start + 4)[0])
            if end > self._position and is_chunk(content, end):
                self._end, self._is_end_known = end, True
        self._track = mido.MidiTrack()
        self._delta = 0  # ticks since the last message that was kept
        self._status: int | None = None  # running status
        self._has_ended = False

    def parse(self) -> mido.MidiTrack:
        """Return the messages of the track, as many as can be understood."""
        try:
            while not self._has_ended and self._position < self._end and self.room >= 0:
                self._event_start = self._position
                if not self._is_end_known and self._content.startswith(TRACK, self._position):
                    break
                self._read_event()
        except _CutShort:
            if not self._is_end_known and self.next_chunk() == len(self._content):
                self._say("is cut short: the file ends in the middle of it")
            else:
                self._say("is damaged: the rest of it was left out")
        else:
            rest = self._content[self._position : self.next_chunk()] if self._is_end_known else b""
            if len(rest) > CHUNK_HEADER and any(rest):
                self._say("goes on after its end: what follows was left out")
            if not (self._has_ended or self._is_end_known or self.next_chunk() < self._end):
                self._say("is cut short: the file ends in the middle of it")
        self._keep(mido.MetaMessage("end_of_track"))
        return self._track

    def next_chunk(self) -> int:
        """Return where to look for the next chunk, after `parse`."""
        if self._has_ended:  # what follows may be a track that the length should not have counted
            found = self._content.find(TRACK, self._position, self._end)
            if self._is_end_known:
                return self._end if found < 0 else found
            if is_chunk(self._content, self._position):
                return self._position
        elif self._is_end_known:
            return self._end
        else:
            found = self._content.find(TRACK, self._event_start)
        return len(self._content) if found < 0 else found

    def _say(self, what: str) -> None:
        self._damage.add(f"track {self._number} {what}")

    def _skip(self, times: int = 1) -> None:
        if times:
            self._damage.add(f"damaged bytes in track {self._number} were skipped", times)

    def _keep(self, message: mido.Message | mido.MetaMessage) -> None:
        message.time = self._delta
        self._delta = 0
        self._track.append(message)

    def _read_event(self) -> None:
        delta = self._read_number()
        if delta is None:
            self._skip()
            return
        byte = self._read_byte()
        if byte < 0x80 and self._status is not None:
            self._position -= 1
            byte = self._status
        elif byte < 0x80:  # nothing says what it is: go on with the next message
            begun = self._position - 1
            while byte < 0x80:
                byte = self._read_byte()
            self._skip(self._position - 1 - begun)
        status: int | None = byte
        while status is not None:
            status = self._read_message(status, delta)
            if status is not None:
                self._skip()
                delta = 0

    def _read_message(self, status: int, delta: int) -> int | None:
        """Read what follows a status; return another status if it comes too early.

        The time of a message counts once the message is complete.
        """
        if status < _SYSEX:
            return self._read_channel_message(status, delta)
        if status == _META:
            kind = self._read_byte()
            data = self._read_data()
            self._delta += delta
            self._read_meta(kind, data)
            return None
        if status in (_SYSEX, _ESCAPE):
            self._read_data()
        else:
            self._take(_SYSTEM_DATA.get(status, 0))
        self._delta += delta
        return None

    def _read_channel_message(self, status: int, delta: int) -> int | None:
        self._status = status
        kind, channel = status >> 4, status & 15
        first = self._read_byte()
        if first >= 0x80:
            self._delta += delta
            return first
        second = 0 if kind in (0xC, 0xD) else min(127, self._read_byte())
        self._delta += delta
        if kind in (8, 9):
            self.room -= kind == 9 and second > 0
            name = "note_on" if kind == 9 else "note_off"
            self._message(name, channel, note=first, velocity=second)
        elif kind == 0xB:
            self._message("control_change", channel, control=first, value=second)
        elif kind == 0xC:
            self._message("program_change", channel, program=first)
        elif kind == 0xE:
            self._message("pitchwheel", channel, pitch=(second << 7 | first) - 8192)
        return None

    def _message(self, kind: str, channel: int, **values: int) -> None:
        self._keep(mido.Message(kind, skip_checks=True, channel=channel, **values))

    def _read_meta(self, kind: int, data: bytes) -> None:
        if kind == _END_OF_TRACK:
            self._has_ended = True
        elif kind == _TEMPO:
            tempo = int.from_bytes(data[:3], "big")
            if len(data) >= 3 and tempo:
                self._keep(mido.MetaMessage("set_tempo", tempo=tempo))
            else:
                self._damage.add(
                    f"a tempo {'of 0' if len(data) >= 3 else 'cut short'} was left out"
                )
        elif kind == _METRE:
            if len(data) >= 2 and data[0] and data[1] <= _MAX_METRE_POWER:
                metre = {"numerator": data[0], "denominator": 2 ** data[1]}
                self._keep(mido.MetaMessage("time_signature", **metre))
            else:
                below = f"2^{data[1]}" if data[1:] and data[1] > _MAX_METRE_POWER else "4"
                shown = f"{data[0]}/{below}" if len(data) >= 2 else "cut short"
                self._damage.add(f"a metre {shown}, which does not exist, was left out")
        elif kind == _KEY:
            sharps, mode = struct.unpack("bB", data[:2].ljust(2, b"\xff"))
            if len(data) < 2 or abs(sharps) > _MAX_SHARPS or mode > 1:
                self._damage.add("a key signature that does not exist was left out")
        elif kind in _TEXTS and self.texts > 0 and 0 < len(data) <= _MAX_TEXT_BYTES:
            self.texts -= 1
            word = "name" if kind == 0x03 else "text"
            text = {word: data.decode("utf-8", "replace")}
            self._keep(mido.MetaMessage(_TEXTS[kind], **text))

    def _read_byte(self) -> int:
        if self._position >= self._end:
            raise _CutShort
        self._position += 1
        return self._content[self._position - 1]

    def _read_number(self) -> int | None:
        """Return a number of variable length, None if it is longer than a file may have."""
        number = 0
        for _ in range(_MAX_NUMBER_BYTES):
            byte = self._read_byte()
            number = number << 7 | byte & 0x7F
            if byte < 0x80:
                return number
        return None

    def _read_data(self) -> bytes:
        length = self._read_number()
        if length is None:
            raise _CutShort
        return self._take(length)

    def _take(self, length: int) -> bytes:
        if self._position + length > self._end:
            raise _CutShort
        self._position += length
        return self._content[self._position - length : self._position]
