"""Chords: how an accompaniment strikes, breaks and holds them."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from msanii_live.engines.composer.notes import Chord
from msanii_live.training.data.composition.form import Bar
from msanii_live.training.data.composition.hits import Hit, LeadSheet, near
from msanii_live.training.data.composition.keyboard import LEFT_HANDS, play_left_hand
from msanii_live.training.data.composition.metre import Metre
from msanii_live.training.data.composition.voicing import colours, doublings, voice

# step, length and need of each strike of a bar
Pattern = list[tuple[int, float, float]]
STABS = ((0, 3, 6, 10), (0, 3, 8, 11), (2, 5, 10, 13), (0, 6, 12), (3, 6, 11, 14), (0, 3, 6, 9, 12),
         (2, 6, 11), (0, 7, 10), (4, 7, 12, 15))  # fmt: skip
CLAVES = ((0, 6, 12), (4, 10, 14), (0, 6, 10), (2, 8, 14), (0, 4, 10, 14), (0, 6, 8, 14), (4, 10),
          (0, 6, 12, 14))  # fmt: skip
CHARLESTONS = (
    (0, 3, 8, 11),
    (1, 4, 9, 13),
    (3, 7, 11, 14),
    (0, 5, 8, 13),
    (2, 3, 9, 12),
    (3, 8, 13),
)
ARPEGGIOS = (
    (0, 1, 2, 3),
    (0, 2, 1, 3),
    (3, 2, 1, 0),
    (0, 1, 2, 1),
    (0, 3, 1, 2),
    (0, 2, 3, 2),
    (0, 1, 3, 2),
)
SUSTAINED = frozenset({"hold", "block", "strum", "arp8"})


def play_chords(rng: Random, sheet: LeadSheet) -> Iterator[Hit]:
    """Yield the chords of all bars in which they play."""
    comps = [rng.choice(sheet.style.comps) for _ in range(2)]
    low = rng.choice((50, 52, 53, 55))
    rootless = sheet.style.ninths > 0.5
    laid: list[int] | None = None
    patterns: dict[tuple[str, int], Pattern] = {}
    orders: dict[str, tuple[int, ...]] = {}
    memory: dict[tuple[str, int, Chord], tuple[int, ...]] = {}
    for bar in sheet.bars:
        theme = bar.section.theme
        comp = comps[1] if theme == "chorus" else comps[0]
        if "chords" not in bar.section.parts:
            continue
        laid_of = []
        for chord in (bar.chord, bar.chords.second, bar.following):
            if chord is None:
                continue
            place = (theme, bar.place % 8, chord)
            if place not in memory:
                memory[place] = colours(rng, sheet.key, chord, sheet.style.ninths)
            rootless_now = rootless and "bass" in bar.section.parts
            pitches = voice(memory[place], laid, low, low + 22, rootless=rootless_now)
            laid_of.append(pitches)
            laid = pitches if chord is not bar.following else laid
        if comp in LEFT_HANDS:
            yield from play_left_hand(rng, sheet, bar, comp, laid_of)
            continue
        if bar.final:
            yield from _strike(
                rng, sheet.start(bar), sheet.metre.steps, laid_of[0], 0.0, 76, "hold", 0
            )
            continue
        if theme not in orders:
            orders[theme] = rng.choice(ARPEGGIOS)
        key = (theme, bar.place % 2)
        if key not in patterns:
            same = (theme, 0) in patterns and rng.random() < 0.45
            patterns[key] = patterns[theme, 0] if same else draw_pattern(rng, sheet.metre, comp)
        yield from _bar(rng, sheet, bar, comp, patterns[key], orders[theme], laid_of)


def draw_pattern(rng: Random, metre: Metre, comp: str) -> Pattern:
    """Draw where chords are struck in a bar; comp: a name in `Style.comps`."""
    steps, beats, weight = metre.steps, metre.beats, metre.weight
    if comp == "hold":
        return [(0, steps, 0.0), (metre.half, steps, 0.6)]
    if comp == "block":
        extra = rng.choice(range(4, steps, 2))
        late = rng.choice([s for s in range(4, steps, 2) if s != extra])
        return [(0, steps, 0.0), (extra, steps, 0.3), (late, steps, 0.6)]
    if comp == "offbeat":
        return [(beat + 2, 1.6, (0.0, 0.15)[i % 2]) for i, beat in enumerate(beats)]
    if comp == "skank":  # a short chord on every second beat, and its echo now and then
        hits = [(beat, 1.0, 0.0) for beat in beats[1::2]]
        return sorted(hits + [(beat + 1, 0.7, 0.55) for beat in beats[1::2]])
    if comp in ("eighths", "power"):
        needs = {0: 0.0, 1: 0.08, 2: 0.25, 3: 0.5}
        return [(s, 1.9, needs[weight(s)]) for s in range(0, steps, 2)]
    if comp == "strum":
        needs = {0: 0.0, 1: 0.1, 2: 0.22, 3: 0.42, 4: 0.7}
        return [
            (s, 2.5, needs[weight(s)]) for s in range(steps) if s % 2 == 0 or rng.random() < 0.2
        ]
    if comp == "chop":
        return [
            (s, 0.8, 0.15 + 0.12 * weight(s))
            for s in range(steps)
            if s in beats or rng.random() < 0.4
        ]
    if comp == "arp8":
        return [(s, 2.0, 0.12 * weight(s)) for s in range(0, steps, 2)]
    if comp == "arp16":
        return [(s, 1.0, (0.0, 0.05, 0.1, 0.25, 0.48)[weight(s)]) for s in range(steps)]
    pools = {"stab": STABS, "bossa": CLAVES, "charleston": CHARLESTONS}
    onsets = [s for s in rng.choice(pools[comp]) if s < steps]
    if steps > 16:
        onsets += [s for s in (16, 18, 19) if rng.random() < 0.5]
    length = {"stab": 1.5, "bossa": 3.0, "charleston": 2.0}[comp]
    ranks = rng.sample(range(len(onsets)), len(onsets))
    return [(s, length, 0.65 * r / len(onsets)) for s, r in zip(onsets, ranks, strict=True)]


def _bar(
    rng: Random, sheet: LeadSheet, bar: Bar, comp: str, pattern: Pattern, order: tuple[int, ...],
    laid_of: list[list[int]],
) -> Iterator[Hit]:  # fmt: skip
    start, metre = sheet.start(bar), sheet.metre
    second = laid_of[1] if bar.chords.second else laid_of[0]
    level = 68 if comp in SUSTAINED else 76
    moved = rng.random()
    onsets = sorted(pattern)
    if comp in ("stab", "charleston", "block", "bossa") and moved < 0.3 and len(onsets) > 2:
        place = rng.randrange(1, len(onsets))  # one strike comes earlier or later this time
        step = onsets[place][0] + rng.choice((-1, 1, 2))
        if 0 < step < metre.steps and all(step != other for other, _, _ in onsets):
            onsets[place] = (step, *onsets[place][1:])
    if bar.chords.second and all(s < metre.half or s > metre.half + 3 for s, _, _ in onsets):
        onsets.append((metre.half, onsets[0][1], 0.05))
    for number, (step, length, need) in enumerate(sorted(onsets)):
        pitches = second if step >= metre.half else laid_of[0]
        accent = 10 if step == 0 else 4 if step in metre.beats else 0
        need = near(rng, need, 0.08)
        if comp in ("arp8", "arp16"):
            turned = rng.random() < 0.1
            yield _broken(
                rng,
                start + step,
                length,
                pitches,
                order[(number + turned) % 4],
                need,
                level + accent,
            )
        else:
            yield from _strike(rng, start + step, length, pitches, need, level + accent, comp, step)
    if comp in ("stab", "charleston", "bossa", "strum", "eighths", "block") and rng.random() < 0.25:
        step = (
            start + metre.steps - (1 if sheet.style.busy > 0.7 else 2)
        )  # the next chord comes early
        yield from _strike(rng, step, 2, laid_of[-1], near(rng, 0.5), level, comp, step)


def _broken(
    rng: Random, step: int, length: float, pitches: list[int], place: int, need: float, level: float
) -> Hit:
    tones = [*pitches, pitches[0] + 12]
    pitch = tones[place % len(tones)]
    return Hit("chords", step, length, pitch, level + rng.uniform(-3, 3), need, 0, 2 * length + 2)


def _strike(
    rng: Random, step: int, length: float, pitches: list[int], need: float, level: float, comp: str,
    place: int,
) -> Iterator[Hit]:  # fmt: skip
    """Strike a chord; tones beyond the third need more density."""
    reach = length if comp in SUSTAINED else 0.0
    if comp == "power":
        pitches = [pitches[0] - 12, *pitches]
    downwards = comp == "strum" and place % 4 != 0
    roll = {"strum": 0.08, "block": 0.03, "hold": 0.02}.get(comp, 0.0) * rng.uniform(0.3, 1.3)
    for i, pitch in enumerate(pitches):
        late = roll * (len(pitches) - 1 - i if downwards else i)
        extra = 0.0 if i < 3 else 0.12 * (i - 2)
        top = 4 if pitch == pitches[-1] else 0
        yield Hit(
            "chords", step, length * 0.95, pitch, level + top, min(0.97, need + extra), late, reach
        )
    if comp in ("block", "hold", "power", "strum"):
        for pitch in doublings(pitches, 80):
            yield Hit(
                "chords",
                step,
                length * 0.95,
                pitch,
                level - 6,
                min(0.97, need + 0.5),
                roll * 4,
                reach,
            )
