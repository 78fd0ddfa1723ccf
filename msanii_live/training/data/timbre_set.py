"""Build the training set of Mel2Mel: the same music by every instrument.

The music is drawn from seeds: random chords, sustained keys, and generated pieces. FluidSynth
renders it once per instrument, dry and at one gain, so that the level of a note depends on its
velocity alone. Layout of the folder:

    set.json    mel parameters, instruments, and the notes of each split
    SPLIT.f16   float16, (instruments, mel_frames, mels), ln magnitudes of the mid channel
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from pathlib import Path
from random import Random

import numpy as np
import soundfile
import torch

from msanii_live.dsp.mel import MelSpec, log_mel, stft_magnitudes
from msanii_live.engines.mel2mel.network import on_keyboard
from msanii_live.engines.notes.instruments import INSTRUMENT_NAMES, INSTRUMENTS
from msanii_live.errors import ConfigError, MissingTool
from msanii_live.midi import files
from msanii_live.notes import Note, Score, sort_notes
from msanii_live.training.data.dataset import SOUNDFONT
from msanii_live.training.data.grooves import generate

PIECE_SECONDS, GAP_SECONDS = 24.0, 2.0  # of a piece, and of the rest in which it decays
SECONDS = {"train": 2_400.0, "validation": 120.0}
FIRST_SEED = {"train": 500_000, "validation": 900_000}
GAIN = 0.6  # FluidSynth's; polyphonic music then lies near -20 dBFS
LAYERS = (("piano", 9), ("groove", 3), ("struck", 5), ("held", 3))  # kinds, and their shares
ANALYSIS_FRAMES = 441_000  # frames analysed at once
Report = Callable[[str], None]


@dataclass(frozen=True)
class TimbreSplit:
    """One split of the set.

    mels: float16 memory map, (instruments, mel_frames, mels).
    """

    notes: tuple[Note, ...]
    mels: np.ndarray


@dataclass(frozen=True)
class TimbreSet:
    """A built set in which all instruments play the same notes."""

    spec: MelSpec
    instruments: tuple[str, ...]
    train: TimbreSplit
    validation: TimbreSplit


def compose_until(first_seed: int, seconds: float) -> Score:
    """Return pieces one after another, with rests between, that fill this many seconds."""
    notes: list[Note] = []
    start, seed = 0.0, first_seed
    kinds = [kind for kind, share in LAYERS for _ in range(share)]
    while start + PIECE_SECONDS + GAP_SECONDS <= seconds:
        piece = compose(kinds[seed % len(kinds)], seed)
        notes += [replace(n, start=n.start + start, end=n.end + start) for n in piece]
        start, seed = start + PIECE_SECONDS + GAP_SECONDS, seed + 1
    return Score(sort_notes(notes), seconds, bpm=120.0)


def compose(kind: str, seed: int) -> list[Note]:
    """Return one piece of PIECE_SECONDS seconds, on the piano's keys and without drums."""
    rng = Random(seed)
    if kind == "struck":
        return _random_chords(rng)
    if kind == "held":
        return _sustained_keys(rng)
    midi, _ = generate(seed, kind="piano" if kind == "piano" else "groove")
    score = files.score_from_midi(midi).cut(0.0, PIECE_SECONDS)
    moved, force = rng.randint(-7, 7), rng.uniform(0.6, 1.3)
    return _without_overlaps(
        replace(
            note,
            pitch=on_keyboard(min(127, max(0, note.pitch + moved))),
            velocity=max(8, min(127, round(note.velocity * force))),
            program=0,
        )
        for note in score.notes
        if not note.drum
    )


def _random_chords(rng: Random) -> list[Note]:
    """Return chords of random keys at random times."""
    notes, now = [], rng.uniform(0, 0.5)
    lively = rng.uniform(0.1, 0.8)
    while now < PIECE_SECONDS - 0.2:
        centre = rng.triangular(24, 105, 62)
        for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4, 5))):
            pitch = min(108, max(21, round(rng.gauss(centre, 8))))
            length = min(6.0, rng.lognormvariate(-0.9, 0.8))
            end = min(PIECE_SECONDS, now + max(0.05, length))
            notes.append(Note(now, end, pitch, rng.randint(15, 127)))
        now += rng.expovariate(1 / lively) + 0.04
    return _without_overlaps(notes)


def _sustained_keys(rng: Random) -> list[Note]:
    """Return few notes of long duration, so that their decay is learnt."""
    notes, now = [], 0.2
    while now < PIECE_SECONDS - 1.0:
        length = rng.uniform(0.5, 7.0)
        for _ in range(rng.choice((1, 1, 2, 3))):
            end = min(PIECE_SECONDS, now + length * rng.uniform(0.8, 1.0))
            notes.append(Note(now, end, rng.randint(21, 108), rng.randint(20, 127)))
        now += length + rng.uniform(0.05, 1.0)
    return _without_overlaps(notes)


