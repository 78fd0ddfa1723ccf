"""Pieces ready to be drawn from: the generator's compositions as columns of numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from msanii_live.engines.composer.conditions import KINDS, PHASES, UNKNOWN
from msanii_live.engines.composer.notes import METRES, QUALITIES, SECTIONS, Chord
from msanii_live.engines.composer.roll import Notes, to_array
from msanii_live.notes import PARTS
from msanii_live.training.data.composition.model import Composition

Ints = npt.NDArray[np.int64]
NO_SECTION = len(SECTIONS)


@dataclass(frozen=True)
class Pieces:
    """Many pieces in columns; piece i has bars first_bar[i] to first_bar[i + 1], notes likewise.

    notes: NOTE_DTYPE, relative to the tonic, steps counted from the piece's first bar. style:
    place in the styles. metre: place in METRES. scalars: tempo (bpm), swing (steps), density.
    programs: (pieces, parts), -1 where a part is silent. harmony: (bars, 3), root relative to the
    tonic, quality, bass; as `bar_features` counts them. form: (bars, 2), section and place there.
    plays: bool, (bars, parts), whether a note of the part starts in the bar.
    """

    notes: Notes
    first_note: Ints
    first_bar: Ints
    seed: Ints
    style: Ints
    tonic: Ints
    minor: Ints
    metre: Ints
    steps_per_bar: Ints
    scalars: npt.NDArray[np.float64]
    programs: Ints
    harmony: Ints
    form: Ints
    plays: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        """Return how many pieces there are."""
        return len(self.seed)

    def bars_of(self, piece: int) -> slice:
        """Return where a piece's bars lie in `harmony`, `form` and `plays`."""
        return slice(int(self.first_bar[piece]), int(self.first_bar[piece + 1]))

    def notes_of(self, piece: int) -> Notes:
        """Return a piece's notes."""
        return self.notes[self.first_note[piece] : self.first_note[piece + 1]]

    def save(self, path: Path) -> None:
        """Write the columns as one npz file."""
        part = path.with_suffix(".part.npz")
        np.savez(part, **{each.name: getattr(self, each.name) for each in fields(self)})
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> Pieces:
        """Read what `save` wrote. Raises: FileNotFoundError; KeyError: another file."""
        with np.load(path, allow_pickle=False) as file:
            return cls(**{each.name: file[each.name] for each in fields(cls)})


def gather(
    compositions: Iterable[Composition],
    styles: tuple[str, ...],
    on_piece: Callable[[int], None] = lambda done: None,
) -> Pieces:
    """Turn compositions into columns. on_piece: called with the number done."""
    rows: list[dict[str, Any]] = []
    for composition in compositions:
        rows.append(_row(composition, styles))
        on_piece(len(rows))
    column = {name: [row[name] for row in rows] for name in rows[0]}
    lengths = {name: [len(each) for each in column[name]] for name in ("notes", "harmony")}
    plain = ("seed", "style", "tonic", "minor", "metre", "steps_per_bar", "programs")
    columns: dict[str, npt.NDArray[Any]] = {
        name: np.concatenate(column[name]) for name in ("notes", "harmony", "form", "plays")
    } | {name: np.array(column[name], np.int64) for name in plain}
    return Pieces(
        first_note=np.cumsum([0, *lengths["notes"]]),
        first_bar=np.cumsum([0, *lengths["harmony"]]),
        scalars=np.array(column["scalars"], np.float64),
        **columns,
    )


def _row(piece: Composition, styles: tuple[str, ...]) -> dict[str, Any]:
    notes = to_array(piece.notes, piece.tonic, piece.swing)
    plays = np.zeros((piece.bars, len(PARTS)), np.bool_)
    bar = notes["step"] // piece.steps_per_bar
    inside = (bar >= 0) & (bar < piece.bars)
    plays[bar[inside], notes["part"][inside]] = True
    form = [(section, place) for section, bars in piece.sections for place in range(bars)]
    form += [("", 0)] * (piece.bars - len(form))
    return {
        "notes": notes,
        "seed": piece.seed,
        "style": styles.index(piece.style),
        "tonic": piece.tonic,
        "minor": int(piece.minor),
        "metre": METRES.index(piece.metre),
        "steps_per_bar": piece.steps_per_bar,
        "scalars": (piece.tempo, piece.swing, piece.density),
        "programs": [piece.programs.get(part, -1) for part in PARTS],
        "harmony": np.array([_harmony(chord, piece.tonic) for chord in piece.chords[: piece.bars]]),
        "form": np.array([_place(*each) for each in form[: piece.bars]]),
        "plays": plays,
    }


def _harmony(chord: Chord | None, tonic: int) -> tuple[int, int, int]:
    if chord is None:
        return UNKNOWN, KINDS - 1, UNKNOWN
    quality = QUALITIES.index(chord.quality) if chord.quality in QUALITIES else KINDS - 1
    return (chord.root - tonic) % 12, quality, (chord.bass_class - tonic) % 12


def _place(section: str, place: int) -> tuple[int, int]:
    return (SECTIONS.index(section) if section in SECTIONS else NO_SECTION), place % PHASES
