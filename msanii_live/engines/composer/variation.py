"""Pieces of which some notes are composed anew: some bars, some parts, or all of them a little."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random

import numpy as np

from msanii_live.engines.composer.bar_grid import (
    PROGRAMS,
    loop_steps,
    on_grid,
    score_notes,
)
from msanii_live.engines.composer.complete import CompletionOptions, Mask
from msanii_live.engines.composer.constraints import Constraints
from msanii_live.engines.composer.continuation import ContinuationPlan, conditions_of, markers_of
from msanii_live.engines.composer.new_bars import (
    NewBars,
    OutlinedBar,
    shift_between,
    transposed,
)
from msanii_live.engines.composer.notes import Chord, PartNote
from msanii_live.engines.composer.plans import (
    activity_at,
    draw_plan,
    row_to_plan,
    usual_activity,
)
from msanii_live.engines.composer.progressions import draw_progression
from msanii_live.engines.composer.read_piece import ReadPiece
from msanii_live.engines.composer.weights import Composer
from msanii_live.engines.prompt_parser import key_name
from msanii_live.notes import PARTS, Marker, Note, Score, part_of, sort_notes


@dataclass(frozen=True)
class Variation:
    """A piece of which some cells are open. is_open: bool, (steps, parts)."""

    piece: ReadPiece
    is_open: Mask
    plan: ContinuationPlan

    def steps(self, options: CompletionOptions) -> int:
        """Return how many sampler steps it takes."""
        return self.plan.steps(options)

    def compose(
        self,
        composer: Composer,
        seed: int,
        options: CompletionOptions,
        progress: Callable[[int], None] = lambda done: None,
    ) -> Score:
        """Return the score with new notes in the open cells; all others are the same objects.

        The noise is not that of a piece of the same seed, which would compose it once more.
        """
        own = Random(f"notes of a variation {seed}").randrange(2**31)
        notes = self.plan.notes(composer, own, options, progress)
        fresh = [note for note in notes if self._is_open(note)]
        piece, grid, new = self.piece, self.plan.grid, self.plan.new
        around = loop_steps(piece.score, grid)
        kept = [n for n in piece.score.notes if not self._is_open(on_grid(n, grid, around))]
        timed = within(score_notes(fresh, grid, new.programs), piece.score)
        conditions = self.plan.conditions
        return replace(
            piece.score,
            notes=sort_notes([*kept, *timed]),
            key=key_name(new.key),
            style=new.style or piece.score.style,
            swing=grid.swing,
            markers=_from_start(markers_of(conditions.chords, conditions.form, grid, new.key))
            or piece.score.markers,
        )

    def _is_open(self, note: PartNote) -> bool:
        return 0 <= note.step < len(self.is_open) and bool(
            self.is_open[note.step, PARTS.index(note.part)]
        )


def open_cells(piece: ReadPiece, start: float, end: float, parts: tuple[str, ...]) -> Mask:
    """Return the cells of some parts from one time to another, s; bool, (steps, parts)."""
    grid = piece.grid
    steps = np.arange(piece.bars * grid.per_bar) + 1e-6
    inside = (steps >= grid.position(start) - 1e-3) & (steps < grid.position(end) - 1e-3)
    asked = np.array([part in parts for part in PARTS])
    return np.asarray(inside[:, None] & asked[None])


def plan_variation(
    composer: Composer, piece: ReadPiece, constraints: Constraints, is_open: Mask, seed: int
) -> Variation:
    """Plan new notes in open cells. What the command does not say is as in the piece."""
    grid = replace(
        piece.grid, swing=piece.grid.swing if constraints.swing is None else constraints.swing
    )
    rng = Random(f"variation {seed}")
    found = constraints.key_after(piece.key)
    key = rng.randrange(24) if found is None else found
    shift = shift_between(piece.key, key)
    style = constraints.style or piece.style or None
    style = style if style in composer.net.config.styles else None
    plan = draw_plan(
        composer.tables, seed, style=style, minor=key >= 12, metre=grid.metre,
        density=constraints.density,
    )  # fmt: skip
    is_other = constraints.style not in (None, piece.style)
    activity = piece.activity(0, piece.bars)
    usual = usual_activity(composer.tables, style, grid.metre)
    if constraints.density is not None or is_other:
        activity = {p: each for p, each in zip(PARTS, plan.activity, strict=True) if each > 0}
    if constraints.density is not None:
        activity |= activity_at(composer.tables, style, grid.metre, constraints.density)
    activity = {part: activity.get(part, usual.get(part, 4.0)) for part in PARTS}
    programs = dict(PROGRAMS) | {
        part: program for part, program in zip(PARTS, plan.programs, strict=True) if program >= 0
    }
    if not is_other:
        programs |= piece.programs
    bars = _outline(composer, piece, constraints, is_open, (key, shift, style, seed))
    new = NewBars(bars, key, style, constraints.density, activity, programs)
    held = ~is_open
    mask: Mask = np.all(held.reshape(piece.bars, grid.per_bar, len(PARTS)), axis=1)
    known = [
        replace(note, pitch=min(max(note.pitch + shift, 0), 127))
        if shift and note.part != "drums" and _open_at(is_open, note)
        else note
        for note in piece.notes
    ]
    end = piece.score.seconds
    conditions = conditions_of(bars, new, grid)
    return Variation(
        piece, is_open, ContinuationPlan(conditions, known, mask, held, grid, new, 0.0, end)
    )


def _outline(
    composer: Composer,
    piece: ReadPiece,
    constraints: Constraints,
    is_open: Mask,
    music: tuple[int, int, str | None, int],
) -> list[OutlinedBar]:
    key, shift, style, seed = music
    open_bars = [bool(bar.any()) for bar in np.split(is_open, piece.bars)]
    chords = list(piece.chords)
    if not any(chords) or (piece.key is not None and piece.key // 12 != key // 12):
        chords = list(
            draw_progression(
                composer.tables, seed, piece.bars, tonic=key % 12, style=style, minor=key >= 12
            )
        )
        shift = 0
    bars, first = [], open_bars.index(True) if True in open_bars else 0
    for bar in range(piece.bars):
        plays = {part for part in PARTS if piece.plays[part][bar]}
        chord, place = chords[bar], piece.form[bar]
        if open_bars[bar]:
            chord = transposed(chord, shift)
            plays |= set() if constraints.is_all else set(constraints.parts)
            if constraints.chords:
                chord = constraints.chords[(bar - first) % len(constraints.chords)]
            if constraints.form:
                place = constraints.form[(bar - first) % len(constraints.form)]
        bars.append(OutlinedBar(chord, frozenset(plays), place if place[0] else None))
    return bars


def _open_at(is_open: Mask, note: PartNote) -> bool:
    return 0 <= note.step < len(is_open) and bool(is_open[note.step, PARTS.index(note.part)])


def within(notes: tuple[Note, ...], score: Score) -> list[Note]:
    """Return notes that lie in a score: around a loop, or cut at the edges."""
    inside = []
    for note in notes:
        if score.is_loop and note.start < 0:
            note = replace(note, start=note.start + score.seconds, end=note.end + score.seconds)
        elif not score.is_loop:
            note = replace(note, start=max(note.start, 0.0), end=min(note.end, score.seconds))
        if 0 <= note.start < score.seconds and note.end > note.start:
            inside.append(note)
    return inside


def drawn_chords(
    composer: Composer, piece: ReadPiece, constraints: Constraints, seed: int
) -> tuple[Chord, ...]:
    """Return chords for all bars of a piece in its key and style, or those asked for."""
    key = piece.key if constraints.key is None else constraints.key
    style = constraints.style or piece.style
    known = composer.net.config.styles
    return tuple(
        draw_progression(
            composer.tables, seed, piece.bars, tonic=(key or 0) % 12,
            style=style if style in known else None, minor=(key or 0) >= 12,
        )
    )  # fmt: skip


def other_sound(
    composer: Composer, score: Score, style: str | None, strength: float, seed: int
) -> Score:
    """Return the same notes of which a share of the parts has another program.

    The programs are those of other pieces of the style. strength: share of the parts, 0-1.
    """
    rng = Random(f"sound {seed}")
    plans = [row_to_plan(row) for row in composer.tables["plans"] if style in (None, row[0])]
    order = [part for part in PARTS if part in score.parts and part != "drums"]
    rng.shuffle(order)
    chosen: dict[str, int] = {}
    for part in order[: math.ceil(strength * len(order))]:
        used = {note.program for note in score.notes if part_of(note) == part}
        found = sorted({plan.programs[PARTS.index(part)] for plan in plans} - used - {-1})
        if found:
            chosen[part] = rng.choice(found)
    return with_programs(score, chosen)


def with_programs(score: Score, programs: Mapping[str, int]) -> Score:
    """Return a score whose parts have other programs; those that are not named stay."""
    notes = tuple(
        note if note.drum else replace(note, program=programs.get(part_of(note), note.program))
        for note in score.notes
    )
    return replace(score, notes=notes)


def _from_start(markers: tuple[Marker, ...]) -> tuple[Marker, ...]:
    """Return markers of which none starts before second 0."""
    return tuple(replace(marker, start=max(0.0, marker.start)) for marker in markers)
