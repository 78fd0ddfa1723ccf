"""Embed music with a published network, MTT_musicnn of musicnn 0.1.0, without TensorFlow.

It was trained to tag 16 kHz audio: it has no information above 8 kHz, so what a vocoder does to
cymbals and air does not count. It is not part of this package: its wheel (ISC licence, 29 MB) is
downloaded once, and its weights are read from the TensorFlow checkpoint inside.

Source: Pons & Serra 2019, arXiv:1909.06654.
"""

from __future__ import annotations

import hashlib
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import soxr
import torch
import torch.nn.functional as F
import torchaudio
from numpy.typing import NDArray

from msanii_live.errors import MissingTool

CACHE = Path("~/.cache/msanii-live")
REQUIREMENT, WHEEL = "musicnn==0.1.0", "musicnn-0.1.0-py3-none-any.whl"
DIGEST = "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa"  # SHA-256
CHECKPOINT = "musicnn/MTT_musicnn"

RATE, N_FFT, HOP, MELS = 16_000, 512, 256, 96
PATCH, STRIDE = 187, 94  # mel frames: 3 s, and at most half of it from one patch to the next
SIZE = 200  # numbers that describe a clip

Weights = dict[str, torch.Tensor]


# -- the wheel -------------------------------------------------------------------------------------


def fetch_wheel(folder: Path = CACHE) -> Path:
    """Return the path of the wheel in a folder; pip downloads it the first time.

    Raises: MissingTool: it is not there and pip cannot download it, or it is another file.
    """
    folder = folder.expanduser()
    path = folder / WHEEL
    if _is_ours(path):
        return path
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-binary", ":none:", REQUIREMENT, "-d", str(folder)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        subprocess.run(command, check=True, capture_output=True, timeout=600)
    except (OSError, subprocess.SubprocessError):
        pass  # whatever went wrong, the remedy is the same
    if not _is_ours(path):
        raise MissingTool(
            "the wheel of musicnn 0.1.0",
            f"where there is a network, run `pip download --no-deps {REQUIREMENT}`, and put "
            f"{WHEEL} into {folder}",
        )
    return path


def _is_ours(path: Path) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == DIGEST


def load(wheel: Path) -> Weights:
    """Read the network's weights out of the wheel, float32, by their names in the checkpoint.

    Raises: ValueError: the checkpoint is not laid out as expected.
    """
    with zipfile.ZipFile(wheel) as archive:
        index = archive.read(f"{CHECKPOINT}/.index")
        content = archive.read(f"{CHECKPOINT}/.data-00000-of-00001")
    arrays = read_bundle(index, content)
    # The rest is what the optimiser remembered.
    kept = {name: array for name, array in arrays.items() if "Adam" not in name and array.ndim}
    return {name: torch.from_numpy(array) for name, array in kept.items()}


# -- TensorFlow's tensor bundle --------------------------------------------------------------------

MAGIC = 0xDB4775248B80FB57
FLOAT = 1  # DT_FLOAT


def read_bundle(index: bytes, content: bytes) -> dict[str, NDArray[np.float32]]:
    """Return the float32 tensors of a checkpoint with one shard, by name.

    index: a table in LevelDB's format from names to entries. content: the tensors' numbers.
    Raises: ValueError: the index is no such table, or a block of it is compressed.
    Source: TensorFlow, tensor_bundle.proto; LevelDB, table_format.md.
    """
    if len(index) < 48 or struct.unpack("<Q", index[-8:])[0] != MAGIC:
        raise ValueError("the index of the checkpoint is no table")
    _, _, start, size = _varints(index[-48:], 4)
    tensors = {}
    for _, place in _block(index, start, size):
        for name, entry in _block(index, *_varints(place, 2)):
            fields = dict(_fields(entry))
            if not name or fields.get(1) != FLOAT:  # the nameless one describes the file
                continue
            sizes = [field for number, field in _fields(_bytes(fields.get(2))) if number == 2]
            shape = [_number(dict(_fields(_bytes(size))).get(1)) for size in sizes]
            first = _number(fields.get(4))
            raw = content[first : first + _number(fields.get(5))]
            tensors[name.decode()] = np.frombuffer(raw, "<f4").astype(np.float32).reshape(shape)
    return tensors


