"""The tempo that a sound file declares: in its chunks, its tags, or its name.

Everything here reads a file of unknown origin, so it is plain Python with bounds on every length.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BPM_RANGE = (20.0, 300.0)
_MAX_CHUNKS = 1_000
_MAX_CHUNK_BYTES = 2**16  # read of one chunk
_MAX_TAG_BYTES = 2**20
_GUESSED_RANGE = (80.0, 160.0)  # bpm, of a loop that declares only where it repeats
_NAME = re.compile(r"(?<![\d.])(\d{2,3}(?:[.,]\d+)?)[ _-]?bpm|bpm[ _-]?(\d{2,3}(?:[.,]\d+)?)", re.I)
_BARE_NUMBER = re.compile(r"(?<![^\s_-])\d{2,3}(?![^\s_-])")
_BARE_RANGE = (60.0, 200.0)  # bpm
_BAR_TOLERANCE = 0.005  # bars: one length in a hundred fits by chance
_VORBIS_COMMENT = re.compile(rb"(?:BPM|TBPM|TEMPO)=(\d{2,3}(?:\.\d{1,6})?)(?![\d.])", re.I)
_ID3_TEXT = re.compile(rb"^\D{0,3}(\d{2,3}(?:\.\d{1,6})?)")
_ACID_ONE_SHOT = 1


@dataclass(frozen=True)
class Tempo:
    """What a file declares. bpm: 0 where unknown. loops: it is marked as a loop.

    is_guess: only the length of the loop is declared, and its tempo was derived from that.
    """

    bpm: float = 0.0
    loops: bool = False
    is_guess: bool = False


def read_tempo(path: Path, seconds: float) -> Tempo:
    """Return the tempo that a sound file declares. seconds: its length.

    The first that is known wins: an `acid` chunk (ACID loops), a `basc` chunk (Apple Loops), tags
    (ID3 TBPM, Vorbis comments), the file's name, the length of a `smpl` loop.
    """
    try:
        declared = _read_declared(path, seconds)
    except (OSError, struct.error, ValueError):
        declared = []
    loops = any(tempo.loops for tempo in declared)
    known = [tempo for tempo in declared if tempo.bpm and not tempo.is_guess]
    guesses = [tempo for tempo in declared if tempo.is_guess]
    named = tempo_in_name(path.name) or bare_tempo_in_name(path.stem, seconds)
    if known:
        return Tempo(known[0].bpm, loops)
    if named:
        return Tempo(named, loops)
    if guesses:
        return Tempo(guesses[0].bpm, loops, is_guess=True)
    return Tempo(loops=loops)


def tempo_in_name(name: str) -> float:
    """Return the tempo in a file's name; 0 if there is none.

    >>> tempo_in_name("dub_124bpm_Am.wav"), tempo_in_name("92.5 BPM keys"), tempo_in_name("take 3")
    (124.0, 92.5, 0.0)
    """
    match = _NAME.search(name)
    return _legal(float((match[1] or match[2]).replace(",", "."))) if match else 0.0


def bare_tempo_in_name(stem: str, seconds: float) -> float:
    """Return a number of a file's name by which its length is whole bars of four beats, else 0.

    >>> bare_tempo_in_name("drums_174_Am", 8 * 60 / 174), bare_tempo_in_name("take 100", 7.1)
    (174.0, 0.0)
    """
    for text in _BARE_NUMBER.findall(stem):
        bpm = float(text)
        bars = seconds * bpm / 60 / 4
        is_tempo = _BARE_RANGE[0] <= bpm <= _BARE_RANGE[1] and round(bars) >= 1
        if is_tempo and abs(bars - round(bars)) < _BAR_TOLERANCE:
            return bpm
    return 0.0


def _read_declared(path: Path, seconds: float) -> list[Tempo]:
    with path.open("rb") as file:
        head = file.read(12)
    if head[:4] in (b"RIFF", b"RF64", b"BW64", b"FORM"):
        order = ">" if head[:4] == b"FORM" else "<"
        found = [_from_chunk(*chunk, seconds) for chunk in _chunks(path, order)]
        return [tempo for tempo in found if tempo is not None]
    with path.open("rb") as file:
        content = file.read(_MAX_TAG_BYTES)
    if head[:3] == b"ID3":
        return [Tempo(_from_id3(content))]
    if head[:4] in (b"fLaC", b"OggS") and (match := _VORBIS_COMMENT.search(content[:65_536])):
        return [Tempo(_legal(float(match[1])))]
    return []


def _chunks(path: Path, order: str) -> Iterator[tuple[bytes, bytes, str]]:
    """Yield the name, the first bytes and the byte order of each chunk."""
    size = path.stat().st_size
    with path.open("rb") as file:
        place = 12
        for _ in range(_MAX_CHUNKS):
            file.seek(place)
            head = file.read(8)
            if len(head) < 8:
                return
            (length,) = struct.unpack(f"{order}I", head[4:])
            name = head[:4]
            if name not in (b"data", b"SSND"):
                yield name, file.read(min(length, _MAX_CHUNK_BYTES)), order
            place += 8 + length + length % 2
            if place >= size:
                return


def _from_chunk(name: bytes, body: bytes, order: str, seconds: float) -> Tempo | None:
    if name == b"acid" and len(body) >= 24:
        flags, _, _, _, beats = struct.unpack_from("<IHHfI", body)
        (bpm,) = struct.unpack_from("<f", body, 20)
        loops = not flags & _ACID_ONE_SHOT
        return Tempo(_legal(bpm) or (_from_beats(beats, seconds) if loops else 0.0), loops)
    if name == b"basc" and len(body) >= 8:
        (beats,) = struct.unpack_from(">I", body, 4)
        return Tempo(_from_beats(beats, seconds), loops=True)
    if name in (b"id3 ", b"ID3 "):
        return Tempo(_from_id3(body))
    if name == b"smpl" and len(body) >= 36 + 24:
        period, count = struct.unpack_from("<8xI16xI", body)
        first, last = struct.unpack_from("<II", body, 36 + 8)
        if count and period and last > first:
            return _from_loop((last + 1 - first) * period * 1e-9)
    return None


def _from_loop(seconds: float) -> Tempo:
    """Return the tempo of a loop that is 1, 2, 4 … beats long, nearest the middle of the range."""
    for exponent in range(9):
        bpm = 60.0 * 2**exponent / seconds
        if _GUESSED_RANGE[0] <= bpm < _GUESSED_RANGE[1] and exponent >= 1:
            return Tempo(round(bpm, 2), loops=True, is_guess=True)
    return Tempo(loops=True)


def _from_beats(beats: int, seconds: float) -> float:
    return _legal(round(60.0 * beats / seconds, 3)) if 0 < beats <= 4_096 and seconds > 0 else 0.0


def _from_id3(tag: bytes) -> float:
    """Return the value of an ID3v2 tag's frame TBPM (in version 2.2: TBP)."""
    if tag[:3] != b"ID3" or len(tag) < 10:
        return 0.0
    for name, header in ((b"TBPM", 10), (b"TBP", 6)):
        place = tag.find(name, 10)
        if place < 0:
            continue
        text = tag[place + header : place + header + 32]
        plain = text.replace(b"\0", b"").replace(b"\xff\xfe", b"").replace(b"\xfe\xff", b"")
        if match := _ID3_TEXT.match(plain.lstrip(b"\1\2\3")):
            return _legal(float(match[1]))
    return 0.0


def _legal(bpm: float) -> float:
    return float(round(bpm, 4)) if BPM_RANGE[0] <= bpm <= BPM_RANGE[1] else 0.0
