"""Build a training set from a musician's own audio files: loops, stems, whole pieces."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch

from msanii_live.dsp.beats import estimate_beat, onset_times
from msanii_live.dsp.mel import log_mel, mid_side, stft_magnitudes
from msanii_live.engines.mel_flow.conditions import UNKNOWN
from msanii_live.engines.mel_flow.weights import FlowModel
from msanii_live.engines.prompt_parser import parse_prompt
from msanii_live.engines.vocabulary import STYLES
from msanii_live.errors import ConfigError
from msanii_live.training.data.dataset import PEAK, Entry

SUFFIXES = frozenset({".wav", ".flac", ".aif", ".aiff", ".ogg", ".mp3"})
MIN_SECONDS = 14.0  # a shorter file is treated as a loop and repeated
MAX_SECONDS = 900.0  # read from one file
VALIDATION_EVERY = 10  # each tenth file is for validation


def is_built(folder: Path) -> bool:
    """Return whether a folder holds a set made by `msanii-live data build`."""
    return (folder / "manifest.json").exists()


def build_from_files(
    source: Path, folder: Path, model: FlowModel, style: str, report: Callable[[str], None]
) -> int:
    """Read every audio file under `source` into a training set in `folder`.

    model: its mel parameters and statistics are used, so that it can be fine-tuned. style: a style
    word for all files; "" takes it from each file's name. report: called with a line for each file.
    Returns the number of files read.
    Raises: ConfigError: the folder holds no audio that can be read.
    """
    files = sorted(p for p in source.rglob("*") if p.suffix.lower() in SUFFIXES)
    folder.mkdir(parents=True, exist_ok=True)
    entries: list[Entry] = []
    start = frames = 0
    with (folder / "mels.f16").open("wb") as mels, (folder / "waves.i16").open("wb") as waves:
        for path in files:
            try:
                wave = _read_audio(path, model.spec.sample_rate)
            except (OSError, soundfile.LibsndfileError) as error:
                report(f"left out {path.name}: {error}")
                continue
            entry, wave = _describe_file(path, wave, model, style, len(entries))
            mel = log_mel(
                stft_magnitudes(mid_side(torch.from_numpy(wave.T.copy())), model.spec), model.spec
            )
            mel.permute(2, 0, 1).numpy().astype(np.float16).tofile(mels)
            np.round(wave * 32_767).astype(np.int16).tofile(waves)
            place = {"start": start, "wave": frames, "frames": len(wave)}
            entries.append(Entry(**{**asdict(entry), **place}))
            start, frames = start + entry.mel_frames, frames + len(wave)
            tempo = f"{entry.tempo:.1f} bpm" if entry.tempo else "no steady tempo"
            report(f"{path.name}: {len(wave) / model.spec.sample_rate:.1f} s, {tempo}")
    if not entries:
        kinds = " ".join(sorted(SUFFIXES))
        raise ConfigError(f"{source} holds no audio to train on: put {kinds} files there")
    manifest = {
        "spec": asdict(model.spec),
        "mel_frames": start,
        "frames": frames,
        "mean": model.mean[..., 0].tolist(),
        "deviation": model.deviation[..., 0].tolist(),
        "entries": [asdict(entry) for entry in entries],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return len(entries)


def tempo_in_name(name: str) -> float:
    """Return the tempo in a file name such as `dub_124bpm.wav`; 0 if there is none.

    >>> tempo_in_name("dub_124bpm_Am.wav"), tempo_in_name("92.5 BPM keys"), tempo_in_name("take 3")
    (124.0, 92.5, 0.0)
    """
    match = re.search(r"(\d{2,3}(?:\.\d+)?)[ _-]?bpm", name, re.IGNORECASE)
    tempo = float(match[1]) if match else 0.0
    return tempo if 20 <= tempo <= 300 else 0.0


def _read_audio(path: Path, rate: int) -> np.ndarray:
    """Return stereo audio at `rate`, float32, (frames, 2), its peak at -1 dBFS."""
    with soundfile.SoundFile(path) as file:
        wave = file.read(round(MAX_SECONDS * file.samplerate), dtype="float32", always_2d=True)
        own_rate = file.samplerate
    wave = wave[:, [0, min(1, wave.shape[1] - 1)]]
    if own_rate != rate:
        wave = soxr.resample(wave, own_rate, rate)
    if not len(wave) or not np.isfinite(wave).all() or not wave.any():
        raise OSError("silent, empty or not audio")
    return np.asarray(wave * (PEAK / float(np.abs(wave).max())), dtype=np.float32)


def _describe_file(
    path: Path, wave: np.ndarray, model: FlowModel, style: str, number: int
) -> tuple[Entry, np.ndarray]:
    """Return a file's entry, and its audio, repeated if it is a short loop."""
    rate = model.spec.sample_rate
    beat = estimate_beat(wave, rate)
    named = tempo_in_name(path.name)
    tempo = named or (beat.bpm if beat else 0.0)
    bar = beat.bar if beat and abs(beat.bpm / tempo - 1) < 0.03 else 0.0
    if len(wave) < MIN_SECONDS * rate:
        wave = np.tile(wave, (int(np.ceil(MIN_SECONDS * rate / len(wave))), 1))
    words = parse_prompt(re.sub(r"[\W_]+", " ", path.stem), style, "")
    entry = Entry(
        seed=number,
        style="" if words.style is None else STYLES[words.style],
        key=UNKNOWN if words.key is None else words.key,
        tempo=tempo,
        beat_seconds=60 / tempo if tempo else 0.0,
        start=0,
        mel_frames=model.spec.mel_frames(len(wave)),
        onsets=onset_times(wave, rate),
        split="validation" if number % VALIDATION_EVERY == VALIDATION_EVERY - 1 else "train",
        bar=bar,
    )
    return entry, wave
