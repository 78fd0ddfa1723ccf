"""Build the training set of note diffusion: pieces for one or several instruments, and their mels.

Pieces are composed from seeds and rendered by FluidSynth, dry and mono. Two in three are for one
instrument; the others are grooves of several instruments with drums. Layout of the folder:

    notes.json  mel parameters, and the notes of every piece
    SPLIT.f16   float16, (mel_frames, mels), ln magnitudes; piece after piece, of equal lengths
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, astuple, dataclass, replace
from pathlib import Path
from random import Random

import numpy as np

from msanii_live.dsp.mel import MelSpec
from msanii_live.engines.notes.instruments import INSTRUMENTS, TRAINED_PROGRAMS, substitute_program
from msanii_live.errors import ConfigError
from msanii_live.midi import files
from msanii_live.notes import Note, Score, sort_notes
from msanii_live.training.data import timbre_set
from msanii_live.training.data.grooves import generate
from msanii_live.training.data.timbre_set import GAP_SECONDS, PIECE_SECONDS

PIECES = {"train": 900, "validation": 30}
FIRST_SEED = {"train": 1_100_000, "validation": 1_900_000}
SECONDS = PIECE_SECONDS + GAP_SECONDS
WORKERS = 2
SOLOS = ("piano", "piano", "groove", "struck", "struck", "held")  # kinds, weighted by repetition
# The weight of each program in solo pieces.
_SHARES = dict.fromkeys(TRAINED_PROGRAMS, 1) | dict.fromkeys(INSTRUMENTS.values(), 2) | {0: 5}
Report = Callable[[str], None]


@dataclass(frozen=True)
class NoteSplit:
    """One split of the set.

    pieces: their notes. mels: float16, (pieces, mel_frames, mels).
    """

    pieces: tuple[tuple[Note, ...], ...]
    mels: np.ndarray


@dataclass(frozen=True)
class NoteSet:
    """A built set of notes and mels."""

    spec: MelSpec
    train: NoteSplit
    validation: NoteSplit


def compose(seed: int) -> Score:
    """Return the piece of a seed, SECONDS long with the rest in which it decays."""
    rng = Random(seed)
    if rng.random() < 1 / 3:
        return Score(sort_notes(_band(rng, seed)), SECONDS, bpm=120.0)
    programs = [program for program, share in _SHARES.items() for _ in range(share)]
    program = rng.choice(programs)
    notes = timbre_set.compose(rng.choice(SOLOS), seed)
    return Score(sort_notes(replace(n, program=program) for n in notes), SECONDS, bpm=120.0)


def _band(rng: Random, seed: int) -> list[Note]:
    """Return a groove with its drums, transposed and with scaled velocities."""
    midi, _ = generate(seed, kind="groove")
    moved, force = rng.randint(-5, 6), rng.uniform(0.7, 1.2)
    return [
        replace(
            note,
            pitch=note.pitch if note.drum else min(108, max(21, note.pitch + moved)),
            velocity=max(8, min(127, round(note.velocity * force))),
            program=0 if note.drum else substitute_program(note.program),
        )
        for note in files.score_from_midi(midi).cut(0.0, PIECE_SECONDS).notes
    ]


def build(
    folder: Path, report: Report, spec: MelSpec | None = None, pieces: dict[str, int] | None = None
) -> None:
    """Build the set into a folder. pieces: number of pieces of each split; None for PIECES.

    Raises: MissingTool: FluidSynth or the soundfont is not installed.
    """
    spec = spec or MelSpec()
    folder.mkdir(parents=True, exist_ok=True)
    description: dict[str, object] = {"spec": asdict(spec)}

    def mel_of(score: Score) -> np.ndarray:
        return timbre_set.analyse(timbre_set.render_score(score), spec)

    for split, count in (pieces or PIECES).items():
        scores = [compose(FIRST_SEED[split] + n) for n in range(count)]
        partial = folder / f"{split}.f16.partial"
        with partial.open("wb") as file, ThreadPoolExecutor(WORKERS) as pool:
            for number, mel in enumerate(pool.map(mel_of, scores), 1):
                file.write(mel.tobytes())
                if number % 25 == 0 or number == count:
                    report(f"{split}: {number} of {count} pieces")
        description[split] = [[astuple(note) for note in score.notes] for score in scores]
        partial.replace(folder / f"{split}.f16")
    (folder / "notes.json").write_text(json.dumps(description))


def load(folder: Path) -> NoteSet:
    """Open a built set.

    Raises: ConfigError: it is not there or not whole.
    """
    try:
        description = json.loads((folder / "notes.json").read_text())
        spec = MelSpec(**description["spec"])
        splits = [
            _open_split(folder / f"{split}.f16", description[split], spec) for split in PIECES
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{folder} holds no set of notes: {error}") from None
    return NoteSet(spec, *splits)


def _open_split(
    path: Path, description: Sequence[Sequence[Sequence[object]]], spec: MelSpec
) -> NoteSplit:
    pieces = tuple(tuple(Note(*note) for note in notes) for notes in description)  # type: ignore[arg-type]
    shape = (len(pieces), spec.mel_frames(round(SECONDS * spec.sample_rate)), spec.mels)
    return NoteSplit(pieces, np.memmap(path, np.float16, "r", shape=shape))
