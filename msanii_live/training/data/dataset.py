"""Build the training set: generate pieces, render them with FluidSynth, and store their mels.

The set is made from seeds, ten public-domain scores and one soundfont (FluidR3 GM, MIT). One
command rebuilds it, so it is never committed. Layout of the folder:

    manifest.json   mel parameters, statistics, and one entry per piece (split by piece)
    mels.f16        all mels end to end, float16, (mel_frames, channels * mels)
    waves.i16       audio of the pieces whose entry points into it, int16, (frames, 2)
"""

from __future__ import annotations

import json
import multiprocessing
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import mido
import numpy as np
import soundfile
import torch

from msanii_live.dsp.mel import MelSpec, log_mel, mid_side, stft_magnitudes
from msanii_live.engines.mel_flow.conditions import UNKNOWN
from msanii_live.engines.vocabulary import STYLES, key_index
from msanii_live.errors import ConfigError, MissingTool
from msanii_live.training.data import rack_audio
from msanii_live.training.data.grooves import GeneratedPiece, generate
from msanii_live.training.data.scores import PublicDomainScore, fetch_scores

SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
PEAK = 10 ** (-1 / 20)  # -1 dBFS
# Smaller seeds belong to an earlier set, whose training pieces must not be validation pieces here.
FIRST_SEED = 100_000
VARIANTS = {"pop": ("disco", "rock", "ballad")}  # groove styles of one style word
PARTS = ("mels.f16", "waves.i16")


