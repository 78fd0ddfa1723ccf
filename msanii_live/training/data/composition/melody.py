"""Melody: motifs that return, rise in sequence, are answered and come to rest."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from random import Random

from msanii_live.engines.composer.notes import Chord
from msanii_live.training.data.composition.form import Bar
from msanii_live.training.data.composition.hits import Hit, LeadSheet, near
from msanii_live.training.data.composition.metre import Metre
from msanii_live.training.data.composition.model import local_scale

# Onsets within a beat of a crotchet or a dotted crotchet, from calm to busy
CROTCHETS = (
    (),
    (0,),
    (0,),
    (2,),
    (0, 2),
    (0, 2),
    (0, 3),
    (1,),
    (0, 2, 3),
    (0, 1, 2),
    (1, 2),
    (0, 1, 2, 3),
)
DOTTED = ((), (0,), (0,), (4,), (0, 4), (0, 2, 4), (2, 4), (0, 3, 4), (0, 2, 4, 5))
OFFBEAT = frozenset({(2,), (1,), (0, 3), (1, 2), (2, 4), (4,)})
# Forms of a phrase of four bars: motifs by letter, "." a rest, "c" the cadence
PHRASES = ("aabc", "abac", "aa'bc", "aba'c", "a.a'c", "abcc", "a.b.", "aaac", "ab.c")
HOOKS = ("aaab", "abab", "aa'ab", "a.a.", "aba.")
NEEDS = (0.0, 0.06, 0.16, 0.36, 0.6)  # by metric weight


@dataclass(frozen=True)
class Tone:
    """A note of a motif. step: of the bar. move: scale steps from the note before."""

    step: int
    move: int


Motif = tuple[Tone, ...]


def play_melody(rng: Random, sheet: LeadSheet) -> Iterator[Hit]:
    """Yield the lead of all bars in which it plays; themes come back varied."""
    centre = sheet.style.register + rng.randint(-4, 4)
    motifs = {letter: draw_motif(rng, sheet, calm=letter == "c") for letter in "abc"}
    themes: dict[str, _Theme] = {}
    repeats: dict[str, int] = {}
    previous: int | None = None
    for bar in sheet.bars:
        theme = bar.section.theme
        if theme not in themes:
            own = motifs if len(themes) == 0 or rng.random() < 0.3 else _others(rng, sheet, motifs)
            themes[theme] = _Theme(own, _letters(rng, sheet), draw_arc(rng))
        if bar.place == 0:
            repeats[theme] = repeats.get(theme, -1) + 1
            previous = None
        if "lead" not in bar.section.parts:
            continue
        previous = yield from _bar(rng, sheet, bar, themes[theme], repeats[theme], centre, previous)


@dataclass(frozen=True)
class _Theme:
    """Motifs by letter, the letters of eight bars, and each bar's height in scale steps."""

    motifs: dict[str, Motif]
    letters: tuple[str, ...]
    arc: tuple[int, ...]


def _letters(rng: Random, sheet: LeadSheet) -> tuple[str, ...]:
    pool = HOOKS if sheet.style.machine and rng.random() < 0.6 else PHRASES
    letters: list[str] = []
    for _ in range(2):
        for mark in rng.choice(pool):
            if mark == "'":
                letters[-1] += mark
            else:
                letters.append(mark)
    if rng.random() < 0.5:  # the consequent begins like the antecedent
        letters[4:6] = letters[0:2]
    return tuple(letters)


def _others(rng: Random, sheet: LeadSheet, motifs: dict[str, Motif]) -> dict[str, Motif]:
    return {"a": draw_motif(rng, sheet), "b": motifs["a"], "c": draw_motif(rng, sheet, calm=True)}


def draw_arc(rng: Random) -> tuple[int, ...]:
    """Draw the height of each of eight bars: a rise, an arch, a fall or waves, then home."""
    shape = rng.choice(
        ((0, 1, 2, 0), (0, 2, 3, 1), (3, 2, 1, 0), (0, -1, 1, 0), (0, 2, 0, 1), (1, 0, -1, 0))
    )
    lift = rng.choice((0, 1, 2, 3))
    return (*shape, *(height + lift for height in shape[:3]), 0)


