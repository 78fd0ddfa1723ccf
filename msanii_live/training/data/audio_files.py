"""Random crops of the audio files in a folder, for training the 2023 system."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch

from msanii_live.errors import ConfigError
from msanii_live.training.data.loops import SUFFIXES
from msanii_live.training.trainers.recipe2023 import AudioConfig


@dataclass(frozen=True)
class AudioFiles:
    """The files of a folder that match the recipe's sample rate.

    lengths: frames of each.
    """

    paths: tuple[Path, ...]
    lengths: tuple[int, ...]
    audio: AudioConfig

    def draw(self, size: int, rng: np.random.Generator) -> torch.Tensor:
        """Return random crops of random files, float32, (size, channels, frames).

        A file shorter than a crop is padded with silence, as in the release.
        """
        crops = np.zeros((size, self.audio.channels, self.audio.audio_length), np.float32)
        for crop in crops:
            index = int(rng.integers(len(self.paths)))
            spare = self.lengths[index] - self.audio.audio_length
            start = int(rng.integers(spare + 1)) if spare > 0 else 0
            wave, _ = soundfile.read(
                self.paths[index],
                self.audio.audio_length,
                start,
                dtype="float32",
                always_2d=True,
            )
            columns = wave[:, [min(c, wave.shape[1] - 1) for c in range(len(crop))]]
            crop[:, : len(wave)] = columns.T.clip(-1.0, 1.0)
        return torch.from_numpy(crops)


def find_audio(folder: Path, audio: AudioConfig) -> AudioFiles:
    """Return the audio files under a folder.

    Raises: ConfigError: there are none, or one has another sample rate.
    """
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
    lengths = []
    for path in paths:
        try:
            info = soundfile.info(path)
        except soundfile.LibsndfileError as error:
            raise ConfigError(f"{path} is no audio that can be read: {error}") from None
        if info.samplerate != audio.sample_rate:
            raise ConfigError(
                f"{path} is at {info.samplerate} Hz: the recipe needs {audio.sample_rate}"
            )
        lengths.append(info.frames)
    if not paths:
        raise ConfigError(
            f"{folder} holds no audio: make some with `msanii-live data render MIDI_FOLDER`"
        )
    return AudioFiles(tuple(paths), tuple(lengths), audio)
