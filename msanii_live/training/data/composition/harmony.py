"""Chords of a piece: reading progressions, endings, and chords that lead on."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from random import Random

from msanii_live.engines.composer.notes import Chord
from msanii_live.training.data.composition import progressions as tables
from msanii_live.training.data.composition.model import MAJOR

NUMERALS = {"i": 0, "ii": 2, "iii": 4, "iv": 5, "v": 7, "vi": 9, "vii": 11}
SYMBOL = re.compile(
    r"(?P<sign>[b#]?)(?P<numeral>[IV]+|[iv]+)(?P<kind>maj7|m7b5|7|dim|aug|sus)?(?:/(?P<bass>[1-7]))?"
)
WITH_SEVENTHS = frozenset({"house", "hiphop", "lofi", "bossa", "jazz", "garage"})


@dataclass(frozen=True)
class BarChords:
    """The chords of a bar; `second` begins in the middle of it, where there is one."""

    first: Chord
    second: Chord | None = None


Progression = tuple[BarChords, ...]


def read_chord(symbol: str, tonic: int) -> Chord:
    """Return the chord that a Roman numeral means in a key.

    >>> read_chord("V7/7", 0)
    Chord(root=7, quality='dom7', bass=11)
    """
    match = SYMBOL.fullmatch(symbol)
    if match is None:
        raise ValueError(f"{symbol!r} is no chord symbol")
    numeral = match["numeral"]
    shift = {"b": -1, "#": 1, "": 0}[match["sign"]]
    major = numeral.isupper()
    quality = match["kind"] or ("maj" if major else "min")
    if quality == "7":
        quality = "dom7" if major else "min7"
    bass = None if match["bass"] is None else (tonic + MAJOR[int(match["bass"]) - 1]) % 12
    if match["bass"] == "3" and not major:  # the third of a minor key
        bass = (tonic + 3) % 12
    return Chord((tonic + NUMERALS[numeral.lower()] + shift) % 12, quality, bass)


def read_progression(text: str, tonic: int) -> Progression:
    """Return the chords of each bar of a line of `progressions`."""
    bars = []
    for symbols in text.split():
        first, *rest = (read_chord(symbol, tonic) for symbol in symbols.split(","))
        bars.append(BarChords(first, rest[0] if rest else None))
    return tuple(bars)


def draw_progressions(
    rng: Random, style: str, tonic: int, minor: bool, blues: bool
) -> dict[str, Progression]:
    """Draw the progressions of a piece by section: "verse", "chorus" and "bridge"."""
    mode = int(minor)
    if blues:
        line = read_progression(rng.choice(tables.BLUES[mode]), tonic)
        return {"verse": line, "chorus": line, "bridge": line}
    pool = list(tables.PROGRESSIONS[style][mode])
    bridges = tables.BRIDGES_WITH_SEVENTHS if style in WITH_SEVENTHS else tables.BRIDGES
    rng.shuffle(pool)
    own_chorus = rng.random() < 0.6
    bridge = rng.choice((pool[-1], *bridges[mode]))
    chosen = {"verse": pool[0], "chorus": pool[int(own_chorus)], "bridge": bridge}
    read = {name: read_progression(text, tonic) for name, text in chosen.items()}
    if style not in WITH_SEVENTHS and rng.random() < 0.25:
        read = {name: tuple(map(_coloured, line)) for name, line in read.items()}
    return read


def _coloured(bar: BarChords) -> BarChords:
    """Add the seventh to minor chords, which changes no function."""
    quality = "min7" if bar.first.quality == "min" else bar.first.quality
    return replace(bar, first=replace(bar.first, quality=quality))


def lay_out(
    rng: Random, line: Progression, bars: int, *, tonic: int, minor: bool, turn: float, lead: float
) -> list[BarChords]:
    """Repeat a progression over the bars of a section.

    turn: chance that the last bar of a repeat turns to the dominant. lead: chance that a bar of a
    repeat leads to the next by a dominant of it in its second half.
    """
    size = len(line)
    laid = [line[index % size] for index in range(bars)]
    for index in range(bars):
        chords, following = laid[index], laid[(index + 1) % bars]
        at_end = index % 8 == 7 and index >= size
        if at_end and chords.second is None and rng.random() < turn:
            laid[index] = _turned(rng, chords, tonic, minor)
        elif index % 8 >= 4 and chords.second is None and rng.random() < lead:
            target = following.first
            if target.root != chords.first.root and target.quality not in ("dim", "m7b5"):
                laid[index] = replace(chords, second=Chord((target.root + 7) % 12, "dom7"))
    return laid


def _turned(rng: Random, chords: BarChords, tonic: int, minor: bool) -> BarChords:
    dominant = Chord(
        (tonic + 7) % 12, rng.choice(("maj", "dom7", "sus") if not minor else ("dom7",))
    )
    if chords.first.root == dominant.root or rng.random() < 0.5:
        return BarChords(chords.first, dominant)
    return BarChords(dominant)


def final_chord(tonic: int, minor: bool, sevenths: bool) -> BarChords:
    """Return the chord that ends a piece."""
    if sevenths:
        return BarChords(Chord(tonic, "min7" if minor else "maj7"))
    return BarChords(Chord(tonic, "min" if minor else "maj"))