def draw_motif(rng: Random, sheet: LeadSheet, calm: bool = False) -> Motif:
    """Draw the rhythm and contour of a bar; calm: few notes, and a rest after them."""
    metre, style = sheet.metre, sheet.style
    busy = style.busy * (0.35 if calm else 1.0)
    steps: list[int] = []
    for beat, length in zip(metre.beats, metre.beat_lengths(), strict=True):
        cells = DOTTED if length == 6 else CROTCHETS
        goal = 0.6 + busy * (2.6 if length == 4 else 3.2)
        weights = [
            (style.offbeat if cell in OFFBEAT else 1 - 0.6 * style.offbeat)
            / (0.5 + (len(cell) - goal) ** 2)
            for cell in cells
        ]
        if calm and beat >= metre.half:
            continue
        steps += [beat + onset for onset in rng.choices(cells, weights)[0]]
    if not steps or (steps[0] > 4 and rng.random() < 0.7):
        steps = [0, *steps]
    if len(steps) == 1 and not calm:
        steps.append(metre.beats[-1])
    tones, run, height = [], 0, 0
    for step in steps:
        move = rng.choice((-1, 1, -1, 1, -1, 1, 0, 2, -2, 2, -2, 3, -4, 4))
        if abs(run) > 2 or abs(height + move) > 5:  # a leap is answered the other way
            move = -1 if run > 0 or height > 0 else 1
        run = move
        height += move
        tones.append(Tone(step, move))
    return tuple(tones)


def _bar(
    rng: Random,
    sheet: LeadSheet,
    bar: Bar,
    theme: _Theme,
    repeats: int,
    centre: int,
    previous: int | None,
) -> Generator[Hit, None, int | None]:
    """Yield a bar of a theme; return its last pitch."""
    metre = sheet.metre
    letter = theme.letters[bar.place % 8]
    cadence = bar.ends_section or bar.place % 8 == 7
    if cadence and letter[0] not in ".c":
        letter = "c"
    again = repeats > 0 or bar.place >= 8
    varied = rng.random() < (0.85 if again else 0.6 if bar.place >= 4 else 0.35)
    if bar.final:
        pitch = _snap(bar.chord, centre, frozenset(bar.chord.pitch_classes[:1]))
        yield Hit("lead", sheet.start(bar), metre.steps, pitch, 84, 0.0, 0, metre.steps)
        return pitch
    if letter[0] == ".":
        pick_up = rng.random() < 0.6 and not bar.ends_section
        if pick_up or (again and rng.random() < 0.5):
            yield from _pick_up(rng, sheet, bar, _snap(bar.following, centre, None), 0.25)
        return previous
    motif = theme.motifs[letter[0]]
    if varied or "'" in letter:
        motif = vary(rng, metre, motif)
    anchor = _above(centre, theme.arc[bar.place % 8])
    hits = list(_sing(rng, sheet, bar, motif, (anchor, centre), previous, cadence))
    yield from hits
    last = hits[-1]
    free = sheet.start(bar) + metre.steps - last.step
    if bar.ends_phrase and free >= 6 and rng.random() < 0.55:
        yield from _pick_up(rng, sheet, bar, _snap(bar.following, anchor, None), 0.2)
    return last.pitch