@dataclass(frozen=True)
class Entry:
    """One piece of the set: its place in the mel file and its metadata.

    key: UNKNOWN if no key is given. tempo: bpm, 0 if it varies. start, mel_frames: its span in the
    mel file. beat_seconds: length of a beat, 0 if the bar is not known. onsets: note onsets in
    seconds from the start of the piece. split: "train", "validation" or "test". bar: bars from a
    downbeat to its first sample. wave, frames: its span in the audio file; wave is -1 if the audio
    is not stored.
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
    bar: float = 0.0
    wave: int = -1
    frames: int = 0


@dataclass(frozen=True)
class DataSet:
    """A built data set: features, normalisation statistics and pieces.

    mels: float16 memory map, (mel_frames, channels, mels), ln magnitudes of mid and side.
    mean, deviation: float32, (channels, mels), over the training pieces.
    waves: int16 memory map, (frames, 2), left and right; empty in sets built without audio.
    """

    spec: MelSpec
    mels: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    entries: tuple[Entry, ...]
    waves: np.ndarray

    def split(self, name: str) -> tuple[Entry, ...]:
        """Return the pieces of one split."""
        return tuple(entry for entry in self.entries if entry.split == name)


def split_of(index: int) -> str:
    """Return the split of a piece by its index: 1 in 20 validation, 1 in 20 test."""
    return {0: "validation", 10: "test"}.get((index // len(STYLES)) % 20, "train")


def keeps_audio(index: int) -> bool:
    """Return whether a piece's audio is stored: all held-out pieces and a quarter of the others."""
    return split_of(index) != "train" or (index // len(STYLES)) % 4 == 1


def compose(index: int) -> tuple[mido.MidiFile, GeneratedPiece, str]:
    """Return piece number `index`; the styles alternate, so that each has an equal share."""
    style, seed = STYLES[index % len(STYLES)], FIRST_SEED + index
    if style == "piano":
        return *generate(seed, kind="piano"), style
    variants = VARIANTS.get(style, (style,))
    groove = variants[index // len(STYLES) % len(variants)]
    return *generate(seed, kind="groove", style=groove), style


def onset_seconds(midi: mido.MidiFile) -> tuple[float, ...]:
    """Return the time of every note onset in seconds, ascending."""
    now, onsets = 0.0, []
    for message in midi:
        now += message.time
        if message.type == "note_on" and message.velocity:
            onsets.append(round(now, 4))
    return tuple(onsets)


def render(midi: mido.MidiFile, soundfont: Path = SOUNDFONT, dry: bool = False) -> np.ndarray:
    """Render a MIDI file with FluidSynth, peak at -1 dBFS. dry: without reverb and chorus.

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
        command = [program, "-ni", "-g", "0.25", "-r", "44100", "-O", "float"]
        command += [*(("-R", "0", "-C", "0") if dry else ()), "-F"]
        subprocess.run(
            [*command, str(target), str(soundfont), str(source)],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wave, _ = soundfile.read(target, dtype="float32", always_2d=True)
    return np.asarray(wave * (PEAK / max(float(np.abs(wave).max()), 1e-6)), dtype=np.float32)


@dataclass(frozen=True)
class _RenderedPiece:
    """One piece before it is written to the set.

    wave: int16, (frames, 2), or None.
    """

    mel: np.ndarray
    entry: Entry
    wave: np.ndarray | None


def _make_piece(index: int, spec: MelSpec, player: str = "fluidsynth") -> _RenderedPiece:
    """Compose, render and analyse one generated piece."""
    midi, piece, style = compose(index)
    played = rack_audio.render_midi(midi, style) if player == "rack" else render(midi)
    wave = played[: round(piece.bars * 4 * piece.beat_seconds * spec.sample_rate)]
    entry = Entry(
        seed=FIRST_SEED + index,
        style=style,
        key=key_index(piece.key, piece.mode),
        tempo=piece.tempo,
        beat_seconds=piece.beat_seconds,
        start=0,
        mel_frames=spec.mel_frames(len(wave)),
        onsets=onset_seconds(midi),
        split=split_of(index),
    )
    return _analyse(wave, entry, spec, keeps_audio(index))


def _make_score(score: PublicDomainScore, spec: MelSpec) -> _RenderedPiece:
    """Render and analyse one score; its bar is not known, so it is used for training only."""
    wave = render(score.midi)
    entry = Entry(
        seed=-1,
        style="piano",
        key=UNKNOWN if score.key is None else score.key,
        tempo=score.tempo,
        beat_seconds=0.0,
        start=0,
        mel_frames=spec.mel_frames(len(wave)),
        onsets=onset_seconds(score.midi),
        split="train",
    )
    return _analyse(wave, entry, spec, keep_audio=True)


def _analyse(wave: np.ndarray, entry: Entry, spec: MelSpec, keep_audio: bool) -> _RenderedPiece:
    torch.set_num_threads(1)
    mel = log_mel(stft_magnitudes(mid_side(torch.from_numpy(wave.T.copy())), spec), spec)
    kept = np.round(wave * 32_767).astype(np.int16) if keep_audio else None
    return _RenderedPiece(mel.permute(2, 0, 1).numpy().astype(np.float16), entry, kept)


def build(
    folder: Path,
    pieces: int,
    spec: MelSpec,
    report: Callable[[int, int], None],
    workers: int = 2,
    with_scores: bool = True,
    player: str = "fluidsynth",
) -> None:
    """Build the set into `folder`; a set that is there is replaced when the new one is complete.

    pieces: number of generated pieces. report: called with (done, total) after each piece.
    with_scores: add the public-domain scores, if npm can fetch them. player: of generated pieces,
    one of `rack_audio.PLAYERS`; FluidSynth plays the scores, which are for the piano.
    Raises: ConfigError: too few pieces for a training split. MissingTool: as `render`.
    """
    if pieces <= len(STYLES):
        raise ConfigError(f"pieces is {pieces}: the first {len(STYLES)} validate, so take more")
    folder.mkdir(parents=True, exist_ok=True)
    scores = fetch_scores() if with_scores else ()
    entries: list[Entry] = []
    start = frames = count = 0
    total = np.zeros((2, 2, spec.mels))  # sum and sum of squares, over channels and mels
    mel_part, wave_part = (folder / f"{name}.partial" for name in PARTS)
    with mel_part.open("wb") as mels, wave_part.open("wb") as waves:
        for made in _make_pieces(pieces, scores, spec, workers, player):
            made.mel.tofile(mels)
            place = {"start": start}
            start += len(made.mel)
            if made.wave is not None:
                made.wave.tofile(waves)
                place |= {"wave": frames, "frames": len(made.wave)}
                frames += len(made.wave)
            entries.append(Entry(**{**asdict(made.entry), **place}))
            if made.entry.split == "train":
                exact = made.mel.astype(np.float64)
                total += np.stack([exact.sum(0), (exact**2).sum(0)])
                count += len(made.mel)
            report(len(entries), pieces + len(scores))
    mean = total[0] / count
    deviation = np.sqrt(np.maximum(total[1] / count - mean**2, 1e-4))
    manifest = {
        "spec": asdict(spec),
        "mel_frames": start,
        "frames": frames,
        "mean": mean.round(5).tolist(),
        "deviation": deviation.round(5).tolist(),
        "entries": [asdict(entry) for entry in entries],
    }
    for name, part in zip(PARTS, (mel_part, wave_part), strict=True):
        part.replace(folder / name)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _make_pieces(
    pieces: int, scores: Sequence[PublicDomainScore], spec: MelSpec, workers: int, player: str
) -> Iterator[_RenderedPiece]:
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        make = partial(_make_piece, spec=spec, player=player)
        yield from pool.imap(make, range(pieces), chunksize=4)
        yield from pool.imap(partial(_make_score, spec=spec), scores)


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
        waves=_open_waves(folder, manifest.get("frames", 0)),
        mean=np.array(manifest["mean"], np.float32),
        deviation=np.array(manifest["deviation"], np.float32),
        entries=tuple(
            Entry(**{**entry, "onsets": tuple(entry["onsets"])}) for entry in manifest["entries"]
        ),
    )


def _open_waves(folder: Path, frames: int) -> np.ndarray:
    if not frames:  # a memory map cannot be empty
        return np.zeros((0, 2), np.int16)
    return np.memmap(folder / "waves.i16", np.int16, "r", shape=(frames, 2))
