"""Build the training set of the transcriber: composed pieces, their sound and what is in it.

Every part is rendered alone by FluidSynth, with a soundfont and at a level drawn for it; then the
mix is distorted. Layout of the folder:

    heard.json   sizes, and what is heard in each piece
    SPLIT.f16    float16, (pieces, frames, BANDS), spectrograms
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import mido
import numpy as np
import soundfile
import soxr

from msanii_live.errors import ConfigError, MissingTool
from msanii_live.training.data.distortions import distort
from msanii_live.training.data.heard_pieces import SECONDS, HeardNote, HeardPiece, draw_piece
from msanii_live.transcription.spectrogram import BANDS, FRAMES_PER_SECOND, RATE, listen

PIECES = {"train": 448, "validation": 24}
FIRST_SEED = {"train": 2_100_000, "validation": 2_900_000}
SOUNDFONTS = (  # of Debian's packages, and how often each is taken; csound's is kept for the test
    (Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"), 4),
    (Path("/usr/share/sounds/sf3/MuseScore_General_Lite.sf3"), 3),
    (Path("/usr/share/sounds/sf2/TimGM6mb.sf2"), 3),
    (Path("/usr/share/sounds/sf2/OPL-3_FM_128M.sf2"), 1),
)
FRAMES = round(SECONDS * FRAMES_PER_SECOND)
_RENDER_RATE = 32_000  # what folds back at it lies above 10 kHz
_BLOCK = 64  # pieces that are rendered together, so that a soundfont is read once
_REST = 1.0  # s between the parts of a block
_TICKS_PER_SECOND = 960  # at 480 a crotchet and 120 bpm
Report = Callable[[str], None]


@dataclass(frozen=True)
class HeardSplit:
    """One split. sounds: float16 memory map, (pieces, FRAMES, BANDS)."""

    pieces: tuple[HeardPiece, ...]
    sounds: np.ndarray


@dataclass(frozen=True)
class HeardSet:
    """A built set."""

    train: HeardSplit
    validation: HeardSplit


@dataclass(frozen=True)
class _Stem:
    """A part of a piece of a block, and the soundfont that plays it."""

    piece: int
    part: str
    program: int
    notes: tuple[HeardNote, ...]
    soundfont: Path


def build(folder: Path, report: Report, pieces: dict[str, int] | None = None) -> None:
    """Build the set into a folder. pieces: number of each split; None for PIECES.

    Raises: MissingTool: FluidSynth is not installed, or none of the soundfonts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    description: dict[str, object] = {"bands": BANDS, "frames": FRAMES}
    for split, count in (pieces or PIECES).items():
        drawn: list[HeardPiece] = []
        path = folder / f"{split}.f16"
        with path.with_suffix(".partial").open("wb") as file:
            for first in range(0, count, _BLOCK):
                seeds = [FIRST_SEED[split] + n for n in range(first, min(count, first + _BLOCK))]
                block = [draw_piece(seed) for seed in seeds]
                for seed, wave in zip(seeds, render_block(block, seeds[0]), strict=True):
                    rng = np.random.default_rng([seed, 1])
                    sound = listen(distort(wave, RATE, rng), RATE)[:FRAMES].numpy()
                    file.write(sound.astype(np.float16).tobytes())
                drawn += block
                report(f"{split}: {len(drawn)} of {count} pieces")
        path.with_suffix(".partial").replace(path)
        description[split] = [asdict(piece) for piece in drawn]
    (folder / "heard.json").write_text(json.dumps(description))


def render_block(pieces: Sequence[HeardPiece], seed: int) -> list[np.ndarray]:
    """Return each piece as played by soundfonts drawn for its parts: float32, mono, at RATE.

    Raises: MissingTool: see `build`.
    """
    rng = np.random.default_rng([seed, 0])
    stems = [stem for number, piece in enumerate(pieces) for stem in _stems(number, piece, rng)]
    mixes = np.zeros((len(pieces), round(SECONDS * RATE)), np.float32)
    for soundfont in sorted({stem.soundfont for stem in stems}):
        own = [stem for stem in stems if stem.soundfont == soundfont]
        for stem, wave in zip(own, _render_stems(own, soundfont), strict=True):
            mixes[stem.piece] += 10 ** (rng.uniform(-7, 5) / 20) * wave
    return list(mixes)