def _block(table: bytes, start: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield keys and values; each key omits the prefix that it shares with the previous one."""
    if table[start + size] != 0:
        raise ValueError("the index of the checkpoint is compressed")
    block = table[start : start + size]
    restarts = struct.unpack("<I", block[-4:])[0]
    place, key = 0, b""
    while place < size - 4 * (restarts + 1):
        shared, place = _varint(block, place)
        own, place = _varint(block, place)
        length, place = _varint(block, place)
        key = key[:shared] + block[place : place + own]
        place += own
        yield key, block[place : place + length]
        place += length


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the number and the value of each field of a protocol buffer."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        kind = tag & 7
        if kind == 0:
            value, place = _varint(message, place)
            yield tag >> 3, value
            continue
        length = {1: 8, 5: 4}.get(kind, 0)
        if kind == 2:
            length, place = _varint(message, place)
        yield tag >> 3, message[place : place + length]
        place += length


def _varint(raw: bytes, place: int) -> tuple[int, int]:
    """Return a variable-length integer, seven bits a byte, lowest first, and the next offset."""
    number = shift = 0
    while True:
        byte = raw[place]
        number |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return number, place


def _varints(raw: bytes, count: int) -> list[int]:
    numbers, place = [], 0
    for _ in range(count):
        number, place = _varint(raw, place)
        numbers.append(number)
    return numbers


def _number(field: int | bytes | None) -> int:
    return field if isinstance(field, int) else 0  # zeros are not written


def _bytes(field: int | bytes | None) -> bytes:
    return field if isinstance(field, bytes) else b""


# -- the network -----------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _bank() -> torch.Tensor:
    bank: torch.Tensor = torchaudio.functional.melscale_fbanks(
        N_FFT // 2 + 1, 0.0, RATE / 2, MELS, RATE, norm="slaney", mel_scale="slaney"
    )
    return bank


def patches(wave: torch.Tensor, sample_rate: int) -> torch.Tensor:
    """Return the spectrogram patches of a clip, evenly placed from its start to its end.

    wave: float32, (channels, frames), 3 s or more. Returns log10 of 10,000 x mel power + 1,
    float32, (patches, PATCH, MELS).
    Raises: ValueError: the clip is shorter than one patch.
    """
    mono = wave.mean(0).cpu().numpy()
    resampled = torch.from_numpy(soxr.resample(mono, sample_rate, RATE))
    if len(resampled) <= N_FFT:
        raise ValueError(
            f"a clip of {len(resampled)} samples at {RATE} Hz is too short for musicnn"
        )
    bins = torch.stft(resampled, N_FFT, HOP, window=torch.hann_window(N_FFT), return_complex=True)
    # It was trained on numbers rounded to half precision.
    power = (bins.abs().square().T @ _bank()).half().float()
    mel = (10_000 * power + 1).log10()
    beyond = len(mel) - PATCH
    if beyond < 0:
        raise ValueError(f"a clip of {len(mel)} mel frames is too short for musicnn")
    firsts = np.linspace(0, beyond, -(-beyond // STRIDE) + 1).round().astype(int)
    return torch.stack([mel[first : first + PATCH] for first in firsts])


def penultimate(weights: Weights, x: torch.Tensor) -> torch.Tensor:
    """Return the penultimate layer: 200 dense units, rectified, after their batch norm.

    x: float32, (patches, mel_frames, MELS). Returns (patches, SIZE).
    Source: Pons & Serra 2019, arXiv:1909.06654, section 2.
    """
    x = _norm(weights, 0, x[:, None])
    # Filters as high as a timbre, then filters as long as a rhythm; the largest over frequency.
    heights = [_filtered(weights, number, x, 3, 3).amax(3) for number in (0, 1)]
    lengths = [
        _filtered(weights, number, x, (length - 1) // 2, length // 2).amax(3)
        for number, length in ((2, 128), (3, 64), (4, 32))
    ]
    front = torch.cat([*heights, *lengths], 1).transpose(1, 2)[:, None]  # (n, 1, frames, 561)
    layers, last = [front], torch.zeros(())
    for number in (5, 6, 7):
        made = _filtered(weights, number, layers[-1], 3, 3).permute(0, 3, 2, 1)
        last = made + last  # each but the first is added to the one before
        layers.append(last)
    features = torch.cat(layers, 3)[:, 0]
    pooled = torch.stack([features.amax(1), features.mean(1)], 2).flatten(1)
    pooled = _norm(weights, 9, pooled)
    dense = torch.relu(pooled @ weights["dense/kernel"] + weights["dense/bias"])
    return _norm(weights, 10, dense)


def _numbered(name: str, number: int) -> str:
    return f"{name}_{number}" if number else name


def _norm(weights: Weights, number: int, x: torch.Tensor) -> torch.Tensor:
    """Apply a batch norm in inference mode, channels second."""
    name = _numbered("batch_normalization", number)
    mean, variance, scale, shift = (
        weights[f"{name}/{part}"] for part in ("moving_mean", "moving_variance", "gamma", "beta")
    )
    return F.batch_norm(x, mean, variance, scale, shift, eps=1e-3)


def _filtered(
    weights: Weights, number: int, x: torch.Tensor, before: int, after: int
) -> torch.Tensor:
    """Convolve with zeros before and after in time, rectify, and norm. x: (n, 1, time, mels)."""
    name = _numbered("conv2d", number)
    kernel = weights[f"{name}/kernel"].permute(3, 2, 0, 1)
    made = F.conv2d(F.pad(x, (0, 0, before, after)), kernel, weights[f"{name}/bias"])
    return _norm(weights, number + 1, torch.relu(made))


def embed(weights: Weights, wave: torch.Tensor, sample_rate: int) -> NDArray[np.float64]:
    """Return the embedding of a clip: the mean of the penultimate layer over its patches, (SIZE,).

    wave: float32, (channels, frames), 3 s or more; used in mono and up to 8 kHz.
    Raises: ValueError: the clip is shorter than one patch.
    """
    with torch.inference_mode():
        layer = penultimate(weights, patches(wave, sample_rate))
    return np.asarray(layer.mean(0).double().numpy())
