"""Tables that go into the weights: outlines of real pieces, drawn from the training set."""

from __future__ import annotations

from typing import Any

import numpy as np

from msanii_live.engines.composer.complete import LONGEST
from msanii_live.engines.composer.conditions import KINDS
from msanii_live.engines.composer.notes import METRES, PARTS, QUALITIES, SECTIONS, Chord
from msanii_live.engines.composer.plans import Plan, plan_to_row
from msanii_live.training.composer.pieces import Pieces
from msanii_live.training.composer.windows import BARS

PLANS_A_STYLE = 64


def tables_of(pieces: Pieces, styles: tuple[str, ...], seed: int = 0) -> dict[str, Any]:
    """Return the tables of the weights; half of each style's plans are in 4/4 at least."""
    rng = np.random.default_rng(seed)
    rows = []
    for style in range(len(styles)):
        members = np.nonzero(pieces.style == style)[0]
        rng.shuffle(members)
        common = [p for p in members if pieces.metre[p] == 0][: PLANS_A_STYLE // 2]
        others = [p for p in members if pieces.metre[p] != 0][: PLANS_A_STYLE // 2]
        rows += [plan_to_row(plan_of(pieces, int(p), styles, rng)) for p in common + others]
    return {"plans": rows}


def plan_of(pieces: Pieces, piece: int, styles: tuple[str, ...], rng: np.random.Generator) -> Plan:
    """Return the outline of a window of a piece that starts with a phrase."""
    per_bar = int(pieces.steps_per_bar[piece])
    all_bars = int(pieces.first_bar[piece + 1] - pieces.first_bar[piece])
    bars = min(BARS, LONGEST // per_bar, all_bars)
    bar = int(rng.integers(0, all_bars - bars + 1)) // 4 * 4
    rows = slice(int(pieces.first_bar[piece]) + bar, int(pieces.first_bar[piece]) + bar + bars)
    notes = pieces.notes_of(piece)
    inside = (notes["step"] >= bar * per_bar) & (notes["step"] < (bar + bars) * per_bar)
    counts = np.bincount(notes["part"][inside], minlength=len(PARTS))
    plays = pieces.plays[rows]
    tempo, swing, density = (float(each) for each in pieces.scalars[piece])
    return Plan(
        style=styles[int(pieces.style[piece])],
        minor=bool(pieces.minor[piece]),
        metre=METRES[int(pieces.metre[piece])],
        tempo=tempo,
        swing=swing,
        density=density,
        activity=tuple((counts / np.maximum(plays.sum(0), 1)).tolist()),
        programs=tuple(int(each) for each in pieces.programs[piece]),
        chords=tuple(
            Chord(int(root), QUALITIES[kind] if kind < KINDS - 1 else None, int(bass))
            for root, kind, bass in pieces.harmony[rows]
        ),
        form=tuple(
            (SECTIONS[section] if section < len(SECTIONS) else "", int(place))
            for section, place in pieces.form[rows]
        ),
        plays=tuple(tuple(bool(on) for on in row) for row in plays),
    )
