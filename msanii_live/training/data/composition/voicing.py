"""Voicings: where the tones of chords lie, each voice moving to the nearest tone."""

from __future__ import annotations

from itertools import pairwise, product
from random import Random

from msanii_live.engines.composer.notes import Chord
from msanii_live.training.data.composition.model import local_scale


def colours(rng: Random, key: frozenset[int], chord: Chord, ninths: float) -> tuple[int, ...]:
    """Return pitch classes of a chord, now and then with a ninth or sixth of the scale."""
    tones = list(chord.pitch_classes)
    drawn, which = rng.random(), rng.choice((14, 14, 9))
    added = (chord.root + which) % 12
    fits = added in local_scale(key, chord) and (added + 1) % 12 not in tones[1:2]
    if (
        drawn < ninths
        and fits
        and added not in tones
        and chord.quality not in ("dim", "aug", "m7b5")
    ):
        tones.append(added)
    return tuple(tones)


def voice(
    classes: tuple[int, ...], previous: list[int] | None, low: int, high: int, *, rootless: bool
) -> list[int]:
    """Choose the pitches within low..high that move least from the previous chord, rising.

    rootless: leave out the root of chords of four tones or more, which the bass plays.
    """
    tones = classes[1:] if rootless and len(classes) > 3 else classes
    middle = (low + high) / 2
    best: tuple[float, list[int]] | None = None
    bottoms = [p for p in range(low, high - 8) if p % 12 in tones]
    for bottom in bottoms:
        pitches = [bottom]
        for pitch_class in _upwards(tones, bottom % 12):
            pitches.append(pitches[-1] + (pitch_class - pitches[-1]) % 12)
        for drop in (False, True):
            laid = sorted([*pitches[:-2], pitches[-2] - 12, pitches[-1]]) if drop else pitches
            if laid[0] < low or laid[-1] > high:
                continue
            cost = _movement(laid, previous) + 0.12 * abs(sum(laid) / len(laid) - middle)
            cost += 2.0 * sum(b - a < 2 for a, b in pairwise(laid))
            cost += 0.4 if drop else 0.0
            if best is None or cost < best[0]:
                best = (cost, laid)
    return best[1] if best else [p for p in range(low, low + 12) if p % 12 in tones]


def _upwards(tones: tuple[int, ...], bottom: int) -> list[int]:
    return sorted((t for t in tones if t != bottom), key=lambda t: (t - bottom) % 12)


def _movement(laid: list[int], previous: list[int] | None) -> float:
    """Return the sum of each voice's way to the nearest tone of the previous chord."""
    if not previous:
        return 0.0
    there = sum(min(abs(a - b) for b in previous) for a in laid)
    back = sum(min(abs(a - b) for b in laid) for a in previous)
    return (there + back) / 2 + 0.5 * abs(laid[-1] - previous[-1])


def spread(classes: tuple[int, ...], low: int, high: int) -> list[int]:
    """Return an open voicing: root, fifth or third, then the others above.

    >>> spread((0, 4, 7), 48, 76)
    [48, 55, 64]
    """
    root = low + (classes[0] - low) % 12
    order = (classes[2], classes[1], *classes[3:]) if len(classes) > 2 else classes[1:]
    pitches = [root]
    for pitch_class in order:
        pitch = pitches[-1] + (pitch_class - pitches[-1]) % 12
        pitches.append(pitch if pitch <= high else pitch - 12)
    return sorted(set(pitches))


def doublings(laid: list[int], high: int) -> list[int]:
    """Return the octave doublings of a voicing that stay below `high`."""
    return [a + b for a, b in product(laid[:2], (12,)) if a + b <= high and a + b not in laid]