def vary(rng: Random, metre: Metre, motif: Motif) -> Motif:
    """Return a motif with an ornament, a note fewer, a shifted note or another ending."""
    kind = rng.choice(("ornament", "ornament", "fewer", "shift", "ending", "ending", "mirror"))
    tones = list(motif)
    place = rng.randrange(len(tones))
    if kind == "ornament":
        following = tones[place + 1].step if place + 1 < len(tones) else metre.steps
        gap = following - tones[place].step
        if gap >= 2:
            turn = rng.choice((-1, 1))
            tones.insert(place + 1, Tone(tones[place].step + (gap // 2 if gap < 6 else 2), turn))
    elif kind == "fewer" and len(tones) > 2 and tones[place].step:
        del tones[place]
    elif kind == "shift":
        before = tones[place - 1].step if place else -1
        after = tones[place + 1].step if place + 1 < len(tones) else metre.steps
        step = tones[place].step + rng.choice((-2, -1, 1, 2))
        if before < step < after and step >= 0:
            tones[place] = replace(tones[place], step=step)
    elif kind == "mirror" and len(tones) > 2:
        tones = [tones[0], *(replace(tone, move=-tone.move) for tone in tones[1:])]
    else:
        tones[-1] = replace(tones[-1], move=-tones[-1].move + rng.choice((-2, -1, 1)))
        if len(tones) > 1:
            tones[-2] = replace(tones[-2], move=tones[-2].move + rng.choice((-1, 1)))
    return tuple(tones)


def _sing(
    rng: Random,
    sheet: LeadSheet,
    bar: Bar,
    motif: Motif,
    heights: tuple[int, int],
    previous: int | None,
    cadence: bool,
) -> Iterator[Hit]:
    anchor, centre = heights
    metre, start = sheet.metre, sheet.start(bar)
    pitch = anchor if previous is None else round((2 * anchor + previous) / 3)
    for place, tone in enumerate(motif):
        later = bar.chords.second is not None and tone.step >= metre.half
        chord = bar.chords.second if later and bar.chords.second else bar.chord
        scale = local_scale(sheet.key, chord)
        goal = _step(scale, pitch, tone.move) if place else pitch
        end = motif[place + 1].step if place + 1 < len(motif) else metre.steps
        length = end - tone.step
        weight = metre.weight(tone.step)
        last = place == len(motif) - 1
        if weight <= 1 or place == 0 or length >= 4 or (cadence and last):
            tonic = bar.ends_section and last and sheet.tonic in chord.pitch_classes
            goal = _snap(chord, goal, frozenset({sheet.tonic}) if tonic else None)
        elif goal % 12 not in scale:
            goal = _step(scale, goal, 1)
        goal += 12 if goal < anchor - 9 else -12 if goal > min(anchor + 10, centre + 14) else 0
        pitch = goal
        held = min(length, metre.half + 2) if cadence or last else min(length, 8)
        breath = rng.uniform(0.72, 0.98) if length > 1 else 0.9
        need = 0.0 if place == 0 else near(rng, 0.1 if last and cadence else NEEDS[weight], 0.08)
        accent = 92 + (5 if weight <= 1 else 0) + min(6, max(-6, (pitch - anchor) // 2))
        yield Hit("lead", start + tone.step, held * breath, pitch, accent, need, 0, min(held, 6.0))


def _pick_up(rng: Random, sheet: LeadSheet, bar: Bar, target: int, need: float) -> Iterator[Hit]:
    """Lead to the first note of the next bar."""
    count, stride = rng.choice(((1, 2), (2, 2), (2, 1), (3, 2), (3, 1), (4, 1)))
    scale = local_scale(sheet.key, bar.chords.second or bar.chord)
    way = rng.choice((-1, -1, 1))
    pitches = []
    pitch = target
    for _ in range(count):
        pitch = _step(scale, pitch, way)
        pitches.append(pitch)
    for i, pitch in enumerate(reversed(pitches)):
        step = sheet.start(bar) + sheet.metre.steps - stride * (count - i)
        more = 0.0 if i == count - 1 else 0.2
        yield Hit("lead", step, stride * 0.9, pitch, 78 + 3 * i, near(rng, need + more))


def _step(scale: frozenset[int], pitch: int, move: int) -> int:
    """Go a number of scale steps from a pitch."""
    way = 1 if move > 0 else -1
    for _ in range(abs(move)):
        pitch += way
        while pitch % 12 not in scale:
            pitch += way
    return pitch


def _snap(chord: Chord, pitch: int, only: frozenset[int] | None) -> int:
    """Return the nearest tone of a chord."""
    tones = only or frozenset(chord.pitch_classes)
    return min(
        (p for p in range(pitch - 6, pitch + 7) if p % 12 in tones), key=lambda p: abs(p - pitch)
    )


def _above(centre: int, scale_steps: int) -> int:
    return centre + round(scale_steps * 12 / 7)
