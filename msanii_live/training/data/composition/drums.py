"""Drums: a groove, its small changes from bar to bar, fills and crashes."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from msanii_live.training.data.composition import drum_grids as grids
from msanii_live.training.data.composition.drum_grids import Grid
from msanii_live.training.data.composition.form import Bar
from msanii_live.training.data.composition.hits import Hit, LeadSheet, near

# velocity, need, chance of being there at all
MARKS = {"X": (110, 0.0, 1.0), "x": (96, 0.12, 1.0), "o": (76, 0.38, 0.94), "g": (46, 0.58, 0.8),
         "r": (66, 0.5, 0.3)}  # fmt: skip
FILLERS = {"ride": 0.5, "brushes": 0.3, "bossa": 0.4, "sparse": 0.2, "techno": 0.6, "lofi": 0.6,
           "one drop": 0.5, "steppers": 0.4, "two step": 0.6, "electro": 0.7}  # fmt: skip
GENTLE = frozenset({"ride", "brushes", "bossa", "sparse", "lofi", "ballad", "one drop"})


def play_drums(rng: Random, sheet: LeadSheet) -> Iterator[Hit]:
    """Yield the hits of all bars in which drums play."""
    if not sheet.style.grids:
        return
    family = rng.choice(sheet.style.grids)
    table = grids.GRIDS[family][sheet.metre.signature]
    grooves: dict[str, Grid] = {}
    eager = FILLERS.get(family, 0.85)
    for bar in sheet.bars:
        if "drums" not in bar.section.parts:
            continue
        theme = bar.section.theme
        if theme not in grooves:
            grooves[theme] = _personal(rng, rng.choice(table))
        yield from _bar(rng, sheet, bar, grooves[theme], family, eager)


def _personal(rng: Random, grid: Grid) -> Grid:
    """Change a groove a little for the whole piece: other optional hits, an instrument left out."""
    changed = {}
    for drum, line in grid.items():
        if (
            drum in (grids.SHAKER, grids.TAMBOURINE, grids.COWBELL, grids.CONGA)
            and rng.random() < 0.4
        ):
            continue
        marks = []
        for mark in line:
            if mark == "r":
                mark = rng.choice("..rro")
            elif mark in "og" and rng.random() < 0.12:
                mark = rng.choice(".og")
            marks.append(mark)
        changed[drum] = "".join(marks)
    return changed


def _bar(
    rng: Random, sheet: LeadSheet, bar: Bar, grid: Grid, family: str, eager: float
) -> Iterator[Hit]:
    start, steps = sheet.start(bar), sheet.metre.steps
    if bar.final:
        yield Hit("drums", start, 1, grids.KICK, 100, 0.0)
        yield Hit("drums", start, steps, grids.CRASH, 92, 0.0)
        return
    fill_at = _fill_start(rng, sheet, bar, eager)
    turned = sheet.metre.strong == (0, 6) and steps == 14  # the group of three comes first
    for drum, line in grid.items():
        first = steps * (bar.place % 2) if len(line) > steps else 0
        pattern = line[8:14] + line[:8] if turned else line[first : first + steps]
        if turned and drum == grids.KICK:
            pattern = "X" + pattern[1:]
        for step, mark in enumerate(pattern):
            velocity, need, chance = MARKS.get(mark, (0, 0.0, 0.0))
            plays = rng.random() < chance
            need = near(rng, need, 0.03 if mark == "x" else 0.12)
            if plays and (step < fill_at or (drum == grids.KICK and mark == "X" and step % 8 == 0)):
                yield Hit("drums", start + step, 1, drum, velocity, need)
    yield from _extra(rng, bar, start, steps, family)
    if fill_at < steps:
        yield from _fill(rng, start, fill_at, steps, family in GENTLE)
    if bar.place == 0 and bar.index and bar.section.name not in ("intro", "break", "outro"):
        need = 0.3 if family in GENTLE else 0.08
        yield Hit("drums", start, steps, grids.CRASH, 84 if family in GENTLE else 102, need)


def _extra(rng: Random, bar: Bar, start: int, steps: int, family: str) -> Iterator[Hit]:
    """Add what only this bar has: a kick before the next, or a roll of the hats."""
    pick_up, roll, where = rng.random(), rng.random(), rng.randrange(2, steps // 2) * 2
    if pick_up < 0.25 and family not in ("ride", "brushes", "sparse", "techno"):
        yield Hit("drums", start + steps - rng.choice((1, 2)), 1, grids.KICK, 84, near(rng, 0.45))
    if family == "trap" and roll < 0.5:
        for i in range(6):
            late = i / 3 - i // 3
            hit = Hit("drums", start + where + i // 3, 0.3, grids.HAT, 60 + 6 * i, 0.35, late)
            if where + i // 3 < steps:
                yield hit
    elif family == "ride" and roll < 0.35:
        yield Hit("drums", start + where, 1, grids.SNARE, rng.randint(50, 90), near(rng, 0.4))


def _fill_start(rng: Random, sheet: LeadSheet, bar: Bar, eager: float) -> int:
    """Draw the step where a fill begins; the bar's length for none."""
    chance = 0.25 if bar.ends_phrase else 0.0
    if bar.place % 8 == 7:
        chance = 0.65
    if bar.ends_section:
        chance = 0.95
    steps = sheet.metre.steps
    plays, whole = rng.random() < chance * eager, rng.random()
    if not plays:
        return steps
    if bar.place % 8 == 7 or bar.ends_section:
        return (
            sheet.metre.half if whole < 0.6 else steps - 4 if whole < 0.9 else sheet.metre.beats[1]
        )
    return steps - 4 if whole < 0.8 else steps - 2


def _fill(rng: Random, start: int, first: int, steps: int, gentle: bool) -> Iterator[Hit]:
    """Yield a fill: a roll, toms downwards, both in turns, a hole before the next bar, or hats."""
    kind = rng.choice(("roll", "toms", "turns", "hole", "broken", "hats"))
    span = steps - first
    drop = -22 if gentle else 0
    for place in range(span):
        step, rise = start + first + place, place / span
        velocity = 72 + 40 * rise + drop + rng.uniform(-5, 5)
        strong = (first + place) % 2 == 0
        need = near(rng, 0.1 if strong else 0.4, 0.08)
        if kind == "roll":
            yield Hit("drums", step, 1, grids.SNARE, velocity, need)
        elif kind == "toms":
            yield Hit("drums", step, 1, grids.TOMS[min(3, int(rise * 4))], velocity, need)
        elif kind == "turns":
            drum = grids.SNARE if place % 4 < 2 else grids.TOMS[min(3, int(rise * 4))]
            if place % 4 != 3:
                yield Hit("drums", step, 1, drum, velocity, need)
        elif kind == "hole":
            if place < span / 2 and strong:
                yield Hit("drums", step, 1, grids.SNARE, velocity + 10, need)
        elif kind == "broken":
            if rng.random() < 0.6:
                drum = rng.choice((grids.SNARE, grids.SNARE, grids.KICK, grids.TOMS[2]))
                yield Hit("drums", step, 1, drum, velocity, need)
        elif strong:
            drum = grids.OPEN_HAT if place % 4 == 2 else grids.SNARE
            yield Hit("drums", step, 1, drum, velocity, need)
