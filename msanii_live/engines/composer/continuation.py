"""New bars after a piece or before it: the composer goes on from the notes that are there."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from msanii_live.engines.composer.bar_grid import BarGrid, score_notes
from msanii_live.engines.composer.chord_spelling import chord_symbol
from msanii_live.engines.composer.complete import CompletionOptions, Mask, moved
from msanii_live.engines.composer.conditions import PieceConditions
from msanii_live.engines.composer.constraints import Constraints
from msanii_live.engines.composer.new_bars import (
    NewBars,
    OutlinedBar,
    outline_new_bars,
    shift_between,
    transposed,
)
from msanii_live.engines.composer.notes import Chord, PartNote
from msanii_live.engines.composer.open_bars import complete_piece, completing_steps
from msanii_live.engines.composer.read_piece import Place, ReadPiece
from msanii_live.engines.composer.returning_bars import with_returning_bars
from msanii_live.engines.composer.weights import Composer
from msanii_live.engines.prompt_parser import key_name
from msanii_live.notes import CHORD, PARTS, SECTION, Marker, Score

CONTEXT = 16  # bars of a piece that are looked at
CONTEXT_OF_STYLE = 4  # bars of it where another style is to follow


@dataclass(frozen=True)
class ContinuationPlan:
    """Bars that are to be composed beside a piece, ready to be sampled.

    conditions, known, mask, held: as of `complete_piece`; bars are counted from `grid.downbeat`.
    start, end: of the new span, s, in the time of the piece. parts: those that play in it.
    is_heard: the known notes are heard in a recording.
    """

    conditions: PieceConditions
    known: list[PartNote]
    mask: Mask
    held: Mask
    grid: BarGrid
    new: NewBars
    start: float
    end: float
    parts: tuple[str, ...] = PARTS
    is_heard: bool = False

    def steps(self, options: CompletionOptions) -> int:
        """Return how many sampler steps it takes."""
        return completing_steps(self.mask, self.grid.per_bar, options)

    def notes(
        self,
        composer: Composer,
        seed: int,
        options: CompletionOptions,
        progress: Callable[[int], None] = lambda done: None,
    ) -> list[PartNote]:
        """Return all notes, those that were known as well.

        Some bars come back exactly, unless given notes are only varied.
        """
        notes = complete_piece(
            composer, self.known, self.mask, self.conditions, seed, options, progress, self.held
        )
        if options.amount < 1:
            return notes
        is_open = np.stack([~bar.any(0) for bar in np.split(self.held, self.conditions.bars)])
        return with_returning_bars(notes, self.conditions, is_open, seed, self.is_heard)

    def compose(
        self,
        composer: Composer,
        seed: int,
        options: CompletionOptions,
        progress: Callable[[int], None] = lambda done: None,
    ) -> Score:
        """Return the new span as a score that begins at 0."""
        notes = self.notes(composer, seed, options, progress)
        first, last = self.grid.position(self.start), self.grid.position(self.end)
        fresh = [
            note
            for note in notes
            if first - 1e-6 <= note.step < last - 1e-6 and note.part in self.parts
        ]
        timed = score_notes(fresh, self.grid, self.new.programs)
        conditions = self.conditions
        score = Score(
            timed,
            self.end,
            bpm=self.grid.bpm,
            beats=self.grid.per_bar / 4,
            metre=self.grid.metre,
            key=key_name(self.new.key),
            style=self.new.style or "",
            swing=conditions.swing or 0.0,
            markers=markers_of(
                conditions.chords, conditions.form, self.grid, self.new.key, self.start
            ),
        ).cut(self.start, self.end)
        return replace(score, bar=first / self.grid.per_bar % 1.0)


def plan_continuation(
    composer: Composer,
    piece: ReadPiece,
    constraints: Constraints,
    seconds: float,
    seed: int,
    *,
    leftwards: bool = False,
) -> ContinuationPlan:
    """Plan a span of some seconds after a piece, or before it."""
    if constraints.metre not in (None, piece.grid.metre):
        return _plan_in_metre(composer, piece, constraints, seconds, seed, leftwards)
    grid = replace(
        piece.grid, swing=piece.grid.swing if constraints.swing is None else constraints.swing
    )
    start, end = (-seconds, 0.0) if leftwards else (piece.score.seconds,) * 2
    end = end if leftwards else start + seconds
    first, last = grid.position(start), grid.position(end)
    count = (
        math.ceil(-first / grid.per_bar) if leftwards
        else math.ceil(last / grid.per_bar) - piece.bars
    )  # fmt: skip
    new = outline_new_bars(composer, piece, constraints, max(0, count), seed, leftwards=leftwards)
    context = CONTEXT if new.style in (None, piece.style) or not piece.style else CONTEXT_OF_STYLE
    context = min(context, piece.bars)
    from_bar = 0 if leftwards else piece.bars - context
    shift = shift_between(piece.key, new.key)
    old = [
        OutlinedBar(
            transposed(piece.chords[bar], shift),
            frozenset(part for part in PARTS if piece.plays[part][bar]),
            piece.form[bar] if piece.form[bar][0] else None,
        )
        for bar in range(from_bar, from_bar + context)
    ]
    bars = [*new.bars, *old] if leftwards else [*old, *new.bars]
    moved_bars = len(new.bars) if leftwards else -from_bar
    grid = replace(grid, downbeat=grid.seconds(-moved_bars * grid.per_bar))
    known = [
        replace(note, pitch=note.pitch + (shift if note.part != "drums" else 0))
        for note in moved(piece.notes, moved_bars * grid.per_bar)
    ]
    steps = np.arange(len(bars) * grid.per_bar) + 1e-6
    is_new = (steps >= grid.position(start)) & (steps < grid.position(end))
    held = np.repeat(~is_new[:, None], len(PARTS), 1)
    mask: Mask = np.all(held.reshape(len(bars), grid.per_bar, len(PARTS)), axis=1)
    conditions = conditions_of(bars, new, grid)
    return ContinuationPlan(conditions, known, mask, held, grid, new, start, end, constraints.parts)


def _plan_in_metre(
    composer: Composer,
    piece: ReadPiece,
    constraints: Constraints,
    seconds: float,
    seed: int,
    leftwards: bool,
) -> ContinuationPlan:
    """Plan a span in another metre, which no window can share with the piece."""
    metre = constraints.metre or piece.grid.metre
    start = -seconds if leftwards else piece.score.seconds
    swing = piece.grid.swing if constraints.swing is None else constraints.swing
    grid = BarGrid(piece.grid.bpm, metre, start, swing)
    count = grid.bars_until(start + seconds)
    new = outline_new_bars(
        composer, piece, constraints, count, seed, leftwards=leftwards, metre=metre
    )
    nothing = np.zeros((count, len(PARTS)), np.bool_)
    held = np.zeros((count * grid.per_bar, len(PARTS)), np.bool_)
    conditions = conditions_of(new.bars, new, grid)
    return ContinuationPlan(
        conditions, [], nothing, held, grid, new, start, start + seconds, constraints.parts
    )


def conditions_of(bars: Sequence[OutlinedBar], new: NewBars, grid: BarGrid) -> PieceConditions:
    """Return the conditions of outlined bars."""
    return PieceConditions(
        bars=len(bars),
        tonic=new.key % 12,
        minor=new.key >= 12,
        metre=grid.metre,
        style=new.style,
        tempo=grid.bpm,
        swing=grid.swing,
        density=new.density,
        activity=new.activity,
        chords=[bar.chord for bar in bars],
        plays={part: [part in bar.plays for bar in bars] for part in PARTS},
        form=[bar.place for bar in bars],
    )


def markers_of(
    chords: Sequence[Chord | None],
    form: Sequence[Place | None],
    grid: BarGrid,
    key: int,
    start: float = 0.0,
) -> tuple[Marker, ...]:
    """Return the chord of each bar, spelled in a key, and sections from `start` on, s."""
    markers = []
    for bar, chord in enumerate(chords):
        seconds = grid.seconds(bar * grid.per_bar)
        place = form[bar] if bar < len(form) else None
        if place is not None and place[1] == 0 and seconds > start - grid.step:
            markers.append(Marker(seconds, SECTION, place[0]))
        if chord is not None:
            markers.append(Marker(seconds, CHORD, chord_symbol(chord, key)))
    return tuple(markers)
