"""What the transcriber learns to hear in a composed piece: notes by part, beats, bars, chords."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from msanii_live.engines.composer.notes import QUALITIES, Chord
from msanii_live.training.data.composition.compose import compose
from msanii_live.training.data.composition.model import Composition

SECONDS = 16.0  # of a piece
# General MIDI programs beside those that the styles name, by part.
OTHER_PROGRAMS = {
    "bass": (*range(32, 40), 32, 33, 38, 39),
    "chords": (0, 1, 2, 4, 5, 6, 7, 11, 16, 17, 18, 24, 25, 26, 27, 28, 46, 62, 81),
    "lead": (0, 4, 11, 12, 13, 24, 26, 27, 29, 40, 42, 56, 57, 59, 60, 64, 65, 66, 68, 71, 73, 74,
             75, 79, 80, 81, 82, 83, 84, 87, 104, 108),
    "pad": (19, 20, 48, 49, 50, 51, 52, 53, 54, 61, 88, 89, 90, 91, 92, 93, 94, 95),
}  # fmt: skip
KITS = (0, 8, 16, 24, 25, 32, 40)
NO_CHORD = (-1, -1)


@dataclass(frozen=True)
class HeardNote:
    """A note of a piece. start, end: s. part: one of PARTS. pitch: MIDI key, of drums too."""

    start: float
    end: float
    pitch: int
    velocity: int
    part: str


@dataclass(frozen=True)
class HeardPiece:
    """SECONDS of a piece.

    beats: s and whether a bar begins there. chords: s from which it holds, root and index of its
    quality in QUALITIES; NO_CHORD where nothing with a pitch plays. programs: by part.
    """

    notes: tuple[HeardNote, ...]
    beats: tuple[tuple[float, bool], ...]
    chords: tuple[tuple[float, int, int], ...]
    programs: dict[str, int]


def draw_piece(seed: int, seconds: float = SECONDS) -> HeardPiece:
    """Return an excerpt of the composition of a seed: some of its parts, on sounds drawn anew."""
    rng = Random(f"{seed}:heard")
    composition = compose(seed)
    parts = sorted(composition.programs)
    if rng.random() < 0.3 and len(parts) > 1:  # loops are often of one part or of two
        parts = sorted(rng.sample(parts, rng.randint(1, len(parts) - 1)))
    step = 15 / composition.tempo  # s
    start = rng.choice((0.0, 1.0)) * rng.uniform(0, max(0.0, composition.seconds - seconds))
    if rng.random() < 0.4:  # loops begin with a bar
        bar = composition.steps_per_bar * step
        start = round(start / bar) * bar
    notes = tuple(
        HeardNote(
            max(0.0, note.start * step - start),
            min(seconds, (note.start + note.length) * step - start),
            note.pitch,
            note.velocity,
            note.part,
        )
        for note in composition.notes
        if note.part in parts and 0 <= note.start * step - start < seconds - 0.05
    )
    programs = {}
    for part in parts:
        pool = KITS if part == "drums" else OTHER_PROGRAMS[part]
        own = composition.programs[part]
        programs[part] = own if rng.random() < 0.5 else rng.choice(pool)
    return HeardPiece(
        notes,
        beat_times(composition, start, seconds),
        chord_times(composition, start, seconds),
        programs,
    )


def beat_times(
    composition: Composition, start: float, seconds: float
) -> tuple[tuple[float, bool], ...]:
    """Return the beats of a span, s from its start, and whether each begins a bar.

    A beat is a crotchet, in 6/8 a dotted one; the last of 7/8 is longer by a quaver.
    """
    step, per_bar = 15 / composition.tempo, composition.steps_per_bar
    beat = 6 if composition.metre == (6, 8) else 4
    within = range(0, per_bar - 3, beat)
    times = [
        ((bar * per_bar + place) * step - start, place == 0)
        for bar in range(composition.bars)
        for place in within
    ]
    return tuple((time, first) for time, first in times if 0 <= time < seconds)


def chord_times(
    composition: Composition, start: float, seconds: float
) -> tuple[tuple[float, int, int], ...]:
    """Return the chord of each bar of a span: s from its start, root, index of the quality."""
    bar = composition.steps_per_bar * 15 / composition.tempo
    found = [
        (number * bar - start, *_numbers(chord))
        for number, chord in enumerate(composition.chords)
        if (number + 1) * bar > start and number * bar < start + seconds
    ]
    ends = composition.bars * bar - start
    return (*found, *([(ends, *NO_CHORD)] if ends < seconds else []))


def _numbers(chord: Chord) -> tuple[int, int]:
    return chord.root, QUALITIES.index(chord.quality or "maj")
