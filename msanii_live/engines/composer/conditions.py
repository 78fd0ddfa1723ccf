"""What the composer is told besides notes: style, key, tempo, density, metre, chords, form."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from itertools import accumulate

import torch

from msanii_live.engines.composer.notes import METRES, QUALITIES, SECTIONS, Chord, steps_per_bar
from msanii_live.notes import PARTS

UNKNOWN = 12  # where a pitch class may stand
PHASES = 8  # bars after which the number of a bar in its section starts anew
ROOTS = BASSES = 13
KINDS = len(QUALITIES) + 1
SCALARS = 3 + len(PARTS)  # tempo, swing, density; activity of each part
_SIZES = (ROOTS, KINDS, BASSES, PHASES + 1, len(SECTIONS) + 1, 2 * len(PARTS))
FIRST = tuple(accumulate(_SIZES, initial=0))  # first feature of roots, kinds, basses, phases ...
BAR_FEATURES = FIRST[-1]
HARMONY = FIRST[3]  # features that tell chords


@dataclass(frozen=True, kw_only=True)
class PieceConditions:
    """The conditions of a number of bars; whatever is None is left to the model.

    bars: at least 1. tonic: pitch class 0-11. style: a name the weights know. tempo: bpm. swing:
    delay of each second sixteenth, in steps. density: 0-1. activity: notes in each bar in which
    the part plays, by part. chords: one a bar, or None. plays: by part, for each bar whether it
    plays at all. form: for each bar the name of its section, in SECTIONS, and its place there.
    """

    bars: int
    tonic: int = 0
    minor: bool | None = None
    metre: tuple[int, int] = (4, 4)
    style: str | None = None
    tempo: float | None = None
    swing: float | None = None
    density: float | None = None
    activity: dict[str, float] = field(default_factory=dict)
    chords: Sequence[Chord | None] = ()
    plays: dict[str, Sequence[bool | None]] = field(default_factory=dict)
    form: Sequence[tuple[str, int] | None] = ()

    @property
    def steps(self) -> int:
        """Return the length in sixteenths."""
        return self.bars * steps_per_bar(self.metre)


@dataclass(frozen=True)
class ConditionBatch:
    """Conditions of several windows of one metre and length, as tensors.

    style: int64, (batch,); the number of styles where unknown. mode: int64, (batch,), 0 major, 1
    minor, 2 unknown. metre: int64, (batch,), place in METRES. scalars: float32, (batch, SCALARS),
    scaled to about ±1. told: bool, (batch, SCALARS), which of them are known. bars: float32,
    (batch, bars, BAR_FEATURES), see `bar_features`.
    """

    style: torch.Tensor
    mode: torch.Tensor
    metre: torch.Tensor
    scalars: torch.Tensor
    specified: torch.Tensor
    bars: torch.Tensor

    def unconditional(self, styles: int) -> ConditionBatch:
        """Return the same windows with style, mode, density and chords unknown, for guidance."""
        specified = self.specified.clone()
        specified[:, 2:] = False
        bars = self.bars.clone()
        bars[..., :HARMONY] = 0.0
        for following in FIRST[1:4]:
            bars[..., following - 1] = 1.0
        style, mode = torch.full_like(self.style, styles), torch.full_like(self.mode, 2)
        return ConditionBatch(style, mode, self.metre, self.scalars * specified, specified, bars)

    def repeat(self, times: int) -> ConditionBatch:
        """Return the batch `times` over."""
        return join([self] * times)


def join(batches: Sequence[ConditionBatch]) -> ConditionBatch:
    """Put batches of one metre and length after each other."""
    names = [each.name for each in fields(ConditionBatch)]
    return ConditionBatch(
        *(torch.cat([getattr(batch, name) for batch in batches]) for name in names)
    )


def scaled(name: str, value: float) -> float:
    """Return a number as the network gets it, about ±1.

    name: tempo (bpm), swing (steps), density (0-1), or a part, whose value is notes a bar.
    """
    match name:
        case "tempo":
            return math.log2(max(value, 1.0) / 110.0) * 2.0
        case "swing":
            return 4.0 * value - 0.5
        case "density":
            return 2.0 * value - 1.0
        case _:
            return math.log2(1.0 + max(value, 0.0)) / 2.0 - 1.0


def bar_features(
    chord: Chord | None,
    tonic: int,
    place: tuple[str, int] | None,
    plays: Sequence[bool | None],
) -> list[float]:
    """Return BAR_FEATURES numbers, all 0 or 1.

    One of ROOTS (relative to the tonic, the last where unknown), of KINDS, of BASSES, of PHASES + 1
    (place in the section), of the sections, then for each part whether it plays and whether it is
    silent.
    """
    quality = chord.quality if chord is not None else None
    named = (
        UNKNOWN if chord is None else (chord.root - tonic) % 12,
        QUALITIES.index(quality) if quality in QUALITIES else KINDS - 1,
        UNKNOWN if chord is None or chord.bass is None else (chord.bass - tonic) % 12,
        PHASES if place is None else place[1] % PHASES,
        SECTIONS.index(place[0]) if place and place[0] in SECTIONS else len(SECTIONS),
    )
    row = [0.0] * BAR_FEATURES
    for first, each in zip(FIRST, named, strict=False):
        row[first + each] = 1.0
    for part, plain in enumerate(plays):
        if plain is not None:
            row[FIRST[5] + 2 * part + (0 if plain else 1)] = 1.0
    return row


def batch_of(pieces: Sequence[PieceConditions], styles: Sequence[str]) -> ConditionBatch:
    """Turn pieces of one metre and number of bars into tensors.

    styles: the names that the weights know. Raises: ValueError: a style is not among them, or the
    pieces differ in metre or number of bars.
    """
    if len({(conditions.metre, conditions.bars) for conditions in pieces}) != 1:
        raise ValueError("windows of a batch must have one metre and one number of bars")
    for conditions in pieces:
        if conditions.style is not None and conditions.style not in styles:
            raise ValueError(f"style {conditions.style!r} is not one of {', '.join(styles)}")
    rows = [_scalars(conditions) for conditions in pieces]
    return ConditionBatch(
        style=torch.tensor(
            [len(styles) if o.style is None else styles.index(o.style) for o in pieces]
        ),
        mode=torch.tensor([2 if o.minor is None else int(o.minor) for o in pieces]),
        metre=torch.tensor([METRES.index(o.metre) for o in pieces]),
        scalars=torch.tensor([[0.0 if v is None else v for v in row] for row in rows]),
        specified=torch.tensor([[v is not None for v in row] for row in rows]),
        bars=torch.tensor([_bars(conditions) for conditions in pieces]),
    )


def _scalars(conditions: PieceConditions) -> list[float | None]:
    named = {"tempo": conditions.tempo, "swing": conditions.swing, "density": conditions.density}
    named |= {part: conditions.activity.get(part) for part in PARTS}
    return [None if value is None else scaled(name, value) for name, value in named.items()]


def _bars(conditions: PieceConditions) -> list[list[float]]:
    rows = []
    for bar in range(conditions.bars):
        chord = conditions.chords[bar] if bar < len(conditions.chords) else None
        place = conditions.form[bar] if bar < len(conditions.form) else None
        plays = [
            conditions.plays[part][bar] if part in conditions.plays else None for part in PARTS
        ]
        rows.append(bar_features(chord, conditions.tonic, place, plays))
    return rows
