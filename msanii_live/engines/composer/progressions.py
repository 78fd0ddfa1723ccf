"""Chord progressions where nobody names any: lines of four bars, as pieces of a style have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from msanii_live.engines.composer.notes import QUALITIES, Chord

LINE = 4  # bars
FORMS = ("AAAA", "AABA", "AABB", "ABAB", "AAAB")  # of lines; longer pieces go round
OTHER = 0.6  # chance of a second line


def draw_progression(
    tables: Mapping[str, Any],
    seed: int,
    bars: int,
    *,
    tonic: int,
    style: str | None = None,
    minor: bool = False,
) -> list[Chord]:
    """Draw the chord of each bar, so that lines of four bars come back.

    tables: of the weights; "lines" holds the lines by style and mode with how often each occurred.
    tonic: pitch class 0-11. style: any if None. Raises: ValueError: there are no lines of it.

    >>> tables = {"lines": {"pop": [[[[0, 0, 0], [7, 0, 7], [9, 1, 9], [5, 0, 5]], 3]]}}
    >>> [chord.root for chord in draw_progression(tables, 1, 4, tonic=2, style="pop")]
    [2, 9, 11, 7]
    """
    rng = Random(f"progression {seed}")
    lines = tables.get("lines", {})
    style = rng.choice(sorted({name.split()[0] for name in lines})) if style is None else style
    pool = lines.get(f"{style} minor" if minor else style)
    pool = pool or lines.get(style) or lines.get(f"{style} minor")
    if not pool:
        raise ValueError(f"the weights hold no progressions of the style {style!r}")
    names = dict.fromkeys("AB", _draw(rng, pool))
    if rng.random() < OTHER:
        names["B"] = _draw(rng, pool)
    form = rng.choice(FORMS)
    order = [names[form[index % len(form)]] for index in range(-(-bars // LINE))]
    return [_chord(row, tonic) for line in order for row in line][:bars]


def _draw(rng: Random, pool: Sequence[Any]) -> Sequence[Sequence[int]]:
    lines: Sequence[Sequence[Sequence[int]]] = [line for line, _ in pool]
    return rng.choices(lines, [count for _, count in pool])[0]


def _chord(row: Sequence[int], tonic: int) -> Chord:
    root, quality, bass = row
    kind = QUALITIES[quality] if 0 <= quality < len(QUALITIES) else None
    return Chord((root + tonic) % 12, kind, (bass + tonic) % 12 if bass < 12 else None)
