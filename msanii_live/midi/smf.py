"""A tolerant reader of Standard MIDI Files (MIDI 1.0, RP-001), in which damage costs only itself.

mido reads a file completely or not at all, and a number in it of any length. This reader keeps what
can be understood, counts what cannot, and takes time proportional to the length of the file.
"""

from __future__ import annotations

import struct

import mido

from msanii_live.midi.smf_track import (
    CHUNK_HEADER,
    HEADER,
    MAX_TEXTS,
    TRACK,
    Damage,
    TrackParser,
    is_chunk,
)

DEFAULT_DIVISION = 480  # ticks per beat where the header gives none
_FOREIGN = (  # what other files begin with
    (b"RIFF", b"WAVE", "a WAV sound"),
    (b"FORM", b"AIF", "an AIFF sound"),
    (b"fLaC", b"", "a FLAC sound"),
    (b"OggS", b"", "an Ogg sound"),
    (b"ID3", b"", "an MP3 sound"),
    (b"PK\x03\x04", b"", "a ZIP archive"),
)


def read_smf(content: bytes, max_notes: int) -> tuple[mido.MidiFile, tuple[str, ...]]:
    """Read a file as far as it can be understood.

    Only texts, and messages that notes, time and metre need, are returned. The division is mido's
    `ticks_per_beat`, negative where it counts SMPTE frames. Every track ends with an end of track.

    Returns the file, and sentences on what is missing or was left out.
    Raises: ValueError: it has no tracks, or more than `max_notes` notes.
    """
    damage = Damage()
    content = _unwrap(content)
    midi, promised, position = _read_header(content, damage)
    room, texts = max_notes, MAX_TEXTS
    while (start := _find_track(content, position, damage)) is not None:
        parser = TrackParser(content, start, len(midi.tracks) + 1, room, damage, texts)
        midi.tracks.append(parser.parse())
        position, room, texts = parser.next_chunk(), parser.room, parser.texts
        if room < 0:
            raise ValueError(f"it has more than {max_notes:,} notes")
    if not midi.tracks:
        raise ValueError("there is no track in it: the file is empty, damaged or cut short")
    missing = promised - len(midi.tracks)
    if missing > 0:
        damage.add(f"{missing} of its {promised} tracks are missing from the file")
    return midi, damage.sentences()


def _unwrap(content: bytes) -> bytes:
    """Return a file from its MIDI header on: without RIFF wrapper (RMID) or text before it.

    Raises: ValueError: there is nothing of a MIDI file in it.
    """
    if not content.strip(b"\0"):
        raise ValueError("the file is empty")
    if content[:4] == b"RIFF" and content[8:12] == b"RMID":
        position = 12
        while position + CHUNK_HEADER <= len(content):
            name, length = struct.unpack_from("<4sL", content, position)
            position += CHUNK_HEADER
            data = content[position : position + length]
            if name == b"data" and data.startswith(HEADER):
                return data
            position += length + length % 2
    start = content.find(HEADER)
    if start < 0:
        start = content.find(TRACK)
    if start >= 0:
        return content[start:]
    for begin, kind, words in _FOREIGN:
        if content.startswith(begin) and content[8:12].startswith(kind):
            raise ValueError(f"it is {words}, not a MIDI file")
    raise ValueError("it is not a MIDI file, or its beginning is lost")


def _read_header(content: bytes, damage: Damage) -> tuple[mido.MidiFile, int, int]:
    """Return an empty file of the header's format and division, its tracks, and where it ends."""
    form, tracks, division, position = 1, 0, 0, 0
    if not content.startswith(HEADER):
        damage.add(f"its header is missing: a beat is taken as {DEFAULT_DIVISION} ticks")
        return mido.MidiFile(type=1, ticks_per_beat=DEFAULT_DIVISION), 0, 0
    fields = content[CHUNK_HEADER : CHUNK_HEADER + 6]
    is_cut = TRACK in content[CHUNK_HEADER : CHUNK_HEADER + 6 + 3]
    if len(fields) == 6 and not is_cut:
        form, tracks, division = struct.unpack(">HHh", fields)
        position = CHUNK_HEADER + 6
    else:
        position = CHUNK_HEADER
    if len(content) >= CHUNK_HEADER:
        (length,) = struct.unpack_from(">L", content, 4)
        if length > 6 and is_chunk(content, CHUNK_HEADER + length):
            position = CHUNK_HEADER + length
    if not (division > 0 or (division < 0 and division & 0xFF and -(division >> 8) <= 60)):
        damage.add(f"its header gives no unit of time: a beat is taken as {DEFAULT_DIVISION} ticks")
        division = DEFAULT_DIVISION
    if form > 2:
        damage.add(f"its format, {form}, is unknown: its tracks are played together")
    return mido.MidiFile(type=2 if form == 2 else 1, ticks_per_beat=division), tracks, position


def _find_track(content: bytes, position: int, damage: Damage) -> int | None:
    """Return where the next track begins, foreign chunks skipped; None if there is none."""
    while position < len(content) and is_chunk(content, position):
        name = content[position : position + 4]
        if name == TRACK:
            return position
        if name == HEADER:
            damage.add("a second piece that follows in the file was left out")
            return None
        position += CHUNK_HEADER + int(struct.unpack_from(">L", content, position + 4)[0])
    found = content.find(TRACK, position)
    return None if found < 0 else found
