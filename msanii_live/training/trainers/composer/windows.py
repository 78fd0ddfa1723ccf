"""Windows cut out of pieces: rolls, what is known of them, and their conditions."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import cast

import numpy as np
import numpy.typing as npt
import torch

from msanii_live.engines.composer.complete import LONGEST, as_tensor
from msanii_live.engines.composer.conditions import (
    BAR_FEATURES,
    FIRST,
    KINDS,
    PHASES,
    SCALARS,
    UNKNOWN,
    ConditionBatch,
    scaled,
)
from msanii_live.engines.composer.roll import Notes, encode
from msanii_live.notes import PARTS
from msanii_live.training.trainers.composer.masks import draw_mask
from msanii_live.training.trainers.composer.pieces import NO_SECTION, Pieces

BARS = 16  # of a window, where LONGEST allows
ALIGNED = 0.75  # chance that a window starts with a phrase of four bars


@dataclass(frozen=True)
class Drop:
    """How often each condition is hidden, so that the network can do without it."""

    style: float = 0.1
    mode: float = 0.1
    tempo: float = 0.15
    swing: float = 0.15
    density: float = 0.3
    activity: float = 0.3
    chords: float = 0.12
    quality: float = 0.2
    bass: float = 0.3
    one_chord: float = 0.04
    form: float = 0.3
    plays: float = 0.3


NOTHING_DROPPED = Drop(*[0.0] * 12)


@dataclass(frozen=True)
class Window:
    """A span of a piece. bar: its first, counted in the piece. bars: how many."""

    piece: int
    bar: int
    bars: int


@dataclass(frozen=True)
class Examples:
    """A batch. rolls: float32, (batch, steps, WIDTH). known: float32, (batch, bars, parts)."""

    rolls: torch.Tensor
    known: torch.Tensor
    conditions: ConditionBatch

    def to(self, device: torch.device) -> Examples:
        """Return the same batch on a device."""
        names = [each.name for each in fields(ConditionBatch)]
        conditions = ConditionBatch(*(getattr(self.conditions, n).to(device) for n in names))
        return Examples(self.rolls.to(device), self.known.to(device), conditions)


class Windows:
    """Pieces of a split, ordered by metre, from which windows of one shape are drawn."""

    def __init__(self, pieces: Pieces, styles: int) -> None:
        self.pieces = pieces
        self.styles = styles
        self.metres, counts = np.unique(pieces.metre, return_counts=True)
        self.chances = counts / counts.sum()
        self.members = {metre: np.nonzero(pieces.metre == metre)[0] for metre in self.metres}
        self.bars = np.diff(pieces.first_bar)

    def draw(self, size: int, rng: np.random.Generator, drop: Drop | None = None) -> Examples:
        """Draw windows of one metre and length at random, with masks and hidden conditions."""
        metre = rng.choice(self.metres, p=self.chances)
        members = self.members[metre]
        longest = LONGEST // int(self.pieces.steps_per_bar[members[0]])
        bars = min(_draw_bars(rng), longest)
        members = members[self.bars[members] >= bars]
        if not len(members):
            members = self.members[metre]
            bars = int(self.bars[members].min())
        windows = []
        for piece in rng.choice(members, size):
            last = int(self.bars[piece]) - bars
            start = int(rng.integers(last + 1))
            if rng.random() < ALIGNED:
                start -= start % 4
            windows.append(Window(int(piece), start, bars))
        masks = [draw_mask(rng, bars) for _ in windows]
        known = np.stack([mask.known for mask in masks])
        wanted = np.stack([mask.wanted for mask in masks])
        return self.examples(windows, known, wanted, rng, drop or Drop())

    def examples(
        self,
        windows: list[Window],
        known: npt.NDArray[np.bool_],
        wanted: npt.NDArray[np.bool_],
        rng: np.random.Generator,
        drop: Drop = NOTHING_DROPPED,
    ) -> Examples:
        """Make a batch of windows of one metre and length.

        known: (batch, bars, parts). wanted: (batch, parts); the others are silent.
        """
        cut = [self.cut(window, each) for window, each in zip(windows, wanted, strict=True)]
        steps = windows[0].bars * int(self.pieces.steps_per_bar[windows[0].piece])
        bits, values = zip(*(encode(notes, steps) for notes in cut), strict=True)
        rolls = as_tensor(np.stack(bits), np.stack(values))
        conditions = self._conditions(windows, cut, wanted, rng, drop)
        return Examples(rolls, torch.from_numpy(known).float(), conditions)

    def cut(self, window: Window, wanted: npt.NDArray[np.bool_]) -> Notes:
        """Return the notes of wanted parts that start in the window, steps counted from it."""
        notes = self.pieces.notes_of(window.piece)
        per_bar = int(self.pieces.steps_per_bar[window.piece])
        start, end = window.bar * per_bar, (window.bar + window.bars) * per_bar
        inside = (notes["step"] >= start) & (notes["step"] < end) & wanted[notes["part"]]
        notes = notes[inside].copy()
        notes["step"] -= start
        return cast(Notes, notes)

    def _conditions(
        self,
        windows: list[Window],
        cut: list[Notes],
        wanted: npt.NDArray[np.bool_],
        rng: np.random.Generator,
        drop: Drop,
    ) -> ConditionBatch:
        pieces = self.pieces
        index = np.array([window.piece for window in windows])
        size, bars = len(windows), windows[0].bars
        rows = np.stack(
            [np.arange(bars) + pieces.first_bar[w.piece] + w.bar for w in windows]
        )  # (batch, bars)
        plays = pieces.plays[rows] & wanted[:, None]
        hidden = _Hider(rng, size)
        named = np.empty((size, bars, 5), np.int64)
        named[..., :3], named[..., 3], named[..., 4] = (
            pieces.harmony[rows],
            pieces.form[rows][..., 1],
            pieces.form[rows][..., 0],
        )
        gone = hidden(drop.chords)[:, None] | (rng.random((size, bars)) < drop.one_chord)
        named[..., 0][gone] = UNKNOWN
        named[..., 1][gone | hidden(drop.quality)[:, None]] = KINDS - 1
        named[..., 2][gone | hidden(drop.bass)[:, None]] = UNKNOWN
        named[..., 3][hidden(drop.form)] = PHASES
        named[..., 4][hidden(drop.form)] = NO_SECTION
        features = np.zeros((size, bars, BAR_FEATURES), np.float32)
        for place in range(5):
            np.put_along_axis(features, (FIRST[place] + named[..., place])[..., None], 1.0, -1)
        specified = ~hidden(drop.plays)[:, None] | ~wanted  # silent parts always are
        specified &= ~(rng.random((size, len(PARTS))) < drop.plays / 3) | ~wanted
        features[..., FIRST[5] :: 2] = plays & specified[:, None]
        features[..., FIRST[5] + 1 :: 2] = ~plays & specified[:, None]
        scalars, known = self._scalars(index, cut, plays, hidden, rng, drop)
        return ConditionBatch(
            style=torch.from_numpy(np.where(hidden(drop.style), self.styles, pieces.style[index])),
            mode=torch.from_numpy(np.where(hidden(drop.mode), 2, pieces.minor[index])),
            metre=torch.from_numpy(pieces.metre[index]),
            scalars=torch.from_numpy(scalars),
            specified=torch.from_numpy(known),
            bars=torch.from_numpy(features),
        )

    def _scalars(
        self,
        index: npt.NDArray[np.int64],
        cut: list[Notes],
        plays: npt.NDArray[np.bool_],
        hidden: _Hider,
        rng: np.random.Generator,
        drop: Drop,
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        size = len(index)
        values = np.zeros((size, SCALARS), np.float32)
        known = np.ones((size, SCALARS), np.bool_)
        for row, piece in enumerate(index):
            for place, name in enumerate(("tempo", "swing", "density")):
                values[row, place] = scaled(name, float(self.pieces.scalars[piece, place]))
            counts = np.bincount(cut[row]["part"], minlength=len(PARTS))
            playing = plays[row].sum(0)
            for place, part in enumerate(PARTS):
                values[row, 3 + place] = scaled(part, counts[place] / max(playing[place], 1))
            known[row, 3:] = playing > 0
        for place, chance in enumerate((drop.tempo, drop.swing, drop.density)):
            known[:, place] = ~hidden(chance)
        known[:, 3:] &= ~hidden(drop.activity)[:, None]
        known[:, 3:] &= ~(rng.random((size, len(PARTS))) < drop.activity / 3)
        return values * known, known


class _Hider:
    """Draws, for each window, whether a condition is hidden."""

    def __init__(self, rng: np.random.Generator, size: int) -> None:
        self.rng, self.size = rng, size

    def __call__(self, chance: float) -> npt.NDArray[np.bool_]:
        return self.rng.random(self.size) < chance


def _draw_bars(rng: np.random.Generator) -> int:
    drawn = float(rng.random())
    if drawn < 0.05:
        return int(rng.integers(1, 4))
    if drawn < 0.12:
        return 4
    return 8 if drawn < 0.25 else BARS
