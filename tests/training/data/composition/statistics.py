"""Measures of compositions that the tests share."""

import math
from collections.abc import Iterable

from msanii_live.training.data.composition import Composition, PartNote

BarContent = tuple[tuple[str, int, int], ...]


def bars_of(piece: Composition, part: str | None = None) -> list[list[PartNote]]:
    bars: list[list[PartNote]] = [[] for _ in range(piece.bars)]
    for note in piece.notes:
        if part in (None, note.part):
            bars[note.step // piece.steps_per_bar].append(note)
    return bars


def copied_share(pieces: Iterable[Composition], part: str | None = None) -> float:
    """Return the share of bars with notes that copy an earlier bar of their piece on the grid."""
    copied = all_bars = 0
    for piece in pieces:
        seen: set[BarContent] = set()
        for bar in bars_of(piece, part):
            content = tuple(sorted((n.part, n.step % piece.steps_per_bar, n.pitch) for n in bar))
            if content:
                all_bars += 1
                copied += content in seen
                seen.add(content)
    return copied / all_bars


def chroma(piece: Composition) -> list[list[float]]:
    """Return each bar's sounding time by pitch class, of unit length, or of zero for silence."""
    bars = [[0.0] * 12 for _ in range(piece.bars)]
    for note in piece.notes:
        if note.part == "drums":
            continue
        for bar in range(note.step // piece.steps_per_bar, piece.bars):
            first, last = bar * piece.steps_per_bar, (bar + 1) * piece.steps_per_bar
            if note.start + note.length <= first:
                break
            shared = min(note.start + note.length, last) - max(note.start, first)
            bars[bar][note.pitch % 12] += max(0.0, shared)
    norms = [math.hypot(*bar) or 1.0 for bar in bars]
    return [[value / norm for value in bar] for bar, norm in zip(bars, norms, strict=True)]


def harmony_return(piece: Composition) -> float:
    """Return the chroma similarity at a lag of four bars minus the mean of that at one to three."""
    bars = chroma(piece)

    def at(lag: int) -> float:
        pairs = list(zip(bars, bars[lag:], strict=False))
        return sum(sum(x * y for x, y in zip(a, b, strict=True)) for a, b in pairs) / len(pairs)

    return at(4) - sum(map(at, (1, 2, 3))) / 3
