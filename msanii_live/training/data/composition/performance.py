"""Performance: density chooses the notes, then swing, timing, lengths and velocities."""

from __future__ import annotations

import math
from random import Random

from msanii_live.engines.composer.notes import PartNote
from msanii_live.training.data.composition.drum_grids import HATS, KICK, OPEN_HAT, SNARE
from msanii_live.training.data.composition.hits import Hit, LeadSheet

LEVELS = {"drums": 0, "bass": 0, "chords": 0, "lead": 4, "pad": 0}
LATEST = 0.45  # steps that a note may stand from its swung place


def perform(
    rng: Random, sheet: LeadSheet, hits: list[Hit], *, density: float, swing: float
) -> tuple[PartNote, ...]:
    """Return the notes that a density asks for, as they are played.

    A note of a higher density is never missing at one still higher.
    """
    loudness = rng.uniform(*sheet.style.level)
    timed = _with_timing(rng, sheet, hits)
    levels = [_threshold(density + bar.energy * (1 - density)) for bar in sheet.bars]
    steps = sheet.metre.steps
    chosen = [
        (hit, late, touch) for hit, late, touch in timed if hit.need <= levels[hit.step // steps]
    ]
    notes: list[PartNote] = []
    for part in LEVELS:
        own = [entry for entry in chosen if entry[0].part == part]
        unique: dict[tuple[int, int, float], tuple[Hit, float, float]] = {}
        for entry in own:
            hit = entry[0]
            place = (hit.step, hit.pitch, hit.late if part == "drums" else 0.0)
            if place not in unique or unique[place][0].need > hit.need:
                unique[place] = entry
        notes += _part(
            sheet, sorted(unique.values(), key=lambda e: (e[0].step, e[0].pitch)), swing, loudness
        )
    return tuple(sorted(notes, key=lambda n: (n.start, n.part, n.pitch)))


def _threshold(density: float) -> float:
    """Return the greatest need that plays; shaped so that notes grow evenly with density."""
    level = max(0.0, min(1.0, density))
    return 0.74 * level + 0.24 * level**4


def _with_timing(rng: Random, sheet: LeadSheet, hits: list[Hit]) -> list[tuple[Hit, float, float]]:
    """Draw for each hit its deviation in steps and in velocity, whether it plays or not."""
    loose = rng.uniform(*sheet.style.looseness)
    lean = {part: rng.gauss(0, loose / 2) for part in LEVELS}
    backbeat = rng.uniform(0, 1.2) * loose  # the snare lies back
    hand = 1.5 + 40 * loose
    timed = []
    together: dict[tuple[str, int], float] = {}
    for hit in hits:
        group = (hit.part, hit.step)
        if group not in together:
            together[group] = rng.gauss(0, loose)
        late = together[group] + lean[hit.part] + rng.gauss(0, loose / 4) + hit.late
        if hit.part == "drums" and hit.pitch == SNARE:
            late += backbeat
        elif hit.part == "drums" and hit.pitch == KICK:
            late *= 0.5
        timed.append((hit, max(-LATEST, min(0.95, late)), rng.gauss(0, hand)))
    return timed


def _part(
    sheet: LeadSheet, own: list[tuple[Hit, float, float]], swing: float, level: float
) -> list[PartNote]:
    if not own:
        return []
    end = float(len(sheet.bars) * sheet.metre.steps)
    onsets = sorted({hit.step for hit, _, _ in own})
    following = dict(zip(onsets, [*onsets[1:], int(end)], strict=True))
    notes: list[PartNote] = []
    for hit, late, touch in own:
        start = hit.step + (swing if hit.step % 2 else 0.0) + late
        start = min(max(0.0, start), end - 0.1)
        length = hit.length
        if hit.reach:
            gap = following[hit.step] - hit.step
            length = min(max(hit.length, hit.reach), gap * (1.0 if hit.part == "pad" else 0.97))
        bar = sheet.bars[hit.step // sheet.metre.steps]
        swell = 3 * math.sin(math.pi * (bar.place % 4 + 0.5) / 4) + 22 * bar.energy
        velocity = hit.velocity + LEVELS[hit.part] + level + swell + touch
        velocity = max(1, min(127, round(velocity)))
        length = max(0.1, min(length, end - start))
        notes.append(
            PartNote(hit.part, hit.step, round(start, 4), round(length, 4), hit.pitch, velocity)
        )
    return _choked(_without_overlaps(notes), end)


def _without_overlaps(notes: list[PartNote]) -> list[PartNote]:
    """End each note before the same pitch is struck again."""
    ordered = sorted(notes, key=lambda n: (n.pitch, n.start, n.step))
    kept: list[PartNote] = []
    for note in ordered:
        if kept and kept[-1].pitch == note.pitch:
            gap = note.start - kept[-1].start
            if gap < 0.1:
                note = _moved(note, kept[-1].start + 0.1)
                gap = 0.1
            if kept[-1].length > gap - 0.02:
                kept[-1] = _lasting(kept[-1], max(0.05, gap - 0.02))
        kept.append(note)
    return kept


def _choked(notes: list[PartNote], end: float) -> list[PartNote]:
    """Let an open hat ring until the next hat, at most a crotchet."""
    if not notes or notes[0].part != "drums":
        return notes
    hats = sorted(n.start for n in notes if n.pitch in HATS)
    made = []
    for note in notes:
        if note.pitch == OPEN_HAT:
            ends = [start for start in hats if start > note.start + 0.05]
            ring = min(4.0, (ends[0] if ends else end) - note.start, end - note.start)
            note = _lasting(note, max(0.05, ring))
        made.append(note)
    return made


def _moved(note: PartNote, start: float) -> PartNote:
    length = max(0.05, note.length - (start - note.start))
    return PartNote(
        note.part, note.step, round(start, 4), round(length, 4), note.pitch, note.velocity
    )


def _lasting(note: PartNote, length: float) -> PartNote:
    return PartNote(note.part, note.step, note.start, round(length, 4), note.pitch, note.velocity)
