"""Windows of pieces with drawn dynamics: parts left out, and levels of parts and of the whole.

FluidSynth's amplitude is proportional to the square of the velocity (within 1 dB over the whole
range, measured on all instruments that are trained), so a mel can be scaled together with the
velocities of its notes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from msanii_live.notes import PARTS, Note
from msanii_live.training.data.note_set import NoteSplit

Mel = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class DynamicsOptions:
    """How the dynamics of windows are drawn.

    subset: share of windows of several parts in which some are left out. softer: share of windows
    that are scaled, down to `softest` dB. uneven: share in which each part is scaled by itself.
    together: exponent by which the mels of parts add up, where the sum was not rendered.
    """

    subset: float = 0.3
    softer: float = 0.5
    softest: float = -30.0
    uneven: float = 0.3
    together: float = 1.75


@dataclass(frozen=True)
class DrawnPiece:
    """A piece whose parts have drawn levels.

    notes: with scaled velocities, which need not be whole numbers. factors: of amplitude, by part.
    """

    piece: int
    notes: tuple[Note, ...]
    factors: dict[str, float]


def draw_dynamics(
    split: NoteSplit, piece: int, rng: np.random.Generator, options: DynamicsOptions
) -> DrawnPiece:
    """Draw the parts that play in a piece and their levels."""
    names = list(split.parts[piece])
    if len(names) > 1 and rng.random() < options.subset:
        chosen = rng.permutation(names)[: rng.integers(1, len(names) + 1)]
        names = [name for name in names if name in chosen]
    whole = rng.uniform(options.softest, 0.0) if rng.random() < options.softer else 0.0
    uneven = len(names) > 1 and rng.random() < options.uneven
    levels = {name: whole + (rng.uniform(-12.0, 4.0) if uneven else 0.0) for name in names}
    notes = [note for note in split.pieces[piece] if note.part in names]
    loudest = {
        name: max((n.velocity for n in notes if n.part == name), default=1) for name in names
    }
    # No velocity may exceed 127, to which amplitude is proportional squared.
    most = {name: 40 * math.log10(127 / loudest[name]) for name in names}
    factors = {name: 10 ** (min(levels[name], most[name]) / 20) for name in names}
    scaled = tuple(
        replace(note, velocity=note.velocity * math.sqrt(factors[note.part]))  # type: ignore[arg-type]
        for note in notes
    )
    return DrawnPiece(piece, scaled, factors)


def mels_between(
    split: NoteSplit, drawn: DrawnPiece, first: int, last: int, floor: float, together: float
) -> tuple[Mel, Mel]:
    """Return the mel of a drawn piece in mel frames [first, last), and that of each of PARTS.

    floor: smallest magnitude. together: see `DynamicsOptions`.
    Returns float32, (mel_frames, mels) and (len(PARTS), mel_frames, mels), ln magnitudes; parts
    that do not play are at the floor.
    """
    names = split.parts[drawn.piece]
    rows = split.mels_of_parts(drawn.piece)[:, first:last].astype(np.float32)
    low = math.log(floor)
    parts = np.full((len(PARTS), *rows.shape[1:]), low, np.float32)
    for name, row in zip(names, rows, strict=True):
        if name in drawn.factors:
            scaled = row + math.log(drawn.factors[name])
            parts[PARTS.index(name)] = np.maximum(scaled, low)
    if len(drawn.factors) == len(names) and len(set(drawn.factors.values())) == 1:
        mix = split.mels[drawn.piece, first:last].astype(np.float32)
        return np.maximum(mix + math.log(next(iter(drawn.factors.values()))), low), parts
    if len(drawn.factors) == 1:
        return parts[PARTS.index(next(iter(drawn.factors)))], parts
    power = np.exp(together * (parts - low)).sum(0) - (len(PARTS) - 1)
    return (low + np.log(np.maximum(power, 1.0)) / together).astype(np.float32), parts