def _without_overlaps(notes: object) -> list[Note]:
    """End each note before the next onset of its key."""
    out: list[Note] = []
    latest: dict[int, int] = {}
    for note in sorted(notes, key=lambda n: (n.start, n.pitch)):  # type: ignore[call-overload]
        before = latest.get(note.pitch)
        if before is not None and out[before].end > note.start:
            if note.start - out[before].start < 0.03:
                continue
            out[before] = replace(out[before], end=note.start)
        latest[note.pitch] = len(out)
        out.append(note)
    return [note for note in out if note.end - note.start > 0.02]


def render_score(
    score: Score, program: int | None = None, soundfont: Path = SOUNDFONT
) -> np.ndarray:
    """Render notes dry, to mono, at the set's gain; `program` replaces the notes' programs.

    Returns float32, (frames,) at 44.1 kHz, as long as the score.
    Raises: MissingTool: FluidSynth or the soundfont is not installed.
    """
    if program is not None:
        score = replace(score, notes=tuple(replace(n, program=program) for n in score.notes))
    middle: np.ndarray = render_stereo(score, soundfont).mean(axis=1)
    return middle


def render_stereo(score: Score, soundfont: Path = SOUNDFONT, in_room: bool = False) -> np.ndarray:
    """Render notes at the set's gain. in_room: with FluidSynth's own reverb and chorus.

    Returns float32, (frames, 2) at 44.1 kHz, as long as the score.
    Raises: MissingTool: FluidSynth or the soundfont is not installed.
    """
    fluidsynth = shutil.which("fluidsynth")
    if fluidsynth is None or not soundfont.exists():
        raise MissingTool(
            "FluidSynth with FluidR3", "apt-get install fluidsynth fluid-soundfont-gm"
        )
    frames = round(score.seconds * 44_100)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "music.mid"), Path(folder, "music.wav")
        source.write_bytes(files.to_midi(score))
        command = [fluidsynth, "-ni", "-g", str(GAIN), "-r", "44100", "-O", "float"]
        command += [] if in_room else ["-R", "0", "-C", "0"]
        command += ["-F", str(target), str(soundfont), str(source)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wave, _ = soundfile.read(target, dtype="float32", always_2d=True)
    wave = wave[:frames]
    return np.pad(wave, ((0, frames - len(wave)), (0, 0))).astype(np.float32)


def analyse(wave: np.ndarray, spec: MelSpec) -> np.ndarray:
    """Return ln mel magnitudes, float16, (mel_frames, mels), computed in parts to save memory."""
    part = ANALYSIS_FRAMES // spec.hop * spec.hop
    edge = spec.n_fft // spec.hop * spec.hop
    padded = np.pad(wave, (edge, edge + part))
    count, parts = spec.mel_frames(len(wave)), []
    for first in range(0, len(wave), part):
        piece = torch.from_numpy(padded[first : first + part + 2 * edge])
        mel = log_mel(stft_magnitudes(piece, spec), spec)
        lead = edge // spec.hop
        parts.append(mel[:, lead : lead + part // spec.hop].T.numpy().astype(np.float16))
    return np.concatenate(parts)[:count]


def build(
    folder: Path,
    report: Report,
    spec: MelSpec | None = None,
    scale: float = 1.0,
    instruments: Sequence[str] = INSTRUMENT_NAMES,
) -> None:
    """Build the set into a folder. scale: factor of its length, for trials.

    Raises: MissingTool: as `render_score`.
    """
    spec = spec or MelSpec()
    folder.mkdir(parents=True, exist_ok=True)
    description: dict[str, object] = {"spec": asdict(spec), "instruments": list(instruments)}
    for split, seconds in SECONDS.items():
        score = compose_until(
            FIRST_SEED[split], max(2 * (PIECE_SECONDS + GAP_SECONDS), seconds * scale)
        )
        with (folder / f"{split}.f16.partial").open("wb") as file:
            for name in instruments:
                file.write(analyse(render_score(score, INSTRUMENTS[name]), spec).tobytes())
                report(f"{split}: {name}, {score.seconds:.0f} s")
        description[split] = {
            "seconds": score.seconds,
            "notes": [astuple(n)[:4] for n in score.notes],
        }
        (folder / f"{split}.f16.partial").replace(folder / f"{split}.f16")
    (folder / "set.json").write_text(json.dumps(description))


def load(folder: Path) -> TimbreSet:
    """Open a built set.

    Raises: ConfigError: it is not there or not whole.
    """
    try:
        description = json.loads((folder / "set.json").read_text())
        spec, names = MelSpec(**description["spec"]), tuple(description["instruments"])
        splits = [_open_split(folder, split, description[split], spec, names) for split in SECONDS]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{folder} holds no set of timbres: {error}") from None
    return TimbreSet(spec, names, *splits)


def _open_split(
    folder: Path, split: str, description: dict[str, object], spec: MelSpec, names: Sequence[str]
) -> TimbreSplit:
    seconds, notes = description["seconds"], description["notes"]
    assert isinstance(seconds, float)
    assert isinstance(notes, list)
    count = spec.mel_frames(round(seconds * spec.sample_rate))
    mels = np.memmap(folder / f"{split}.f16", np.float16, "r", shape=(len(names), count, spec.mels))
    return TimbreSplit(tuple(Note(*note) for note in notes), mels)
