"""What is measured in notes: how many, in which key, over which root, and what comes back."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from msanii_live.engines.composer.notes import Chord, PartNote

MAJOR = frozenset({0, 2, 4, 5, 7, 9, 11})
MINOR = frozenset({0, 2, 3, 5, 7, 8, 10})


def mean(values: Iterable[float]) -> float:
    """Return the mean of the values that are not NaN, NaN if there are none."""
    plain = [value for value in values if not np.isnan(value)]
    return float(np.mean(plain)) if plain else float("nan")


def in_key(notes: Iterable[PartNote], tonic: int, minor: bool) -> float:
    """Return the share of pitched notes in the major or natural minor scale, NaN without notes."""
    scale = MINOR if minor else MAJOR
    inside = [(n.pitch - tonic) % 12 in scale for n in notes if n.part != "drums"]
    return float(np.mean(inside)) if inside else float("nan")


def lowest_on_root(
    notes: Iterable[PartNote], chords: Sequence[Chord | None], per_bar: int, part: str | None = None
) -> float:
    """Return the share of bars whose lowest note is the chord's bass; NaN without any.

    part: look at this part alone, else at all that have pitch.
    """
    lowest: dict[int, int] = {}
    for note in notes:
        if note.part == part or (part is None and note.part != "drums"):
            bar = note.step // per_bar
            lowest[bar] = min(note.pitch, lowest.get(bar, 127))
    right = []
    for bar, pitch in lowest.items():
        chord = chords[bar] if bar < len(chords) else None
        if chord is not None:
            right.append(pitch % 12 == chord.bass_class)
    return float(np.mean(right)) if right else float("nan")


def chroma(notes: Iterable[PartNote], bars: int, per_bar: int) -> npt.NDArray[np.float64]:
    """Return how long each pitch class sounds in each bar, steps, (bars, 12)."""
    table = np.zeros((bars, 12))
    for note in notes:
        if note.part == "drums":
            continue
        start, end = note.step, note.step + max(note.length, 0.25)
        for bar in range(note.step // per_bar, min(bars, int(np.ceil(end / per_bar)))):
            inside = min(end, (bar + 1) * per_bar) - max(start, bar * per_bar)
            table[bar, note.pitch % 12] += max(0.0, inside)
    return table


def harmony_returns(notes: Iterable[PartNote], bars: int, per_bar: int) -> float:
    """Return the likeness of bars four apart minus that of bars one to three apart.

    Likeness is the cosine of their `chroma`; bars without notes are left out. NaN below 6 bars.
    """
    table = chroma(notes, bars, per_bar)
    norms = np.linalg.norm(table, axis=1)
    unit = table / np.maximum(norms, 1e-9)[:, None]

    def at(lag: int) -> float:
        pairs = [
            float(unit[bar] @ unit[bar + lag])
            for bar in range(bars - lag)
            if norms[bar] > 0 and norms[bar + lag] > 0
        ]
        return float(np.mean(pairs)) if pairs else float("nan")

    return at(4) - float(np.mean([at(lag) for lag in (1, 2, 3)])) if bars >= 6 else float("nan")


def bars_repeated(
    notes: Iterable[PartNote], bars: int, per_bar: int, part: str | None = None
) -> float:
    """Return the share of bars, from the second on, that equal an earlier one note for note.

    Bars without notes do not count. part: look at this part alone, else at all of them together.
    """
    contents: list[set[tuple[str, int, int]]] = [set() for _ in range(bars)]
    for note in notes:
        if note.step // per_bar < bars and part in (None, note.part):
            contents[note.step // per_bar].add((note.part, note.step % per_bar, note.pitch))
    repeated = [contents[bar] in contents[:bar] for bar in range(1, bars) if contents[bar]]
    return float(np.mean(repeated)) if repeated else float("nan")


def note_f1(made: Iterable[PartNote], true: Iterable[PartNote], first_step: int = 0) -> float:
    """Return the F1 of notes, right where part, step and pitch are; from `first_step` on."""
    one = {(n.part, n.step, n.pitch) for n in made if n.step >= first_step}
    other = {(n.part, n.step, n.pitch) for n in true if n.step >= first_step}
    if not one and not other:
        return float("nan")
    return 2 * len(one & other) / (len(one) + len(other))


def strictly_rises(values: Sequence[float]) -> bool:
    """Tell whether every value is above the one before."""
    return all(later > earlier for earlier, later in itertools.pairwise(values))
