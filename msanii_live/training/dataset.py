"""Build the training set: generate pieces, render them with FluidSynth, keep their mels.

Everything is made from seeds and one soundfont (FluidR3 GM, MIT), so the set is rebuilt by one
command and never committed. Layout of the folder:

    manifest.json   feature settings, statistics, and one entry a piece (split by piece)
    mels.f16        all mels end to end, float16, (mel_frames, channels * mels)
"""

from __future__ import annotations

import json
import multiprocessing
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import mido
import numpy as np
import soundfile
import torch

from msanii_live.errors import ConfigError, MissingTool
from msanii_live.models.conditions import STYLES, key_index
from msanii_live.models.mel import MelSpec, log_mel, magnitudes, mid_side
from msanii_live.training.grooves import Piece, generate

SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
PEAK = 10 ** (-1 / 20)  # -1 dBFS


@dataclass(frozen=True)
class Entry:
    """Place one piece in the mel file and say what is known about it.

    start, mel_frames: its span in the mel file. beat_seconds: length of a beat. onsets: seconds of
    each note onset from the start of the piece. split: "train", "validation" or "test".
    """

    seed: int
    style: str
    key: int
    tempo: float
    beat_seconds: float
    start: int
    mel_frames: int
    onsets: tuple[float, ...]
    split: str


@dataclass(frozen=True)
class DataSet:
    """Hold the built set: features, normalisation and every piece.

    mels: float16 memory map, (mel_frames, channels, mels), ln magnitudes of mid and side.
    mean, deviation: float32, (channels, mels), over the training pieces.
    """

    spec: MelSpec
    mels: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    entries: tuple[Entry, ...]

    def split(self, name: str) -> tuple[Entry, ...]:
        """Return the pieces of one split."""
        return tuple(entry for entry in self.entries if entry.split == name)


def split_of(index: int) -> str:
    """Assign a piece to a split by its index: 1 in 20 validates, 1 in 20 tests."""
    return {0: "validation", 10: "test"}.get((index // len(STYLES)) % 20, "train")


def compose(index: int) -> tuple[mido.MidiFile, Piece, str]:
    """Return piece number `index`; styles take turns so that each has an equal share."""
    style = STYLES[index % len(STYLES)]
    if style == "piano":
        return *generate(index, kind="piano"), style
    return *generate(index, kind="groove", style=style), style


def onset_seconds(midi: mido.MidiFile) -> tuple[float, ...]:
    """Return the time of every note onset in seconds, ascending."""
    now, onsets = 0.0, []
    for message in midi:
        now += message.time
        if message.type == "note_on" and message.velocity:
            onsets.append(round(now, 4))
    return tuple(onsets)


def render(midi: mido.MidiFile, soundfont: Path = SOUNDFONT) -> np.ndarray:
    """Play a MIDI file through FluidSynth, peak at -1 dBFS.

    Returns float32, (frames, 2) at 44.1 kHz.
    Raises: MissingTool: FluidSynth or the soundfont is not installed.
    """
    program = shutil.which("fluidsynth")
    if program is None or not soundfont.exists():
        raise MissingTool(
            "FluidSynth with FluidR3", "apt-get install fluidsynth fluid-soundfont-gm"
        )
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "piece.mid"), Path(folder, "piece.wav")
        midi.save(source)
        command = [program, "-ni", "-g", "0.25", "-r", "44100", "-O", "float", "-F"]
        subprocess.run(
            [*command, str(target), str(soundfont), str(source)],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wave, _ = soundfile.read(target, dtype="float32", always_2d=True)
    return np.asarray(wave * (PEAK / max(float(np.abs(wave).max()), 1e-6)), dtype=np.float32)


def _mel_of(index: int, spec: MelSpec) -> tuple[np.ndarray, Entry]:
    """Compose, render and analyse one piece. Returns mels float16, (mel_frames, channels, mels)."""
    torch.set_num_threads(1)
    midi, piece, style = compose(index)
    wave = render(midi)[: round(piece.bars * 4 * piece.beat_seconds * spec.sample_rate)]
    mel = log_mel(magnitudes(mid_side(torch.from_numpy(wave.T.copy())), spec), spec)
    entry = Entry(
        seed=index,
        style=style,
        key=key_index(piece.key, piece.mode),
        tempo=piece.tempo,
        beat_seconds=piece.beat_seconds,
        start=0,
        mel_frames=mel.shape[-1],
        onsets=onset_seconds(midi),
        split=split_of(index),
    )
    return mel.permute(2, 0, 1).numpy().astype(np.float16), entry


def build(
    folder: Path, pieces: int, spec: MelSpec, report: Callable[[int, int], None], workers: int = 2
) -> None:
    """Build the set into `folder`; a set already there is replaced when the new one is whole.

    pieces: how many; styles take turns. report: called with (done, pieces) after each.
    Raises: ConfigError: too few pieces for a training split. MissingTool: as `render`.
    """
    if pieces <= len(STYLES):
        raise ConfigError(f"pieces is {pieces}: the first {len(STYLES)} validate, so take more")
    folder.mkdir(parents=True, exist_ok=True)
    entries: list[Entry] = []
    start = 0
    total = np.zeros((2, 2, spec.mels))  # sum and sum of squares, over channels and mels
    count = 0
    partial_file = folder / "mels.f16.partial"
    with partial_file.open("wb") as out:
        for mel, entry in _mels(pieces, spec, workers):
            mel.tofile(out)
            entries.append(Entry(**{**asdict(entry), "start": start}))
            start += len(mel)
            if entry.split == "train":
                exact = mel.astype(np.float64)
                total += np.stack([exact.sum(0), (exact**2).sum(0)])
                count += len(mel)
            report(len(entries), pieces)
    mean = total[0] / count
    deviation = np.sqrt(np.maximum(total[1] / count - mean**2, 1e-4))
    manifest = {
        "spec": asdict(spec),
        "mel_frames": start,
        "mean": mean.round(5).tolist(),
        "deviation": deviation.round(5).tolist(),
        "entries": [asdict(entry) for entry in entries],
    }
    partial_file.replace(folder / "mels.f16")
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _mels(pieces: int, spec: MelSpec, workers: int) -> Iterator[tuple[np.ndarray, Entry]]:
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap(partial(_mel_of, spec=spec), range(pieces), chunksize=4)


def load(folder: Path) -> DataSet:
    """Open a built set.

    Raises: FileNotFoundError: the folder holds none.
    """
    manifest = json.loads((folder / "manifest.json").read_text())
    spec = MelSpec(**manifest["spec"])
    shape = (manifest["mel_frames"], 2, spec.mels)
    return DataSet(
        spec=spec,
        mels=np.memmap(folder / "mels.f16", np.float16, "r", shape=shape),
        mean=np.array(manifest["mean"], np.float32),
        deviation=np.array(manifest["deviation"], np.float32),
        entries=tuple(
            Entry(**{**entry, "onsets": tuple(entry["onsets"])}) for entry in manifest["entries"]
        ),
    )
