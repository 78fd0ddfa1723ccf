"""The composer's grid of sixteenths over a score in seconds, and notes there and back."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from msanii_live.engines.composer.notes import METRES, PartNote, in_order, steps_per_bar
from msanii_live.engines.composer.roll import swing_delay
from msanii_live.notes import Note, Score, part_of, sort_notes

PROGRAMS = {"drums": 0, "bass": 33, "chords": 4, "lead": 80, "pad": 89}  # where nothing says one
SIMPLE_METRES = (4, 3, 5, 2)  # crotchets a bar
_SAME_STEP = 0.02  # steps by which a length may miss a whole number


@dataclass(frozen=True)
class BarGrid:
    """Bars of one tempo and metre, from the one in which second 0 lies.

    downbeat: s at which bar 0 starts, at most 0 but for a grid of a later tempo. swing: delay of
    each second sixteenth, in steps.
    """

    bpm: float
    metre: tuple[int, int]
    downbeat: float = 0.0
    swing: float = 0.0

    @property
    def per_bar(self) -> int:
        """The sixteenths of a bar."""
        return steps_per_bar(self.metre)

    @property
    def step(self) -> float:
        """The length of a sixteenth, s."""
        return 15.0 / self.bpm

    @property
    def bar(self) -> float:
        """The length of a bar, s."""
        return self.per_bar * self.step

    def position(self, seconds: float) -> float:
        """Return the steps from the downbeat of bar 0 to a time; whole where it nearly is.

        >>> BarGrid(120.0, (4, 4), -0.5).position(1.5)
        16.0
        """
        steps = (seconds - self.downbeat) / self.step
        return float(round(steps)) if abs(steps - round(steps)) < _SAME_STEP else steps

    def seconds(self, steps: float) -> float:
        """Return the time of a position, s."""
        return self.downbeat + steps * self.step

    def bar_at(self, seconds: float) -> int:
        """Return the bar in which a time lies, or that begins within a sixteenth after it."""
        return math.floor((self.position(seconds) + 1.0) / self.per_bar)

    def bars_until(self, seconds: float) -> int:
        """Return how many bars begin before a time."""
        return max(0, math.ceil(self.position(seconds) / self.per_bar))


def grid_of(score: Score, bpm: float, beats: float) -> BarGrid:
    """Return the grid of a score; where its tempo changes, that of its end.

    bpm, beats: tempo and crotchets a bar, used where the score does not know its own.
    """
    tempo, begins, bar, of_score = score.bpm, 0.0, score.bar, score.beats
    if score.tempo_map:
        last = score.tempo_map[-1]
        tempo, of_score = tempo or last.bpm, last.beats or of_score
        begins, bar = last.start, score.bar + last.bar
    metre = metre_of(score.metre, of_score or beats)
    grid = BarGrid(tempo or bpm, metre, 0.0, score.swing)
    downbeat = begins - (bar % 1.0) * grid.bar
    # count bars from the one in which second 0 lies
    return replace(grid, downbeat=downbeat - math.ceil(downbeat / grid.bar - 1e-9) * grid.bar)


def metre_of(metre: tuple[int, int] | None, beats: float) -> tuple[int, int]:
    """Return a metre that the composer knows, of bars as long; 4/4 if there is none.

    beats: crotchets a bar, used if `metre` is None.

    >>> metre_of((2, 2), 0), metre_of(None, 3), metre_of(None, 3.5), metre_of((11, 8), 5.5)
    ((4, 4), (3, 4), (7, 8), (4, 4))
    """
    if metre in METRES:
        return metre
    crotchets = 4 * metre[0] / metre[1] if metre else beats
    for known in METRES:
        if steps_per_bar(known) == 4 * crotchets:
            return known
    for simple in SIMPLE_METRES:
        if crotchets and crotchets % simple == 0:
            return simple, 4
    return 4, 4


def grid_notes(score: Score, grid: BarGrid) -> list[PartNote]:
    """Return the notes of a score on a grid, in order.

    Swing is taken out to find the sixteenth that a note belongs to; its start keeps swing and
    micro-timing. In a loop, a note just before the end belongs to the first step.
    """
    return in_order(on_grid(note, grid, loop_steps(score, grid)) for note in score.notes)


def loop_steps(score: Score, grid: BarGrid) -> int:
    """Return the length of a loop in sixteenths, 0 for what is no loop."""
    return round(grid.position(score.seconds)) if score.is_loop else 0


def on_grid(note: Note, grid: BarGrid, around: int = 0) -> PartNote:
    """Return a note on a grid; see `grid_notes`. around: see `loop_steps`."""
    start = (note.start - grid.downbeat) / grid.step
    step = nearest_step(start, grid.swing)
    if around and step >= around:
        step, start = step - around, start - around
    length = (note.end - note.start) / grid.step
    return PartNote(part_of(note), step, start, length, note.pitch, note.velocity)


def nearest_step(start: float, swing: float) -> int:
    """Return the sixteenth that a note belongs to. start: in steps. swing: see `BarGrid`.

    >>> [nearest_step(start, 0.3) for start in (0.9, 1.3, 1.6, 1.9, -0.1)]
    [1, 1, 1, 2, 0]
    """
    below = math.floor(start)
    return min(
        (below - 1, below, below + 1),
        key=lambda step: abs(start - step - swing_delay(step, swing)),
    )


def score_notes(
    notes: Iterable[PartNote], grid: BarGrid, programs: Mapping[str, int]
) -> tuple[Note, ...]:
    """Return notes on a grid as notes in seconds. programs: General MIDI, by part."""
    return sort_notes(
        Note(
            grid.seconds(note.start),
            grid.seconds(note.start + note.length),
            note.pitch,
            note.velocity,
            programs.get(note.part, PROGRAMS[note.part]),
            note.part == "drums",
            note.part,
        )
        for note in notes
    )


def programs_of(notes: Iterable[Note]) -> dict[str, int]:
    """Return the program that each part plays most notes with."""
    counts: dict[str, Counter[int]] = {}
    for note in notes:
        counts.setdefault(part_of(note), Counter())[note.program] += 1
    return {part: counter.most_common(1)[0][0] for part, counter in counts.items()}
