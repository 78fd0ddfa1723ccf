"""Hear notes with a published network, basic-pitch 0.4.0, and compare their onsets.

Nothing of it ships here: its wheel (Apache-2.0) is fetched once, and the network is read out of it
as ONNX. It hears up to 22,050 Hz and the piano's 88 keys, 86 times a second.

Source: Bittner et al. 2022, arXiv:2203.09893.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from msanii_live.engines.mel2mel.network import LOWEST_KEY, on_keyboard
from msanii_live.errors import MissingTool
from msanii_live.evaluation.musicnn import CACHE
from msanii_live.notes import Note

REQUIREMENT, WHEEL = "basic-pitch==0.4.0", "basic_pitch-0.4.0-py2.py3-none-any.whl"
NETWORK = "basic_pitch/saved_models/icassp_2022/nmp.onnx"
ONSETS_OUTPUT, NOTES_OUTPUT = "StatefulPartitionedCall:2", "StatefulPartitionedCall:1"
DIGEST = "2c3c1d144bfa61ad236e92e169c13535c880469a12a047d4e73451f2c059a0ec"  # SHA-256 of it
RATE, HOP = 22_050, 256
WINDOW = 2 * RATE - HOP  # samples that the network takes at once
EDGE = 15  # frames at either end of a window that are not used
_FRAMES = 172  # of a window
THRESHOLD = 0.5  # of an onset's likelihood, the published one
MIN_NOTE_POSTERIOR, MIN_NOTE_FRAMES = (
    0.3,
    11,
)  # likelihood of a key that sounds, and frames for which it must: theirs too
TOLERANCE = 0.05  # s, the usual one

Array = NDArray[np.float32]
OnsetList = tuple[tuple[float, int], ...]  # s and MIDI key, in order


@dataclass(frozen=True)
class OnsetMatch:
    """Counts of onsets: matched, found in the audio, and in the score."""

    found: int
    made: int
    true: int

    @property
    def f1(self) -> float:
        """The F1 score: twice the matches over all onsets of both sides."""
        return 2 * self.found / max(1, self.made + self.true)

    def __add__(self, other: OnsetMatch) -> OnsetMatch:
        """Add up counts of several pieces."""
        return OnsetMatch(self.found + other.found, self.made + other.made, self.true + other.true)


def fetch_network(folder: Path = CACHE) -> bytes:
    """Return the network; pip downloads its wheel into a folder the first time.

    Raises: MissingTool: it is not there and pip cannot download it.
    """
    folder = folder.expanduser()
    path = folder / WHEEL
    if not path.exists():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--disable-pip-version-check", REQUIREMENT, "-d", str(folder)]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            subprocess.run(command, check=True, capture_output=True, timeout=600)
        except (OSError, subprocess.SubprocessError):
            pass  # whatever went wrong, the remedy is the same
    try:
        with zipfile.ZipFile(path) as archive:
            network = archive.read(NETWORK)
    except (OSError, KeyError, zipfile.BadZipFile):
        network = b""
    if hashlib.sha256(network).hexdigest() != DIGEST:
        raise MissingTool(
            "the wheel of basic-pitch 0.4.0",
            f"where there is a network, run `pip download --no-deps {REQUIREMENT}`, and put "
            f"{WHEEL} into {folder}",
        )
    return network


def open_network(network: bytes) -> Any:
    """Return an inference session of the network.

    Raises: MissingTool: onnxruntime is not installed.
    """
    try:
        import onnxruntime
    except ImportError:
        raise MissingTool("onnxruntime", "pip install 'msanii-live[onsets]'") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])


@dataclass(frozen=True)
class NotePosteriors:
    """The output of the network.

    onsets, sounding: likelihoods, (frames, 88). times: s.
    """

    onsets: Array
    sounding: Array
    times: NDArray[np.float64]


def note_posteriors(session: Any, samples: Array, rate: int) -> NotePosteriors:
    """Return the posteriors of onsets and of sounding keys. samples: float32, (frames,), mono."""
    wave = soxr.resample(samples, rate, RATE).astype(np.float32)
    step = WINDOW - 2 * EDGE * HOP
    lead = EDGE * HOP
    count = -(-len(wave) // step)
    padded = np.pad(wave, (lead, count * step + WINDOW - len(wave)))
    onsets, sounding, times = [], [], []
    inner = np.arange(EDGE, _FRAMES - EDGE)
    name = session.get_inputs()[0].name
    for window in range(count):
        part = padded[window * step : window * step + WINDOW]
        outputs = session.run([ONSETS_OUTPUT, NOTES_OUTPUT], {name: part[None, :, None]})
        onsets.append(outputs[0][0][inner])
        sounding.append(outputs[1][0][inner])
        times.append((window * step - lead + inner * HOP) / RATE)
    return NotePosteriors(np.concatenate(onsets), np.concatenate(sounding), np.concatenate(times))


def decode_onsets(posteriors: NotePosteriors) -> OnsetList:
    """Return the onsets: peaks above the threshold after which the key sounds."""
    likely = posteriors.onsets
    before = np.pad(likely, ((1, 0), (0, 0)))[:-1]
    after = np.pad(likely, ((0, 1), (0, 0)))[1:]
    summed = np.cumsum(np.pad(posteriors.sounding, ((1, MIN_NOTE_FRAMES), (0, 0))), axis=0)
    sustained = (summed[MIN_NOTE_FRAMES:] - summed[:-MIN_NOTE_FRAMES])[
        : len(likely)
    ] / MIN_NOTE_FRAMES
    peaks = (
        (likely >= THRESHOLD)
        & (likely > before)
        & (likely >= after)
        & (sustained >= MIN_NOTE_POSTERIOR)
    )
    return tuple(
        (float(posteriors.times[frame]), int(key) + LOWEST_KEY)
        for frame, key in zip(*np.nonzero(peaks), strict=True)
    )


def score_onsets(notes: Sequence[Note]) -> OnsetList:
    """Return the onsets of a score on the piano's keys; simultaneous onsets of a key count once."""
    found = {(round(note.start, 3), on_keyboard(note.pitch)) for note in notes if not note.drum}
    return tuple(sorted(found))


def match_onsets(made: OnsetList, true: OnsetList, tolerance: float = TOLERANCE) -> OnsetMatch:
    """Match as many onsets of equal keys as possible, within the tolerance in seconds."""
    found = 0
    for key in {k for _, k in true} & {k for _, k in made}:
        a = np.array([t for t, k in made if k == key])
        b = np.array([t for t, k in true if k == key])
        near = np.abs(a[:, None] - b[None, :]) <= tolerance
        rows, columns = linear_sum_assignment(~near)
        found += int(near[rows, columns].sum())
    return OnsetMatch(found, len(made), len(true))


def transcribe_onsets(session: Any, samples: Array, rate: int) -> OnsetList:
    """Return the onsets that the network hears. samples: float32, (frames,), mono."""
    return decode_onsets(note_posteriors(session, samples, rate))
