"""Turn a piano score into a composition: melody, bass, and chords that are estimated bar by bar."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import mido

from msanii_live.engines.composer.notes import QUALITIES, Chord, PartNote
from msanii_live.training.data.composition.model import Composition, scale_of

STEPS = {(4, 4): 16, (2, 4): 16, (3, 4): 12, (6, 8): 12, (5, 4): 20, (7, 8): 14}
CHANGE_COST = 0.06  # a chord of another root than the bar before has to fit better by this
GRID_ERROR = 0.2  # steps


class _StaffNote(NamedTuple):
    """A note of a score: start and length in steps, and the track that it is in."""

    start: float
    length: float
    pitch: int
    velocity: int
    track: int


def from_score(
    midi: mido.MidiFile, *, seed: int, key: int | None, tempo: float, density: float = 0.5
) -> Composition | None:
    """Return a score as a piano piece, or None where it fits no grid.

    key: 0-23, minor from 12. tempo: crotchets a minute, 0 if unknown. Two bars of 2/4 become one
    of 4/4. None if the metre changes or is unknown, the key or tempo is unknown, or more than a
    tenth of the notes are off the sixteenths.
    """
    signatures = {
        (message.numerator, message.denominator)
        for track in midi.tracks
        for message in track
        if message.type == "time_signature"
    }
    played = _read(midi)
    off_grid = sum(abs(note.start - round(note.start)) > GRID_ERROR for note in played)
    if key is None or not tempo or len(signatures) != 1 or off_grid > len(played) / 10:
        return None
    written = signatures.pop()
    if written not in STEPS:
        return None
    steps = STEPS[written]
    played = _aligned(played, steps, 8 if written == (2, 4) else steps)
    bars = 1 + int(max(round(note.start) for note in played)) // steps
    tonic, minor = key % 12, key >= 12
    notes = tuple(sorted(_parts(played), key=lambda n: (n.start, n.part, n.pitch)))
    return Composition(
        seed=seed,
        style="piano",
        tonic=tonic,
        minor=minor,
        tempo=tempo,
        metre=(4, 4) if written == (2, 4) else written,
        steps_per_bar=steps,
        swing=0.0,
        density=density,
        bars=bars,
        chords=estimate_chords(notes, bars, steps, scale_of(tonic, minor)),
        sections=(("verse", bars),),
        programs=dict.fromkeys(sorted({note.part for note in notes}), 0),
        notes=_cut(notes, bars * steps),
    )


def estimate_chords(
    notes: tuple[PartNote, ...], bars: int, steps: int, scale: frozenset[int]
) -> tuple[Chord, ...]:
    """Return the chord of each bar that most of what sounds belongs to; the bass counts double."""
    weights = [[0.0] * 12 for _ in range(bars)]
    for note in notes:
        bar = min(bars - 1, note.step // steps)
        first = 1.5 if note.step % steps == 0 else 1.0
        share = min(note.length, 4.0) * first * (2.0 if note.part == "bass" else 1.0)
        weights[bar][note.pitch % 12] += share
    chords: list[Chord] = []
    candidates = _candidates()
    for weight in weights:
        total = sum(weight)
        if not total:
            chords.append(chords[-1] if chords else Chord(min(scale), "maj"))
            continue
        before = chords[-1] if chords else None
        chords.append(
            max((_fit(c, weight, scale, before), i, c) for i, c in enumerate(candidates))[2]
        )
    return tuple(chords)


def _candidates() -> list[Chord]:
    qualities = [quality for quality in QUALITIES if quality not in ("aug", "sus")]
    return [Chord(root, quality) for root in range(12) for quality in qualities]


def _fit(chord: Chord, weight: list[float], scale: frozenset[int], before: Chord | None) -> float:
    tones = chord.pitch_classes
    total = sum(weight)
    inside = sum(weight[tone] for tone in tones) / total
    balanced = min(weight[tone] for tone in tones[:3]) / total
    size = 0.05 * (len(tones) - 3)
    foreign = 0.03 * sum(tone not in scale for tone in tones)
    changed = CHANGE_COST if before and before.root != chord.root else 0.0
    return inside + balanced + 0.25 * weight[chord.root] / total - size - foreign - changed


def _read(midi: mido.MidiFile) -> list[_StaffNote]:
    played = []
    for number, track in enumerate(midi.tracks):
        now = 0
        sounding: dict[int, tuple[int, int]] = {}
        for message in track:
            now += message.time
            if message.type not in ("note_on", "note_off"):
                continue
            if message.note in sounding:
                start, velocity = sounding.pop(message.note)
                scale = 4 / midi.ticks_per_beat
                length = max(0.25, (now - start) * scale)
                played.append(_StaffNote(start * scale, length, message.note, velocity, number))
            if message.type == "note_on" and message.velocity:
                sounding[message.note] = (now, message.velocity)
    return sorted(played)


def _aligned(played: list[_StaffNote], steps: int, written_steps: int) -> list[_StaffNote]:
    """Move a score so that its bars begin where low notes begin and harmony changes.

    A score with an upbeat begins with less than a bar.
    """

    def strength(shift: int) -> float:
        low = [note for note in played if note.pitch < 52]
        on_bar = sum((round(note.start) + shift) % steps == 0 for note in low) / max(1, len(low))
        classes: dict[int, set[int]] = defaultdict(set)
        for note in played:
            classes[(round(note.start) + shift) // steps].add(note.pitch % 12)
        size = sum(map(len, classes.values())) / len(classes)
        return on_bar - 0.08 * size - (0.0 if shift % written_steps == 0 else 0.05)

    shift = max(range(0, steps, 2), key=strength)
    return [note._replace(start=note.start + shift) for note in played]


def _parts(played: list[_StaffNote]) -> list[PartNote]:
    """Give the top of the upper staff to the lead and the bottom of the lower to the bass."""
    pitches: dict[int, list[int]] = defaultdict(list)
    for note in played:
        pitches[note.track].append(note.pitch)
    upper = max(pitches, key=lambda track: sum(pitches[track]) / len(pitches[track]))
    onsets: dict[tuple[bool, int], list[_StaffNote]] = defaultdict(list)
    for note in played:
        onsets[note.track == upper, round(note.start)].append(note)
    notes = []
    for (is_upper, step), struck in onsets.items():
        edge = (max if is_upper else min)(note.pitch for note in struck)
        for note in struck:
            part = "chords"
            if note.pitch == edge and is_upper and edge >= 55:
                part = "lead"
            elif note.pitch == edge and not is_upper and edge < 53:
                part = "bass"
            notes.append(PartNote(part, step, note.start, note.length, note.pitch, note.velocity))
    return notes


def _cut(notes: tuple[PartNote, ...], end: int) -> tuple[PartNote, ...]:
    """End notes with the last bar, and play a pitch of a part once where two voices share it."""
    kept: dict[tuple[str, int, int], PartNote] = {}
    for note in notes:
        length = min(note.length, end - note.start)
        whole = PartNote(note.part, note.step, note.start, length, note.pitch, note.velocity)
        kept.setdefault((note.part, note.step, note.pitch), whole)
    return tuple(kept.values())
