"""A JACK server with a dummy card, and a capture of what is played into it."""

import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from msanii_live.audio import Samples
from msanii_live.benchmarks.accompany import dummy_jack
from msanii_live.errors import MissingTool

PERIOD = 1_024
RATE = 44_100


@contextlib.contextmanager
def jack_dummy(period: int = PERIOD, rate: int = RATE, real_time: bool = True) -> Iterator[None]:
    """Run a JACK server of our own; skip the test with the reason if that is not possible."""
    pytest.importorskip("jack", reason="needs pip install JACK-Client", exc_type=ImportError)
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(dummy_jack(period, rate, real_time))
        except MissingTool as error:
            pytest.skip(str(error))
        classes = subprocess.run(
            ["ps", "-Lp", str(server.pid), "-o", "cls="], capture_output=True, text=True
        ).stdout
        if real_time and "FF" not in classes:
            pytest.skip("jackd gets no real-time priority here: it would lose frames itself")
        yield


@dataclass
class Captured:
    """What was captured, once it has ended. frames: NaN where the capture missed them."""

    frames: Samples = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    figures: dict[str, int] = field(default_factory=dict)

    def sound(self) -> Samples:
        """Return what was captured, with the missed frames left out."""
        return self.frames[~np.isnan(self.frames[:, 0])]


@contextlib.contextmanager
def capturing(path: Path, seconds: float) -> Iterator[Captured]:
    """Capture what plays while the block runs."""
    captured = Captured()
    command = [sys.executable, "-m", "tests.playback.capture", str(path), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as capture:
        assert capture.stdout is not None
        assert capture.stdout.readline() == "listening\n"
        assert capture.stdout.readline() == "connected\n"
        try:
            yield captured
        finally:
            capture.send_signal(signal.SIGINT)
            rest = capture.stdout.read().strip().splitlines()
    captured.frames = np.load(path)
    captured.figures = json.loads(rest[-1])


def place_of(heard: Samples, wanted: Samples) -> int:
    """Return the place of `wanted` in `heard`, found by its first 64 frames that are not silent.

    Raises: AssertionError: they are nowhere.
    """
    first = int(np.flatnonzero(np.abs(wanted).sum(axis=1) > 0)[0])
    key = wanted[first : first + 64]
    for place in np.flatnonzero(np.all(heard == key[0], axis=1)):
        if np.array_equal(heard[place : place + 64], key):
            return int(place) - first
    raise AssertionError("what was played was not heard at all")


def assert_heard(heard: Samples, wanted: Samples) -> None:
    """Check that what was played came through, frame for frame and bit for bit."""
    place = place_of(heard, wanted)
    part = heard[place : place + len(wanted)]
    assert len(part) == len(wanted), "the capture ended too soon"
    wrong = np.flatnonzero(np.any(part != wanted, axis=1))
    assert not len(wrong), f"{len(wrong)} of {len(wanted)} frames differ, from {wrong[0]} on"