def _stems(number: int, piece: HeardPiece, rng: np.random.Generator) -> list[_Stem]:
    known = [(path, weight) for path, weight in SOUNDFONTS if path.exists()]
    if not known or shutil.which("fluidsynth") is None:
        raise MissingTool(
            "FluidSynth with soundfonts",
            "apt-get install fluidsynth fluid-soundfont-gm timgm6mb-soundfont "
            "musescore-general-soundfont-small opl3-soundfont",
        )
    shares = np.array([weight for _, weight in known], float)

    def draw() -> Path:
        return known[int(rng.choice(len(known), p=shares / shares.sum()))][0]

    of_piece, mixed = draw(), rng.random() < 0.5
    return [
        _Stem(
            number,
            part,
            program,
            tuple(note for note in piece.notes if note.part == part),
            draw() if mixed else of_piece,
        )
        for part, program in piece.programs.items()
    ]


def _render_stems(stems: Sequence[_Stem], soundfont: Path) -> list[np.ndarray]:
    """Render parts one after another; return each, float32, mono, at RATE."""
    stride = SECONDS + _REST
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "parts.mid"), Path(folder, "parts.wav")
        _to_midi(stems, stride).save(source)
        command = ["fluidsynth", "-ni", "-R", "0", "-C", "0", "-g", "0.4"]
        command += ["-o", "synth.dynamic-sample-loading=1", "-r", str(_RENDER_RATE)]
        command += ["-O", "s16", "-F", str(target)]
        subprocess.run(
            [*command, str(soundfont), str(source)],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with soundfile.SoundFile(target) as file:
            return [_read_stem(file, number * stride) for number in range(len(stems))]


def _read_stem(file: soundfile.SoundFile, start: float) -> np.ndarray:
    frames = round(SECONDS * RATE)
    first = round(start * _RENDER_RATE)
    if first >= file.frames:  # nothing sounds from here on
        return np.zeros(frames, np.float32)
    file.seek(first)
    wave = file.read(round(SECONDS * _RENDER_RATE), dtype="float32", always_2d=True).mean(axis=1)
    wave = soxr.resample(wave, _RENDER_RATE, RATE)[:frames]
    return np.pad(wave, (0, frames - len(wave))).astype(np.float32)


def _to_midi(stems: Sequence[_Stem], stride: float) -> mido.MidiFile:
    """Return the parts one after another, each on its program."""
    events: list[tuple[int, int, mido.Message]] = []
    for number, stem in enumerate(stems):
        channel = 9 if stem.part == "drums" else 0
        begin = round(number * stride * _TICKS_PER_SECOND)
        program = mido.Message("program_change", channel=channel, program=stem.program)
        silence = mido.Message("control_change", channel=channel, control=120, value=0)
        events += [(max(0, begin - 60), 0, silence), (max(0, begin - 30), 0, program)]
        for note in stem.notes:
            on = begin + round(note.start * _TICKS_PER_SECOND)
            off = max(on + 1, begin + round(note.end * _TICKS_PER_SECOND))
            key = {"channel": channel, "note": note.pitch}
            events.append((on, 2, mido.Message("note_on", velocity=note.velocity, **key)))
            events.append((off, 1, mido.Message("note_off", velocity=0, **key)))
    track, now = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500_000)]), 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    return mido.MidiFile(type=0, ticks_per_beat=480, tracks=[track])


def load(folder: Path) -> HeardSet:
    """Open a built set.

    Raises: ConfigError: it is not there, not whole, or of another spectrogram.
    """
    try:
        description = json.loads((folder / "heard.json").read_text())
        if (description["bands"], description["frames"]) != (BANDS, FRAMES):
            raise ValueError("its spectrogram is another one")
        splits = [_open_split(folder / f"{split}.f16", description[split]) for split in PIECES]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{folder} holds no set for the transcriber: {error}") from None
    return HeardSet(*splits)


def _open_split(path: Path, pieces: list[dict[str, list[list[float]]]]) -> HeardSplit:
    read = tuple(
        HeardPiece(
            tuple(HeardNote(**note) for note in piece["notes"]),  # type: ignore[arg-type]
            tuple((time, bool(first)) for time, first in piece["beats"]),
            tuple((time, int(root), int(quality)) for time, root, quality in piece["chords"]),
            dict(piece["programs"]),  # type: ignore[arg-type]
        )
        for piece in pieces
    )
    return HeardSplit(read, np.memmap(path, np.float16, "r", shape=(len(read), FRAMES, BANDS)))
