"""Pads: held chords in open position that change only when the harmony does."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from msanii_live.engines.composer.notes import Chord
from msanii_live.training.data.composition.hits import Hit, LeadSheet, near
from msanii_live.training.data.composition.voicing import voice


def play_pads(rng: Random, sheet: LeadSheet) -> Iterator[Hit]:
    """Yield the pads of all bars in which they play."""
    steps, low = sheet.metre.steps, rng.choice((52, 55, 57))
    longest = rng.choice((1, 2, 4))
    laid: list[int] | None = None
    held: tuple[Chord, int] | None = None  # chord and bars that it has been held
    for bar in sheet.bars:
        if "pad" not in bar.section.parts:
            held = None
            continue
        chord, start = bar.chord, sheet.start(bar)
        same = held is not None and held[0] == chord and held[1] < longest and bar.place > 0
        if same and held:
            held = (chord, held[1] + 1)
            continue
        held = (chord, 1)
        laid = voice(chord.pitch_classes, laid, low, low + 24, rootless=False)
        second = bar.chords.second
        length = sheet.metre.half if second else steps
        for i, pitch in enumerate(laid):
            need = 0.0 if i in (0, len(laid) - 1) else near(rng, 0.15 * i)
            yield Hit("pad", start, length, pitch, 62 - 2 * i, need, 0.0, steps * longest)
        if second:
            held = None
            laid = voice(second.pitch_classes, laid, low, low + 24, rootless=False)
            for i, pitch in enumerate(laid):
                need = 0.1 if i == 0 else near(rng, 0.15 * i + 0.1)
                yield Hit(
                    "pad", start + length, steps - length, pitch, 58, need, 0.0, steps - length
                )
        if bar.ends_phrase and rng.random() < 0.3 and laid[-1] + 12 < 84:
            yield Hit("pad", start, steps, laid[-1] + 12, 48, near(rng, 0.7))
