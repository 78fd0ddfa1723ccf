"""Build the training set of note diffusion: pieces for one or several instruments, and their mels.

Pieces are composed from seeds and rendered by FluidSynth, dry and mono. Half of them are for one
instrument; the others are of several parts, mostly with drums, and each part is also rendered
alone. Layout of the folder:

    notes.json       mel parameters, and the notes and parts of every piece
    SPLIT.f16        float16, (mel_frames, mels), ln magnitudes; piece after piece, of equal lengths
    SPLIT.parts.f16  the same of each part alone, of the pieces that have several
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
from msanii_live.notes import Note, Score, part_of, sort_notes
from msanii_live.training.data import rack_audio, timbre_set
from msanii_live.training.data.composition.compose import compose as compose_parts
from msanii_live.training.data.composition.midi import to_midi
from msanii_live.training.data.grooves import generate
from msanii_live.training.data.timbre_set import GAP_SECONDS, PIECE_SECONDS

PIECES = {"train": 250, "validation": 10}
FIRST_SEED = {"train": 1_100_000, "validation": 1_900_000}
SECONDS = PIECE_SECONDS + GAP_SECONDS
WORKERS = 2
SOLOS = ("piano", "piano", "groove", "struck", "struck", "held")  # kinds, weighted by repetition
# The weight of each program in solo pieces.
_SHARES = dict.fromkeys(TRAINED_PROGRAMS, 1) | dict.fromkeys(INSTRUMENTS.values(), 2) | {0: 5}
_TAIL_SECONDS = 2.0  # between the parts of a piece, which are rendered one after another
_PHRASE_SECONDS = (1.0, 4.0)  # in which a piece with changing dynamics keeps one of them
_SOFTEST = 0.15  # factor of velocities in such a piece
Report = Callable[[str], None]


@dataclass(frozen=True)
class NoteSplit:
    """One split of the set.

    pieces: their notes. mels: float16, (pieces, mel_frames, mels). parts: of each piece, in the
    order of their mels. part_mels: float16, (rows, mel_frames, mels), those of the pieces with
    several parts, one after another.
    """

    pieces: tuple[tuple[Note, ...], ...]
    mels: np.ndarray
    parts: tuple[tuple[str, ...], ...]
    part_mels: np.ndarray

    def mels_of_parts(self, piece: int) -> np.ndarray:
        """Return the mel of each part of a piece, float16, (parts, mel_frames, mels)."""
        count = len(self.parts[piece])
        if count == 1:
            return self.mels[piece : piece + 1]
        first = sum(len(parts) for parts in self.parts[:piece] if len(parts) > 1)
        return self.part_mels[first : first + count]


@dataclass(frozen=True)
class NoteSet:
    """A built set of notes and mels."""

    spec: MelSpec
    train: NoteSplit
    validation: NoteSplit


def compose(seed: int) -> Score:
    """Return the piece of a seed, SECONDS long with the rest in which it decays."""
    rng = Random(seed)
    if rng.random() < 1 / 2:
        return Score(sort_notes(_band(rng, seed)), SECONDS, bpm=120.0)
    programs = [program for program, share in _SHARES.items() for _ in range(share)]
    program = rng.choice(programs)
    kind = rng.choice(SOLOS)
    notes = [replace(n, program=program) for n in timbre_set.compose(kind, seed)]
    notes = [replace(n, part=part_of(n)) for n in notes]
    if rng.random() < 1 / 2:
        notes = _with_changing_dynamics(rng, notes)
    return Score(sort_notes(notes), SECONDS, bpm=120.0)


def _band(rng: Random, seed: int) -> list[Note]:
    """Return a piece of several parts, transposed and with scaled velocities."""
    is_groove = rng.random() < 1 / 2
    midi = generate(seed, kind="groove")[0] if is_groove else to_midi(compose_parts(seed))
    moved, force = rng.randint(-5, 6), rng.uniform(0.7, 1.2)
    score = files.score_from_midi(midi)
    start = rng.choice((0.0, 0.3, 0.6)) * max(0.0, score.seconds - PIECE_SECONDS)
    notes = [
        replace(
            note,
            pitch=note.pitch if note.drum else min(108, max(21, note.pitch + moved)),
            velocity=max(8, min(127, round(note.velocity * force))),
            program=0 if note.drum else substitute_program(note.program),
            part=part_of(note),
        )
        for note in score.cut(start, start + PIECE_SECONDS).notes
    ]
    changing = [part for part in sorted({n.part for n in notes}) if rng.random() < 1 / 4]
    for part in changing:
        its = [n for n in notes if n.part == part]
        others = [n for n in notes if n.part != part]
        notes = others + _with_changing_dynamics(rng, its)
    return notes


def _with_changing_dynamics(rng: Random, notes: Sequence[Note]) -> list[Note]:
    """Return notes whose velocities are scaled phrase by phrase, over the whole range."""
    louder = 127 / max(n.velocity for n in notes)
    until, force, out = 0.0, 1.0, []
    for note in sorted(notes, key=lambda n: n.start):
        if note.start >= until:
            until = note.start + rng.uniform(*_PHRASE_SECONDS)
            force = louder * _SOFTEST ** rng.random()
        out.append(replace(note, velocity=max(8, round(note.velocity * force))))
    return out


def build(
    folder: Path,
    report: Report,
    spec: MelSpec | None = None,
    pieces: dict[str, int] | None = None,
    player: str = "fluidsynth",
) -> None:
    """Build the set into a folder. pieces: number of pieces of each split; None for PIECES.

    player: one of `rack_audio.PLAYERS`. Raises: MissingTool: FluidSynth or the soundfont is not
    installed, and it is to play.
    """
    spec = spec or MelSpec()
    folder.mkdir(parents=True, exist_ok=True)
    description: dict[str, object] = {"spec": asdict(spec)}

    for split, count in (pieces or PIECES).items():
        scores = [compose(FIRST_SEED[split] + n) for n in range(count)]
        files_ = [folder / f"{split}.f16", folder / f"{split}.parts.f16"]
        partial = [path.with_name(path.name + ".partial") for path in files_]
        with (
            partial[0].open("wb") as mixes,
            partial[1].open("wb") as stems,
            ThreadPoolExecutor(WORKERS) as pool,
        ):
            for number, mels in enumerate(pool.map(lambda s: _mels_of(s, spec, player), scores), 1):
                mixes.write(mels[0].tobytes())
                for mel in mels[1:]:
                    stems.write(mel.tobytes())
                if number % 25 == 0 or number == count:
                    report(f"{split}: {number} of {count} pieces")
        description[split] = [
            {"parts": score.parts, "notes": [astuple(note) for note in score.notes]}
            for score in scores
        ]
        for path, part in zip(files_, partial, strict=True):
            part.replace(path)
    (folder / "notes.json").write_text(json.dumps(description))


def _mels_of(score: Score, spec: MelSpec, player: str) -> list[np.ndarray]:
    """Return the mel of a piece, then that of each of its parts if it has several."""
    waves = rack_audio.render_parts(score) if player == "rack" else render_parts(score)
    if len(waves) == 1:
        return [timbre_set.analyse(waves[0], spec)]
    return [timbre_set.analyse(wave, spec) for wave in (waves.sum(0), *waves)]


def render_parts(score: Score) -> np.ndarray:
    """Render each part of a piece alone, all at one gain, so that their sum is the piece.

    Returns float32, (parts, frames) at 44.1 kHz, in the order of `score.parts`.
    Raises: MissingTool: as `timbre_set.render_score`.
    """
    stride = score.seconds + _TAIL_SECONDS
    notes = [
        replace(note, start=note.start + stride * number, end=note.end + stride * number)
        for number, part in enumerate(score.parts)
        for note in score.notes
        if part_of(note) == part
    ]
    seconds = stride * len(score.parts)
    wave = timbre_set.render_score(Score(sort_notes(notes), seconds, bpm=120.0))
    frames, step = round(score.seconds * 44_100), round(stride * 44_100)
    return np.stack([wave[step * n :][:frames] for n in range(len(score.parts))])


def load(folder: Path) -> NoteSet:
    """Open a built set.

    Raises: ConfigError: it is not there or not whole.
    """
    try:
        description = json.loads((folder / "notes.json").read_text())
        spec = MelSpec(**description["spec"])
        splits = [_open_split(folder, split, description[split], spec) for split in PIECES]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{folder} holds no set of notes: {error}") from None
    return NoteSet(spec, *splits)


def _open_split(folder: Path, split: str, description: object, spec: MelSpec) -> NoteSplit:
    pieces = tuple(tuple(Note(*note) for note in each["notes"]) for each in description)  # type: ignore[attr-defined]
    parts = tuple(tuple(each["parts"]) for each in description)  # type: ignore[attr-defined]
    frames = spec.mel_frames(round(SECONDS * spec.sample_rate))
    rows = sum(len(each) for each in parts if len(each) > 1)
    return NoteSplit(
        pieces,
        np.memmap(folder / f"{split}.f16", np.float16, "r", shape=(len(pieces), frames, spec.mels)),
        parts,
        _open_rows(folder / f"{split}.parts.f16", (rows, frames, spec.mels)),
    )


def _open_rows(path: Path, shape: tuple[int, int, int]) -> np.ndarray:
    if not shape[0]:  # a memory map cannot be empty
        return np.zeros(shape, np.float16)
    return np.memmap(path, np.float16, "r", shape=shape)
