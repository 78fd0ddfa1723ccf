"""The accompaniment of piano pieces, over the left hand's bass notes."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from msanii_live.training.data.composition.form import Bar
from msanii_live.training.data.composition.hits import Hit, LeadSheet, near

LEFT_HANDS = frozenset({"pop", "flow8", "flow16", "stride", "chorale", "broken", "alberti"})
NEEDS = (0.0, 0.04, 0.12, 0.3, 0.55)  # by metric weight


def play_left_hand(
    rng: Random, sheet: LeadSheet, bar: Bar, kind: str, laid_of: list[list[int]]
) -> Iterator[Hit]:
    """Yield the accompaniment of a bar; laid_of: the voicings of its chords and of the next."""
    start, metre = sheet.start(bar), sheet.metre
    second = laid_of[1] if bar.chords.second else laid_of[0]

    def tones(step: int) -> list[int]:
        return second if step >= metre.half else laid_of[0]

    if bar.final:
        for i, pitch in enumerate(laid_of[0]):
            yield Hit("chords", start, metre.steps, pitch, 66, 0.0, 0.1 * i)
        return
    if kind in ("chorale", "pop", "stride"):
        yield from _struck(rng, sheet, bar, kind, laid_of)
        return
    stride = 1 if kind == "flow16" else 2
    for number, step in enumerate(range(0, metre.steps, stride)):
        laid = tones(step)
        if kind == "alberti":
            order = (0, len(laid) - 1, 1, len(laid) - 1)
            pitch = laid[order[number % 4]]
        elif kind == "broken":
            wide = [laid[0] - 12, laid[1] - 12, *laid]
            order = (0, 2, 3, 4) if number % 8 < 4 or len(wide) < 5 else (4, 3, 2, 3)
            pitch = wide[min(order[number % 4], len(wide) - 1)]
        else:
            run = [*laid, laid[0] + 12, laid[1] + 12]
            wave = run + run[-2:0:-1]
            pitch = wave[(number + (rng.random() < 0.05)) % len(wave)]
        need = near(rng, NEEDS[metre.weight(step)], 0.08)
        level = 62 + (8 if step == 0 else 3 if step in metre.beats else 0) + rng.uniform(-4, 4)
        yield Hit("chords", start + step, stride * 1.6, pitch, level, need, 0, stride * 3)


def _struck(
    rng: Random, sheet: LeadSheet, bar: Bar, kind: str, laid_of: list[list[int]]
) -> Iterator[Hit]:
    start, metre = sheet.start(bar), sheet.metre
    syncopated = rng.random() < 0.5
    for beat, length in zip(metre.beats, metre.beat_lengths(), strict=True):
        laid = laid_of[1] if bar.chords.second and beat >= metre.half else laid_of[0]
        step, need = beat, NEEDS[min(3, metre.weight(beat) + 1)]
        if kind == "stride":
            if metre.weight(beat) < 2 and metre.signature != (6, 8):
                continue
            if metre.signature == (6, 8):
                step = beat + 2
        elif kind == "pop" and syncopated and metre.weight(beat) == 2 and beat >= 4:
            step = beat - rng.choice((0, 2))
        elif kind == "chorale":
            need = 0.0 if metre.weight(beat) < 2 else 0.45
        need = near(rng, need if beat else 0.0, 0.08)
        held = 2 if kind == "stride" else length
        for i, pitch in enumerate(laid):
            more = 0.0 if i < 3 else 0.15
            level = 64 + (6 if beat == 0 else 0) + rng.uniform(-4, 4)
            reach = 0.0 if kind == "stride" else 2.0 * length
            yield Hit(
                "chords", start + step, held * 0.95, pitch, level, need + more, 0.03 * i, reach
            )
        if kind == "pop" and rng.random() < 0.3:
            yield Hit("chords", start + step + 2, 1.9, laid[0], 56, near(rng, 0.6))
