"""Tables that go into the weights: outlines of real pieces, drawn from the training set."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from msanii_live.engines.composer.complete import LONGEST
from msanii_live.engines.composer.conditions import KINDS
from msanii_live.engines.composer.notes import METRES, QUALITIES, SECTIONS, Chord
from msanii_live.engines.composer.plans import Plan, plan_to_row
from msanii_live.engines.composer.progressions import LINE
from msanii_live.notes import PARTS
from msanii_live.training.trainers.composer.pieces import Pieces
from msanii_live.training.trainers.composer.windows import BARS

PLANS = 128  # of each style in 4/4
PLANS_OF_METRE = 24  # of each style in each other metre
LINES_A_STYLE = 40  # and mode


def tables_of(pieces: Pieces, styles: tuple[str, ...], seed: int = 0) -> dict[str, Any]:
    """Return the tables of the weights."""
    rng = np.random.default_rng(seed)
    rows = []
    for style in range(len(styles)):
        members = np.nonzero(pieces.style == style)[0]
        rng.shuffle(members)
        for metre in range(len(METRES)):
            count = PLANS if METRES[metre] == (4, 4) else PLANS_OF_METRE
            chosen = [p for p in members if pieces.metre[p] == metre][:count]
            rows += [plan_to_row(plan_of(pieces, int(p), styles, rng)) for p in chosen]
    return {"plans": rows, "lines": lines_of(pieces, styles)}


def lines_of(pieces: Pieces, styles: tuple[str, ...]) -> dict[str, list[Any]]:
    """Count the progressions of four bars that phrases have, by style and mode.

    Returns lists of [line, count], the most frequent first, by the style's name, " minor" after it
    for minor keys; a line has root, quality and bass of each bar as `Pieces.harmony` has them.
    """
    counts: dict[str, Counter[tuple[tuple[int, ...], ...]]] = {}
    for piece in range(len(pieces)):
        name = styles[int(pieces.style[piece])] + (" minor" if pieces.minor[piece] else "")
        harmony = pieces.harmony[pieces.bars_of(piece)]
        places = pieces.form[pieces.bars_of(piece)][:, 1]
        for bar in range(len(harmony) - LINE + 1):
            if places[bar] % LINE == 0 and int(places[bar + LINE - 1]) % LINE == LINE - 1:
                line = tuple(tuple(int(each) for each in row) for row in harmony[bar : bar + LINE])
                counts.setdefault(name, Counter())[line] += 1
    return {
        name: [[line, count] for line, count in counted.most_common(LINES_A_STYLE)]
        for name, counted in sorted(counts.items())
    }


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
