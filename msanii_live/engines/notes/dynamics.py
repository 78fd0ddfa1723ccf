"""Dynamics of notes, taken off before a network plays them and put back afterwards.

A network that is trained for minutes hears velocities only roughly. But the law is known: the
amplitude of General MIDI is proportional to the square of the velocity (FluidR3 keeps it within
1 dB from 20 to 127). So the network is given notes near one velocity, part by part and moment by
moment, and its mel is scaled afterwards by what was taken off. Differences between notes that sound
together are left to the network.

Source: SoundFont Technical Specification 2.04, section 8.4.1: velocity to attenuation, concave.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from msanii_live.engines.notes.part_masks import PartNotes
from msanii_live.notes import Note

REFERENCE = 100.0  # the velocity that the loudest notes are played at
_TOGETHER_SECONDS = 0.03  # onsets that are one
_FADE = 40 / 20 * math.log(10)  # nats a second by which an ended note's claim on the level falls
_FORGOTTEN = 5.0  # nats below the level, from which an ended note has no claim
_EARLY_UP, _EARLY_DOWN = 0.5, 2.0  # mel frames before an onset at which the level changes


@dataclass(frozen=True)
class LevelledNotes:
    """Notes whose dynamics are levelled, and what was taken off.

    notes: their velocities need not be whole numbers. gains: ln amplitude of each part, float32,
    (parts, mel_frames).
    """

    notes: tuple[Note, ...]
    gains: torch.Tensor


def amplitude_of(velocity: float) -> float:
    """Return ln of the amplitude of a velocity; 0 for REFERENCE."""
    return 2 * math.log(max(velocity, 1.0) / REFERENCE)


def level_dynamics(parts: PartNotes, mel_frames: int, seconds_per_frame: float) -> LevelledNotes:
    """Take the dynamics off the notes of each part. The first mel frame is at second 0."""
    notes: list[Note] = []
    gains = torch.zeros(len(parts), mel_frames)
    for row, its in zip(gains, parts.values(), strict=True):
        before: float | None = None
        for onset, level, group in _levels_at_onsets(its):
            scale = math.exp(-level / 2)
            notes += [replace(n, velocity=min(127.0, n.velocity * scale)) for n in group]  # type: ignore[arg-type]
            early = _EARLY_DOWN if before is not None and level < before else _EARLY_UP
            first = math.ceil(onset / seconds_per_frame - early)
            row[0 if before is None else max(0, first) :] = level
            before = level
    notes.sort(key=lambda note: (note.start, note.pitch))
    return LevelledNotes(tuple(notes), gains)


def _levels_at_onsets(notes: Sequence[Note]) -> list[tuple[float, float, list[Note]]]:
    """Return the onsets of notes, the level from there on, and the notes that begin there.

    The level is that of the loudest note that sounds; after its end, its claim fades.
    """
    groups: list[list[Note]] = []
    for note in sorted(notes, key=lambda note: note.start):
        if groups and note.start <= groups[-1][0].start + _TOGETHER_SECONDS:
            groups[-1].append(note)
        else:
            groups.append([note])
    found, sounding = [], list[Note]()
    for group in groups:
        onset = group[0].start
        sounding += group
        claims = [amplitude_of(n.velocity) - _FADE * max(0.0, onset - n.end) for n in sounding]
        level = max(claims)
        found.append((onset, level, group))
        # A note that does not claim the level now never will, unless the louder ones end first.
        sounding = [
            n
            for n, claim in zip(sounding, claims, strict=True)
            if n.end > onset or claim > level - _FORGOTTEN
        ]
    return found
