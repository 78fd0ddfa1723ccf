"""Bass: a line on the roots that leads from chord to chord."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from random import Random
from typing import NamedTuple

from msanii_live.engines.composer.notes import Chord
from msanii_live.training.data.composition.form import Bar
from msanii_live.training.data.composition.hits import Hit, LeadSheet, near
from msanii_live.training.data.composition.metre import Metre
from msanii_live.training.data.composition.model import local_scale

LOWEST, HIGHEST = 28, 52


class Stroke(NamedTuple):
    """A note of a riff: step of the bar, longest length, degree (1, 3, 5, 7, 8), need."""

    step: int
    length: float
    degree: int
    need: float


# Figures of a bar of 4/4; shorter metres end them sooner.
FIGURES: dict[str, tuple[tuple[Stroke, ...], ...]] = {
    "long": (  # notes that lie under the whole bar
        (Stroke(0, 16, 1, 0.0), Stroke(12, 4, 5, 0.55)),
        (Stroke(0, 10, 1, 0.0), Stroke(10, 6, 1, 0.3), Stroke(14, 2, 8, 0.6)),
        (Stroke(0, 6, 1, 0.0), Stroke(6, 10, 7, 0.25)),
    ),
    "dub": (  # as much rest as tone
        (Stroke(0, 2.5, 1, 0.0), Stroke(3, 2.5, 5, 0.2), Stroke(6, 1.8, 1, 0.1),
         Stroke(10, 2.5, 3, 0.35), Stroke(13, 1.8, 1, 0.5)),
        (Stroke(2, 2.0, 1, 0.1), Stroke(4, 3.5, 1, 0.0), Stroke(10, 2.0, 5, 0.2),
         Stroke(12, 3.0, 8, 0.4)),
        (Stroke(0, 3.5, 1, 0.0), Stroke(4, 1.8, 1, 0.3), Stroke(6, 2.0, 3, 0.15),
         Stroke(8, 4.0, 5, 0.1)),
    ),
    "slide": (  # a low drum with a pitch
        (Stroke(0, 6, 1, 0.0), Stroke(7, 3, 1, 0.15), Stroke(10, 6, 8, 0.35)),
        (Stroke(0, 3, 1, 0.0), Stroke(3, 7, 1, 0.25), Stroke(11, 3, 5, 0.4), Stroke(14, 2, 7, 0.6)),
    ),
    "skip": (  # short, around the beats that the kick leaves out
        (Stroke(0, 1.5, 1, 0.0), Stroke(3, 1.0, 1, 0.25), Stroke(6, 1.5, 8, 0.15),
         Stroke(10, 2.5, 5, 0.1), Stroke(14, 1.5, 7, 0.4)),
        (Stroke(0, 2.5, 1, 0.0), Stroke(5, 1.0, 8, 0.3), Stroke(7, 2.0, 1, 0.1),
         Stroke(11, 1.0, 5, 0.35), Stroke(13, 2.0, 1, 0.2)),
    ),
    "robot": (  # sixteenths on one pitch, with the octave now and then
        tuple(Stroke(s, 0.8, 8 if s in (3, 10) else 1, 0.0 if s in (0, 6, 10) else 0.25)
              for s in (0, 2, 3, 6, 8, 10, 11, 14)),
    ),
}  # fmt: skip


def play_bass(rng: Random, sheet: LeadSheet) -> Iterator[Hit]:
    """Yield the bass of all bars in which it plays."""
    line = rng.choice(sheet.style.bass)
    floor = rng.choice((28, 28, 31, 33)) if line != "left" else 31
    riffs: dict[tuple[str, int], list[Stroke]] = {}
    walked: int | None = None
    for bar in sheet.bars:
        if "bass" not in bar.section.parts:
            continue
        if bar.final:
            root = _low(bar.chord.bass_class, floor)
            yield Hit("bass", sheet.start(bar), sheet.metre.steps, root, 88, 0.0)
            continue
        if line == "walk":
            walked = yield from _walk(rng, sheet, bar, floor, walked)
            continue
        key = (bar.section.theme, bar.place % 2)
        if key not in riffs:
            first = riffs.get((bar.section.theme, 0))
            fresh = first is None or rng.random() < 0.5
            riffs[key] = draw_riff(rng, sheet.metre, line) if fresh or first is None else first
        yield from _riff(rng, sheet, bar, riffs[key], floor)


def draw_riff(rng: Random, metre: Metre, line: str) -> list[Stroke]:
    """Draw the rhythm and degrees of a bar; line: a name in `Style.bass`."""
    steps, beats = metre.steps, metre.beats
    eighths = range(0, steps, 2)
    if line == "root":
        return [Stroke(0, steps, 1, 0.0), Stroke(metre.half, steps, rng.choice((1, 5, 1)), 0.6)]
    if line in ("half", "left"):
        second = rng.choice((metre.half, metre.half - 2, metre.half + 2))
        late = Stroke(steps - 2, 2, rng.choice((5, 1, 7)), 0.7)
        return [Stroke(0, steps, 1, 0.0), Stroke(second, steps, rng.choice((5, 1, 8)), 0.3), late]
    if line == "offbeat":
        off = [beat + 2 for beat in beats]
        return [
            Stroke(s, 1.8, rng.choice((1, 1, 1, 8)), (0.0, 0.25)[i % 2]) for i, s in enumerate(off)
        ]
    if line == "eighths":
        needs = {0: 0.0, 1: 0.05, 2: 0.2, 3: 0.42}
        return [Stroke(s, 1.9, 1, needs[metre.weight(s)]) for s in eighths]
    if line == "octave":
        needs = {0: 0.0, 1: 0.12, 2: 0.12, 3: 0.35}
        degrees = (1, 8)
        return [Stroke(s, 1.7, degrees[s // 2 % 2], needs[metre.weight(s)]) for s in eighths]
    if line == "roll":
        off = [s for s in range(steps) if s not in beats]
        return [Stroke(s, 0.9, 1, 0.05 if s % 2 == 0 else 0.4) for s in off]
    if line == "bossa":
        groups = metre.strong if len(metre.strong) > 1 else (0, metre.half)
        strokes = []
        for first, end in zip(groups, (*groups[1:], steps), strict=True):
            strokes.append(Stroke(first, 6, 5 if first else 1, 0.1 if first else 0.0))
            strokes.append(Stroke(end - 2, 2, rng.choice((5, 5, 1)), 0.3))
        return strokes
    if line in FIGURES:
        figure = rng.choice(FIGURES[line])
        return [stroke for stroke in figure if stroke.step < steps]
    return _syncopated(rng, metre, line)


def _syncopated(rng: Random, metre: Metre, line: str) -> list[Stroke]:
    """Draw a riff of dotted and broken rhythm: "pulse" on one pitch, "funk" on several."""
    onsets = [0]
    while onsets[-1] < metre.steps - 2:
        onsets.append(
            onsets[-1] + rng.choice((3, 3, 2, 4, 3) if line == "pulse" else (1, 2, 3, 3, 4))
        )
    degrees = (1,) if line == "pulse" else (1, 1, 8, 5, 7, 3)
    order = rng.sample(onsets[1:], len(onsets) - 1)
    needs = {s: 0.1 + 0.6 * i / max(1, len(order)) for i, s in enumerate(order)}
    length = 3 if line == "pulse" else 2.5
    chosen = [1 if s == 0 else rng.choice(degrees) for s in onsets]
    return [
        Stroke(s, length, degree, needs.get(s, 0.0))
        for s, degree in zip(onsets, chosen, strict=True)
        if s < metre.steps
    ]


def _riff(rng: Random, sheet: LeadSheet, bar: Bar, riff: list[Stroke], floor: int) -> Iterator[Hit]:
    start, metre = sheet.start(bar), sheet.metre
    following = _low(bar.following.root, floor)
    last = max(stroke.step for stroke in riff)
    sounded: Chord | None = None
    skipped, octave = rng.random(), rng.random()
    approach = list(_approach(rng, sheet, bar, following, floor))
    free = min((hit.step - start for hit in approach), default=metre.steps)
    for stroke in riff:
        if stroke.step >= free and stroke.step:
            continue
        chord = bar.chord
        if bar.chords.second and stroke.step >= metre.half:
            chord = bar.chords.second
        degree = stroke.degree if chord is sounded else 1
        if stroke.step and stroke.step == last and skipped < 0.12:
            continue
        if stroke.step and octave < 0.15 and degree in (1, 5) and stroke.step % 4 == 2:
            degree = 8 if degree == 1 else 1
        pitch = _degree(chord, degree, floor)
        need = near(rng, stroke.need if chord is sounded else min(stroke.need, 0.08))
        accent = 100 if stroke.step == 0 else 90 if stroke.step in metre.beats else 84
        yield Hit(
            "bass", start + stroke.step, stroke.length * 0.94, pitch, accent, need, 0, stroke.length
        )
        sounded = chord
    if bar.chords.second and sounded is not bar.chords.second:
        pitch = _low(bar.chords.second.bass_class, floor)
        yield Hit("bass", start + metre.half, 4, pitch, 90, 0.08, 0, metre.steps)
    yield from approach


def _approach(rng: Random, sheet: LeadSheet, bar: Bar, target: int, floor: int) -> Iterator[Hit]:
    """Lead to the next root: stepwise at the ends of phrases, a single note elsewhere."""
    changes = bar.following.root != bar.chord.root
    chance = 0.75 if bar.ends_phrase else 0.4 if changes else 0.12
    if rng.random() > chance:
        return
    chord = bar.chords.second or bar.chord
    scale = local_scale(sheet.key, chord)
    from_below = rng.random() < 0.6
    count = rng.choice((2, 2, 3)) if bar.ends_phrase else 1
    ladder = _ladder(scale, target, count, -1 if from_below else 1)
    stride = rng.choice((1, 2)) if count < 3 else 1
    for i, pitch in enumerate(reversed(ladder)):
        step = sheet.start(bar) + sheet.metre.steps - stride * (count - i)
        pitch = pitch if LOWEST <= pitch <= HIGHEST else pitch + 12 * (1 if pitch < floor else -1)
        yield Hit("bass", step, stride * 0.94, pitch, 84 + 3 * i, near(rng, 0.42), 0, stride)


def _ladder(scale: frozenset[int], target: int, count: int, move: int) -> list[int]:
    pitches: list[int] = []
    pitch = target
    while len(pitches) < count:
        pitch += move
        if pitch % 12 in scale:
            pitches.append(pitch)
    return pitches


def _walk(
    rng: Random, sheet: LeadSheet, bar: Bar, floor: int, pitch: int | None
) -> Generator[Hit, None, int]:
    """Walk in beats of two steps: root, chord tones, scale, a neighbour of the next root.

    pitch: where it comes from. Returns where it ends.
    """
    start, metre = sheet.start(bar), sheet.metre
    spans = [(0, bar.chord, bar.chords.second or bar.following)]
    if bar.chords.second:
        spans.append((metre.half, bar.chords.second, bar.following))
    at = floor + 8 if pitch is None else pitch
    for i, (first, chord, after) in enumerate(spans):
        end = spans[i + 1][0] if i + 1 < len(spans) else metre.steps
        at = _nearest(chord.bass_class, at, floor)
        target = _nearest(after.bass_class, at, floor)
        tones = frozenset(chord.pitch_classes)
        scale = local_scale(sheet.key, chord)
        up = rng.random() < (0.75 if at < 38 else 0.3)
        for step in range(first, end, 2):
            if step > first:
                last = step + 2 >= end
                pool = tones if (step - first) % 4 == 0 and rng.random() < 0.7 else scale
                turn = rng.random() < 0.15
                up = at < 40 if not LOWEST + 3 <= at <= 45 else up != turn
                if last:
                    near_target = [target - 1, target + 1, target + 2, target - 2, target + 7]
                    fits = [p for p in near_target if p % 12 in scale] or near_target
                    chromatic = rng.random() < 0.3
                    at = rng.choice(near_target[:2] if chromatic else fits)
                else:
                    at = _ladder(pool, at, 1, 1 if up else -1)[0]
                at = max(LOWEST, at) if at > LOWEST - 1 else at + 12
            need = 0.0 if step == first else near(rng, 0.15 if (step - first) % 4 == 0 else 0.34)
            yield Hit("bass", start + step, 1.9, at, 92 if step % 4 == 0 else 86, need, 0, 4)
        if rng.random() < 0.3:  # a skip between beats
            step = rng.randrange(first + 1, end, 2)
            yield Hit("bass", start + step, 0.8, at, 66, near(rng, 0.7))
    return at


def _nearest(pitch_class: int, pitch: int, floor: int) -> int:
    """Return the pitch that is near another one and near the middle of the bass."""
    low = _low(pitch_class, floor)
    return min((low, low + 12), key=lambda p: abs(p - pitch) + 0.6 * abs(p - 38))


def _low(pitch_class: int, floor: int) -> int:
    return floor + (pitch_class - floor) % 12


def _degree(chord: Chord, degree: int, floor: int) -> int:
    """Return the pitch of a degree above the chord's bass; 7 is the octave of a triad."""
    root = _low(chord.bass_class, floor)
    if degree == 1 or (chord.bass is not None and degree != 8):
        return root
    if degree == 8:
        return root + 12
    tones = [(pc - chord.root) % 12 for pc in chord.pitch_classes]
    if degree == 7:
        return root + (tones[3] if len(tones) > 3 else 12)
    return root + tones[1 if degree == 3 else 2]
