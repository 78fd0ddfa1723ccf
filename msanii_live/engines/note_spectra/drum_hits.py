"""Drum hits: what each drum of a kit sounds like, as a waveform.

A mel and a search for phases cannot hold a strike: the frames of a mel are 46 ms long, so hits came
up to 4 ms late and lost up to 5 dB of their first 20 ms. Hits are few and short, so their waveforms
are kept, and a hit is played with its own attack, spectrum and decay.
"""

from __future__ import annotations

import io
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import soundfile

from msanii_live.engines.notes.dynamics import amplitude_of
from msanii_live.engines.notes.instruments import substitute_kit
from msanii_live.notes import Note

RATE = 44_100
KEYS = range(27, 88)  # of drums
LONGEST = 6.0  # s that a hit may ring
CHOKE = 0.03  # s in which a drum ends that another one closes
_TOGETHER = 0.01  # s within which two hits are one strike, and do not end each other
_HATS = frozenset({42, 44, 46})
_PAIRS = ((71, 72), (73, 74), (78, 79), (80, 81))  # whistles, guiros, cuicas, triangles
# Drums that end each other, by key. Source: exclusive classes of General MIDI level 2, drum sets.
EXCLUSIVE: Mapping[int, frozenset[int]] = {
    **dict.fromkeys(_HATS, _HATS),
    **{key: frozenset(pair) for pair in _PAIRS for key in pair},
}


@dataclass(frozen=True, eq=False)
class DrumHits:
    """The hits of some kits at the velocity REFERENCE.

    kits: programs of the drum channel. numbers: which hit each key plays, int16, (kits, KEYS);
    -1 for none. gains: linear, float32, of the same shape. encoded: hits as sound files.
    """

    kits: tuple[int, ...]
    numbers: np.ndarray
    gains: np.ndarray
    encoded: tuple[bytes, ...]
    _decoded: dict[int, np.ndarray] = field(default_factory=dict, repr=False)

    def hit(self, program: int, key: int) -> np.ndarray:
        """Return the hit of a key, float32, (2, frames), without frames where there is none."""
        kit = self.kits.index(substitute_kit(program, self.kits))
        place = min(max(key, KEYS[0]), KEYS[-1]) - KEYS[0]
        number = int(self.numbers[kit, place])
        if number < 0:
            return np.zeros((2, 0), np.float32)
        if number not in self._decoded:
            self._decoded[number] = decode(self.encoded[number])
        wave: np.ndarray = self._decoded[number] * self.gains[kit, place]
        return wave

    def play(self, notes: Sequence[Note], frames: int, is_loop: bool = False) -> np.ndarray:
        """Return the sound of drum notes, float32, (2, frames), from second 0.

        is_loop: what rings at the end of the loop is heard at its start.
        """
        out = np.zeros((2, frames), np.float32)
        if is_loop:
            notes = _with_rounds_before(notes, frames / RATE)
        for note, end in _with_ends(notes):
            wave = self.hit(note.program, note.pitch)
            if math.isfinite(end):
                wave = _cut(wave, round((end - note.start) * RATE))
            first = round(note.start * RATE)
            skipped, last = max(0, -first), min(wave.shape[1], frames - first)
            if last > skipped:
                gain = np.float32(math.exp(amplitude_of(note.velocity)))
                out[:, first + skipped : first + last] += gain * wave[:, skipped:last]
        return out


def _with_rounds_before(notes: Sequence[Note], seconds: float) -> list[Note]:
    """Return the notes of a loop with those of earlier rounds that may still ring."""
    rounds = math.ceil(LONGEST / seconds)
    return [
        replace(note, start=note.start - turn * seconds, end=note.end - turn * seconds)
        for turn in range(rounds, -1, -1)
        for note in notes
    ]


def _with_ends(notes: Sequence[Note]) -> list[tuple[Note, float]]:
    """Return notes, and at which second another one ends each."""
    starts: dict[frozenset[int], list[float]] = {}
    for note in notes:
        if group := EXCLUSIVE.get(note.pitch):
            starts.setdefault(group, []).append(note.start)
    for each in starts.values():
        each.sort()
    found = []
    for note in notes:
        own = starts.get(EXCLUSIVE.get(note.pitch, frozenset()), [])
        later = bisect_right(own, note.start + _TOGETHER)
        found.append((note, own[later] if later < len(own) else math.inf))
    return found


def _cut(wave: np.ndarray, frames: int) -> np.ndarray:
    """Return a hit that is closed after so many frames."""
    fade = round(CHOKE * RATE)
    if frames + fade >= wave.shape[1]:
        return wave
    cut = wave[:, : frames + fade].copy()
    cut[:, frames:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32) ** 2
    return cut


def encode(wave: np.ndarray) -> bytes:
    """Return a hit as a Vorbis file. wave: float32, (2, frames), with a peak of at most 1."""
    content = io.BytesIO()
    with soundfile.SoundFile(
        content, "w", RATE, 2, format="OGG", subtype="VORBIS", compression_level=0.3
    ) as file:
        for first in range(0, wave.shape[1], 4_096):  # libsndfile 1.2 cannot take much at once
            file.write(wave[:, first : first + 4_096].T)
    return content.getvalue()


def decode(content: bytes) -> np.ndarray:
    """Return a hit, float32, (2, frames). Raises: ValueError: it is no sound file."""
    try:
        wave, _ = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
    except soundfile.SoundFileError as error:
        raise ValueError(f"a drum hit cannot be read: {error}") from None
    return np.ascontiguousarray(wave.T)
