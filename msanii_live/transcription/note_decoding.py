"""From likelihoods to notes: peaks of onsets, each with its part, its end and its velocity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from msanii_live.engines.composer.bar_grid import PROGRAMS
from msanii_live.engines.composer.notes import PITCHED
from msanii_live.notes import Note, sort_notes
from msanii_live.transcription.drums import DRUM_SOUNDS
from msanii_live.transcription.network import Likelihoods
from msanii_live.transcription.spectrogram import FRAMES_PER_SECOND, LOWEST_KEY

Array = NDArray[np.float32]
HIT_SECONDS = 0.1  # of a drum note
_MIN_FRAMES = 2  # of a note
_RELEASE_FRAMES = 3  # for which a key is silent before its note has ended


@dataclass(frozen=True)
class DecodingSettings:
    """Thresholds of likelihoods.

    onset: of a key in all parts together. second: of a further part that plays the same key.
    sounding: below it a note ends. drum: of a hit.
    """

    onset: float = 0.48
    second: float = 0.5
    sounding: float = 0.3
    drum: float = 0.55


def decode_notes(
    made: Likelihoods, seconds: float, settings: DecodingSettings | None = None
) -> tuple[Note, ...]:
    """Return the notes of a clip. made: of a batch of one. seconds: its length."""
    settings = settings or DecodingSettings()
    onsets = _numpy(made.onsets[0].sigmoid())  # (frames, parts, keys)
    sounding = _numpy(made.sounding[0].sigmoid())
    velocities = _numpy(made.velocities[0])
    notes: list[Note] = []
    together = 1 - np.prod(1 - onsets, axis=1)
    for frame, key in peaks(together, settings.onset):
        near = onsets[max(0, frame - 1) : frame + 2, :, key].max(axis=0)
        for part in _parts(near, settings.second):
            notes.append(
                _note(frame, key, part, onsets, sounding, velocities, together, settings, seconds)
            )
    return sort_notes([*_without_overlaps(notes), *decode_drums(made, seconds, settings)])


def decode_drums(made: Likelihoods, seconds: float, settings: DecodingSettings) -> list[Note]:
    """Return the hits of a clip."""
    likely, forces = _numpy(made.drums[0].sigmoid()), _numpy(made.drum_velocities[0])
    hits = []
    for frame, sound in peaks(likely, settings.drum):
        start = min(moment(likely[:, sound], frame) / FRAMES_PER_SECOND, seconds)
        end = min(start + HIT_SECONDS, seconds)
        if end > start:
            velocity = _velocity(float(forces[frame, sound]))
            hits.append(Note(start, end, DRUM_SOUNDS[sound], velocity, 0, True, "drums"))
    return hits


def peaks(likely: Array, threshold: float) -> list[tuple[int, int]]:
    """Return the row and column of each local maximum over two rows to either side."""
    padded = np.pad(likely, ((2, 2), (0, 0)))
    count = len(likely)
    is_peak = likely >= threshold
    for shift in (0, 1):
        is_peak &= likely > padded[shift : shift + count]
        is_peak &= likely >= padded[4 - shift : 4 - shift + count]
    rows, columns = np.nonzero(is_peak)
    return [(int(row), int(column)) for row, column in zip(rows, columns, strict=True)]


def moment(likely: Array, frame: int) -> float:
    """Return where between frames a peak lies: the mean of its neighbours by their likelihood."""
    first = max(0, frame - 1)
    near = likely[first : frame + 2].astype(float)
    return max(0.0, float((near * np.arange(first, first + len(near))).sum() / near.sum()))


def _parts(likely: Array, second: float) -> list[int]:
    """Return the parts that begin a note here: the likeliest, and others that surely do."""
    best = int(likely.argmax())
    return [p for p in range(len(likely)) if p == best or likely[p] >= second]


def _note(
    frame: int,
    key: int,
    part: int,
    onsets: Array,
    sounding: Array,
    velocities: Array,
    together: Array,
    settings: DecodingSettings,
    seconds: float,
) -> Note:
    start = moment(together[:, key], frame) / FRAMES_PER_SECOND
    silent = sounding[frame + _MIN_FRAMES :, part, key] < settings.sounding
    silent = np.append(silent, False)  # an onset in the last frames has none after it
    lasting = np.convolve(silent, np.ones(_RELEASE_FRAMES), "valid") >= _RELEASE_FRAMES
    ends = np.flatnonzero(lasting)
    last = frame + _MIN_FRAMES + int(ends[0]) if len(ends) else len(sounding)
    end = min(seconds, max(start + _MIN_FRAMES / FRAMES_PER_SECOND, last / FRAMES_PER_SECOND))
    name = PITCHED[part]
    force = _velocity(float(velocities[frame, part, key]))
    start = min(start, max(0.0, end - 0.01))
    return Note(start, end, key + LOWEST_KEY, force, PROGRAMS[name], False, name)


def _without_overlaps(notes: list[Note]) -> list[Note]:
    """End each note before the next one of its part and key."""
    latest: dict[tuple[str, int], int] = {}
    out: list[Note] = []
    for note in sort_notes(notes):
        before = latest.get((note.part, note.pitch))
        if before is not None and out[before].end > note.start:
            cut = out[before]
            out[before] = Note(
                cut.start, note.start, cut.pitch, cut.velocity, cut.program, False, cut.part
            )
        latest[note.part, note.pitch] = len(out)
        out.append(note)
    return [note for note in out if note.end > note.start]


def _velocity(force: float) -> int:
    return max(1, min(127, round(127 * force)))


def _numpy(values: torch.Tensor) -> Array:
    return np.asarray(values.detach().float().numpy(), np.float32)
