"""Plans: what pieces of each style are like, so that a command may leave most things unsaid."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from msanii_live.engines.composer.conditions import PieceConditions
from msanii_live.engines.composer.notes import METRES, QUALITIES, SECTIONS, Chord
from msanii_live.notes import PARTS

LINE_PLANS = 8  # of one metre, that are enough for a line
GOLDEN = (math.sqrt(5) - 1) / 2
FEWEST = 0.5  # notes in a bar in which a part plays
DRUMMED = 0.9  # of a style's plans: it has drums, and a plan without them is only an interlude


@dataclass(frozen=True)
class Plan:
    """The outline of one window of a real piece.

    activity: notes in each bar in which the part plays, 0 for a part that is silent. programs:
    General MIDI program of each part, -1 where silent. chords: relative to the tonic, one a bar.
    form: section and place in it, one a bar. plays: for each bar, whether each part does.
    """

    style: str
    minor: bool
    metre: tuple[int, int]
    tempo: float
    swing: float
    density: float
    activity: tuple[float, ...]
    programs: tuple[int, ...]
    chords: tuple[Chord, ...]
    form: tuple[tuple[str, int], ...]
    plays: tuple[tuple[bool, ...], ...]


def plan_to_row(plan: Plan) -> list[Any]:
    """Return a plan as a short list for JSON; `row_to_plan` undoes it."""
    chords = [
        [c.root, QUALITIES.index(c.quality) if c.quality else -1, -1 if c.bass is None else c.bass]
        for c in plan.chords
    ]
    form = [[SECTIONS.index(name) if name in SECTIONS else -1, place] for name, place in plan.form]
    plays = [sum(1 << part for part, on in enumerate(bar) if on) for bar in plan.plays]
    return [
        plan.style,
        int(plan.minor),
        METRES.index(plan.metre),
        round(plan.tempo, 1),
        round(plan.swing, 3),
        round(plan.density, 3),
        [round(each, 2) for each in plan.activity],
        list(plan.programs),
        chords,
        form,
        plays,
    ]


def row_to_plan(row: Sequence[Any]) -> Plan:
    """Read what `plan_to_row` wrote. Raises: ValueError, IndexError, TypeError: another list."""
    style, minor, metre, tempo, swing, density, activity, programs, chords, form, plays = row
    return Plan(
        style=style,
        minor=bool(minor),
        metre=METRES[metre],
        tempo=tempo,
        swing=swing,
        density=density,
        activity=tuple(activity),
        programs=tuple(programs),
        chords=tuple(
            Chord(root, QUALITIES[kind] if kind >= 0 else None, bass if bass >= 0 else None)
            for root, kind, bass in chords
        ),
        form=tuple((SECTIONS[name] if name >= 0 else "", place) for name, place in form),
        plays=tuple(tuple(bool(bar >> part & 1) for part in range(len(PARTS))) for bar in plays),
    )


def draw_plan(
    tables: Mapping[str, Any],
    seed: int,
    *,
    style: str | None = None,
    minor: bool | None = None,
    metre: tuple[int, int] | None = None,
    density: float | None = None,
) -> Plan:
    """Draw the outline of a piece from the weights' tables.

    What is named is met as far as the tables go: style and metre first, then major or minor, then
    the nearest density. Drums play in styles that have them.
    Raises: ValueError: the tables hold no plan of that style.
    """
    rows = tables.get("plans", [])  # as of `plan_to_row`; only the one that is drawn is read
    if style is not None:
        rows = [row for row in rows if row[0] == style]
    if not rows:
        raise ValueError(f"the weights hold no plan of the style {style!r}")
    drummed = [row for row in rows if row[6][0] > 0]
    if len(drummed) > DRUMMED * len(rows):
        rows = drummed
    metre = metre or (4, 4)
    rows = [row for row in rows if METRES[row[2]] == metre] or rows
    if minor is not None:
        rows = [row for row in rows if bool(row[1]) == minor] or rows
    if density is not None:
        rows = sorted(rows, key=lambda row: abs(row[5] - density))[: max(4, len(rows) // 8)]
    return replace(row_to_plan(rows[_place(seed, len(rows))]), metre=metre)


def _place(seed: int, count: int) -> int:
    """Return a place among `count` that no other of so many seeds in a row has.

    Neighbours lie far apart: the stride is near the golden section, and prime to `count`.
    """
    stride = round(count * GOLDEN)
    while math.gcd(stride, count) > 1:
        stride += 1
    return seed * stride % count


def usual_activity(
    tables: Mapping[str, Any], style: str | None, metre: tuple[int, int]
) -> dict[str, float]:
    """Return the notes a bar in which each part plays, in the mean of the plans of a style.

    metre: of the plans, where there are any of it.
    """
    rows = [row for row in tables.get("plans", []) if style in (None, row[0])]
    rows = [row for row in rows if METRES[row[2]] == metre] or rows
    means = {}
    for place, part in enumerate(PARTS):
        values = [row[6][place] for row in rows if row[6][place] > 0]
        if values:
            means[part] = sum(values) / len(values)
    return means


def activity_in_any_style(
    tables: Mapping[str, Any], style: str | None, metre: tuple[int, int]
) -> dict[str, float]:
    """Return `usual_activity`, and for parts that the style does not have, that of all styles."""
    return usual_activity(tables, None, metre) | usual_activity(tables, style, metre)


def activity_at(
    tables: Mapping[str, Any], style: str | None, metre: tuple[int, int], density: float
) -> dict[str, float]:
    """Return the notes a bar in which each part plays at a density, 0-1.

    They lie on a line through the plans of a style, by least squares, that never falls: so they
    rise with the density, while plans drawn at two densities may have it otherwise.
    """
    rows = [row for row in tables.get("plans", []) if style in (None, row[0])]
    of_metre = [row for row in rows if METRES[row[2]] == metre]
    rows = of_metre if len(of_metre) >= LINE_PLANS else rows
    found = {}
    for place, part in enumerate(PARTS):
        pairs = [(row[5], row[6][place]) for row in rows if row[6][place] > 0]
        if pairs:
            count = len(pairs)
            x, y = (sum(column) / count for column in zip(*pairs, strict=True))
            spread = sum((each - x) ** 2 for each, _ in pairs)
            slope = sum((one - x) * (other - y) for one, other in pairs) / max(spread, 1e-9)
            found[part] = max(y + max(slope, 0.0) * (density - x), FEWEST)
    return found


def conditions_of_plan(
    plan: Plan, bars: int, tonic: int, *, arranged: bool = True
) -> PieceConditions:
    """Return the conditions that a plan stands for; chords and form start anew where it ends.

    tonic: pitch class 0-11. arranged: parts come and go as in the plan; else all that play in it
    play throughout.
    """
    around = [bar % len(plan.chords) for bar in range(bars)]
    plays: dict[str, Sequence[bool | None]] = {}
    for index, part in enumerate(PARTS):
        ever = any(bar[index] for bar in plan.plays)
        plays[part] = [plan.plays[bar][index] if arranged else ever for bar in around]
    return PieceConditions(
        bars=bars,
        tonic=tonic,
        minor=plan.minor,
        metre=plan.metre,
        style=plan.style,
        tempo=plan.tempo,
        swing=plan.swing,
        density=plan.density,
        activity={part: each for part, each in zip(PARTS, plan.activity, strict=True) if each > 0},
        chords=[_sounding(plan.chords[bar], tonic) for bar in around],
        plays=plays,
        form=[plan.form[bar] for bar in around],
    )


def _sounding(chord: Chord, tonic: int) -> Chord:
    bass = None if chord.bass is None else (chord.bass + tonic) % 12
    return Chord((chord.root + tonic) % 12, chord.quality, bass)
