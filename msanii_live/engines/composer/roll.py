"""The piano roll that the network reads and writes: notes of all parts as one row a sixteenth.

A row has BITS yes-or-no channels and VALUES continuous ones:

- bits: an onset for each drum key of DRUM_KEYS; for each other part an onset and a hold for
  each pitch of its range. Pitches are relative to the tonic: it is moved to C before.
- values: velocity and micro-timing for each drum key; velocity, micro-timing and release for each
  other part. They mean something only where the part has an onset.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from msanii_live.engines.composer.notes import AnyNote, PartNote, in_order, shift_to_c
from msanii_live.notes import PARTS

# General MIDI keys: kick, stick, snare, clap, hats, crash, ride, its bell, tambourine, cowbell,
# congas, shaker, claves, toms from high to low
DRUM_KEYS = (36, 37, 38, 39, 42, 44, 46, 49, 51, 53, 54, 56, 62, 63, 64, 70, 75, 50, 47, 45, 43, 41)
NEAREST_DRUM = {
    35: 36, 40: 38, 48: 50, 55: 49, 57: 49, 52: 49, 59: 51, 60: 62, 61: 64, 65: 63, 66: 64, 67: 56,
    68: 56, 69: 70, 82: 70, 76: 75, 77: 75, 80: 56, 81: 56, 31: 37, 34: 37, 58: 70, 71: 75, 72: 75,
    73: 70, 74: 70, 78: 62, 79: 64,
}  # fmt: skip
RANGES = {"bass": (21, 69), "chords": (36, 96), "lead": (48, 108), "pad": (36, 96)}

DRUMS = len(DRUM_KEYS)
BITS = DRUMS + 2 * sum(high - low for low, high in RANGES.values())
VALUES = 2 * DRUMS + 3 * len(RANGES)
WIDTH = BITS + VALUES

ONSET: dict[str, slice] = {"drums": slice(0, DRUMS)}  # of bits
HOLD: dict[str, slice] = {}  # of bits
FEEL: dict[str, slice] = {"drums": slice(0, 2 * DRUMS)}  # of values
_bit, _value = DRUMS, 2 * DRUMS
for _part, (_low, _high) in RANGES.items():
    _size = _high - _low
    ONSET[_part], HOLD[_part] = slice(_bit, _bit + _size), slice(_bit + _size, _bit + 2 * _size)
    FEEL[_part] = slice(_value, _value + 3)
    _bit, _value = _bit + 2 * _size, _value + 3

# What 1.0 in a value channel stands for; chosen so that music's values have the size of ±1
VELOCITY_CENTRE, VELOCITY_SCALE = 64.0, 32.0
OFFSET_SCALE = 0.25  # steps
RELEASE_SCALE = 0.5  # steps

NOTE_DTYPE = np.dtype(
    [
        ("part", np.int8),
        ("step", np.int32),
        ("offset", np.float32),
        ("length", np.float32),
        ("pitch", np.int16),
        ("velocity", np.int16),
    ]
)
Notes = npt.NDArray[Any]  # structured, NOTE_DTYPE
FloatArray = npt.NDArray[np.float32]
BitArray = npt.NDArray[np.bool_]


def swing_delay(step: int, swing: float) -> float:
    """Return how late swing plays a step, in steps. swing: delay of each second sixteenth."""
    return swing if step % 2 else 0.0


def to_array(notes: Iterable[AnyNote], tonic: int, swing: float) -> Notes:
    """Return notes as rows of NOTE_DTYPE, tonic moved to C, swing taken out.

    offset: what remains of start - step once swing is taken out, in steps. Pitches outside a
    part's range are moved by octaves into it; drums go to the nearest of DRUM_KEYS.
    """
    shift = shift_to_c(tonic)
    rows = [
        (
            PARTS.index(note.part),
            note.step,
            note.start - note.step - swing_delay(note.step, swing),
            note.length,
            _lane(note.pitch) if note.part == "drums" else _fold(note.part, note.pitch - shift),
            note.velocity,
        )
        for note in notes
    ]
    return np.array(rows, NOTE_DTYPE)


def _lane(key: int) -> int:
    key = NEAREST_DRUM.get(key, key)
    return key if key in DRUM_KEYS else 42


def _fold(part: str, pitch: int) -> int:
    low, high = RANGES[part]
    while pitch < low:
        pitch += 12
    while pitch >= high:
        pitch -= 12
    return pitch


_FIRST_ONSET = np.array([0, *(ONSET[part].start - RANGES[part][0] for part in PARTS[1:])])
_HOLD_AFTER = np.array([0, *(high - low for low, high in RANGES.values())])  # channels later
_LANE_OF = np.zeros(128, np.int64)
_LANE_OF[list(DRUM_KEYS)] = np.arange(DRUMS)
_FIRST_VALUE = np.array([FEEL[part].start for part in PARTS])


def encode(notes: Notes, steps: int) -> tuple[BitArray, FloatArray]:
    """Draw notes on a roll.

    notes: NOTE_DTYPE, relative to the tonic. steps: of the roll; what starts outside is left out.
    Returns bits, (steps, BITS), and values, (steps, VALUES), 0 where there is no onset. Notes of
    a part that start together share a mean velocity, micro-timing and release.
    """
    notes = notes[(notes["step"] >= 0) & (notes["step"] < steps)]
    notes = notes[np.lexsort((notes["step"], notes["pitch"], notes["part"]))]
    bits = np.zeros((steps, BITS), np.bool_)
    values = np.zeros((steps, VALUES), np.float32)
    if not len(notes):
        return bits, values
    part, step = notes["part"].astype(np.int64), notes["step"].astype(np.int64)
    drum = part == 0
    lane = _LANE_OF[notes["pitch"]]
    column = np.where(drum, lane, notes["pitch"] + _FIRST_ONSET[part])
    bits[step, column] = True

    whole = np.maximum(np.rint(notes["length"]).astype(np.int64), 1)
    release = notes["length"] - whole
    room = np.full(len(notes), steps, np.int64) - step  # until the same pitch starts again
    same = (column[1:] == column[:-1]) & (step[1:] > step[:-1])
    room[:-1][same] = (step[1:] - step[:-1])[same]
    release[whole > room] = 0.0
    whole = np.where(drum, 1, np.minimum(whole, room))
    tail = whole - 1
    if tail.sum():
        owner = np.repeat(np.arange(len(notes)), tail)
        late = np.arange(len(owner)) - np.repeat(np.cumsum(tail) - tail, tail) + 1
        bits[step[owner] + late, (column + _HOLD_AFTER[part])[owner]] = True

    first = _FIRST_VALUE[part] + np.where(drum, 2 * lane, 0)
    counts = np.zeros((steps, VALUES), np.float32)
    feel = (
        (notes["velocity"] - VELOCITY_CENTRE) / VELOCITY_SCALE,
        notes["offset"] / OFFSET_SCALE,
        np.clip(release, -1.0, 0.5) / RELEASE_SCALE,
    )
    for place, each in enumerate(feel):
        rows = slice(None) if place < 2 else ~drum
        np.add.at(values, (step[rows], first[rows] + place), each[rows])
        np.add.at(counts, (step[rows], first[rows] + place), 1.0)
    return bits, (values / np.maximum(counts, 1.0)).astype(np.float32)


def decode(bits: BitArray, values: FloatArray, tonic: int, swing: float) -> list[PartNote]:
    """Read notes off a roll; swing is put back. A hold that follows no onset is ignored.

    bits: (steps, BITS). values: (steps, VALUES). Velocities are rounded to 1-127, lengths are at
    least an eighth of a step, drums last half a step.
    """
    shift = shift_to_c(tonic)
    notes: list[PartNote] = []
    for part in PARTS:
        onsets = bits[:, ONSET[part]]
        lengths = _lengths(onsets, bits[:, HOLD[part]]) if part != "drums" else None
        feel = values[:, FEEL[part]]
        for step, place in zip(*np.nonzero(onsets), strict=True):
            first = 2 * place if lengths is None else 0
            velocity = VELOCITY_CENTRE + VELOCITY_SCALE * float(feel[step, first])
            offset = OFFSET_SCALE * float(feel[step, first + 1])
            length = 0.5
            pitch = DRUM_KEYS[place] if lengths is None else RANGES[part][0] + int(place) + shift
            if lengths is not None:
                length = int(lengths[step, place]) + RELEASE_SCALE * float(feel[step, 2])
            late = swing_delay(int(step), swing) + min(max(offset, -0.5), 0.5)
            notes.append(
                PartNote(
                    part=part,
                    step=int(step),
                    start=max(0.0, int(step) + late),
                    length=max(0.125, length),
                    pitch=pitch,
                    velocity=min(max(round(velocity), 1), 127),
                )
            )
    return in_order(notes)


def _lengths(onsets: BitArray, holds: BitArray) -> npt.NDArray[np.int64]:
    """Return 1 + how many holds follow each place, (steps, pitches)."""
    lengths = np.ones(onsets.shape, np.int64)
    held = np.zeros(onsets.shape[1], np.int64)
    for step in range(len(onsets) - 1, -1, -1):
        lengths[step] = 1 + held
        held = np.where(holds[step] & ~onsets[step], 1 + held, 0)
    return lengths
