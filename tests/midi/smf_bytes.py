"""Bytes of MIDI files, as the tests of damage need them."""

import struct
from pathlib import Path

from msanii_live.midi import files
from msanii_live.notes import Score

BEAT = 480
END = b"\0\xff\x2f\0"


def number(value: int) -> bytes:
    """Return a number of variable length."""
    out = [value & 127]
    while value := value >> 7:
        out.append(value & 127 | 128)
    return bytes(reversed(out))


def header(form: int = 1, tracks: int = 1, division: int = BEAT) -> bytes:
    return b"MThd" + struct.pack(">LHHH", 6, form, tracks, division & 0xFFFF)


def track(body: bytes, longer: int = 0) -> bytes:
    """Return a track whose length is told as so many bytes longer than it is."""
    return b"MTrk" + struct.pack(">L", len(body) + longer) + body


def on(pitch: int, wait: int = 0, velocity: int = 90, channel: int = 0) -> bytes:
    return number(wait) + bytes([0x90 | channel, pitch, velocity])


def off(pitch: int, wait: int = 0, channel: int = 0) -> bytes:
    return number(wait) + bytes([0x80 | channel, pitch, 64])


def tune(*pitches: int, length: int = BEAT, channel: int = 0) -> bytes:
    """Return one note after another, each so many ticks long."""
    return b"".join(on(pitch, channel=channel) + off(pitch, length, channel) for pitch in pitches)


def meta(kind: int, data: bytes, wait: int = 0) -> bytes:
    return number(wait) + bytes([0xFF, kind]) + number(len(data)) + data


def tempo(bpm: float, wait: int = 0) -> bytes:
    return meta(0x51, round(60e6 / bpm).to_bytes(3, "big"), wait)


def metre(beats: int, power: int = 2, wait: int = 0) -> bytes:
    return meta(0x58, bytes([beats, power, 24, 8]), wait)


def song(*bodies: bytes, form: int = 1, division: int = BEAT) -> bytes:
    """Return a whole file with a track for each body, each of which has its end."""
    return header(form, len(bodies), division) + b"".join(track(body + END) for body in bodies)


def read(folder: Path, content: bytes, name: str = "song.mid") -> Score:
    (folder / name).write_bytes(content)
    return files.read(folder / name, name)


def pitches(score: Score) -> list[int]:
    return [note.pitch for note in score.notes]


def spans(score: Score, pitch: int = 60) -> list[tuple[float, float]]:
    """Return starts and ends of the notes of a key, s."""
    return [(round(n.start, 3), round(n.end, 3)) for n in score.notes if n.pitch == pitch]
