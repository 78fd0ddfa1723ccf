"""`msanii-live bench accompany`: how soon and how exactly the server answers what comes in by JACK.

A loop whose beats are known goes into the server's input. What the server plays is captured by the
same JACK client, so that both have one clock. JACK has a dummy card of its own.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from msanii_live.audio import Samples
from msanii_live.client import Client
from msanii_live.client.server_process import running_server
from msanii_live.errors import MissingTool
from msanii_live.training.data.composition.compose import compose
from msanii_live.training.data.composition.midi import to_midi
from msanii_live.training.data.dataset import render

RATE, PERIOD = 44_100, 1_024
# s from a sound in the room to the port, a period, and from the port to the room, another.
CARD_LATENCY = 2 * PERIOD / RATE
SOUNDFONT = Path("/usr/share/sounds/sf2/sf_GMbank.sf2")  # csound's, which no training heard
SEED, BARS = 3_300_000, 8
BEFORE, ANSWER = 12.0, 25.0  # s that are played before the server is asked, and then captured
ON_TIME = 0.015  # s, the target
NEAR_BEAT = 0.08  # s within which an onset is one of this beat
_BLOCK = 64  # frames
_RISE, _SOFTEST = 9.0, 35.0  # dB of a sharp onset over the blocks before it; under the loudest
_START_TIMEOUT, _MODEL_TIMEOUT = 20.0, 240.0  # s

Places = NDArray[np.float64]


@dataclass(frozen=True)
class HeardAnswer:
    """How a command was answered. latency: s to the first sound. offsets: s, one a beat."""

    name: str
    latency: float
    offsets: Places

    def row(self) -> str:
        """Return a row of the table."""
        if not len(self.offsets):
            return f"| {self.name} | {self.latency:.1f} s | - | no onset near a beat |"
        share = float(np.mean(np.abs(self.offsets) <= ON_TIME))
        median = 1_000 * float(np.median(self.offsets))
        return (
            f"| {self.name} | {self.latency:.1f} s | {median:.0f} ms | "
            f"{share:.0%} of {len(self.offsets)} beats |"
        )


def report_accompaniment() -> int:
    """Measure a stream and a clip, and print a table. Returns the exit status.

    Raises: MissingTool: JACK, JACK-Client, FluidSynth or csound's soundfont.
    """
    if not SOUNDFONT.exists():
        raise MissingTool("csound's soundfont", "apt-get install csound-soundfont")
    piece = compose(SEED, style="pop", metre=(4, 4), bars=2 * BARS)
    beat = 60.0 / piece.tempo
    wave = render(to_midi(piece), SOUNDFONT)
    first, frames = (round(BARS * 4 * beat * RATE * n) for n in (1, 1))
    loop = np.asarray(wave[first : first + frames], np.float32)
    print(f"A loop of pop at {piece.tempo:g} bpm, JACK with {PERIOD} frames a period.\n")
    print("| | from asking to the first sound | median offset | within 15 ms |")
    print("| --- | ---: | ---: | ---: |")
    with dummy_jack(), tempfile.TemporaryDirectory() as folder:
        for name, ask in (
            ("stream", ("/msanii/stream/start", "input", "accompany", "drums bass")),
            ("clip", ("/msanii/accompany", "input", "parts", "drums", "play", 1)),
        ):
            place = Path(folder, name)
            place.mkdir()
            print(_answered(name, ask, loop, beat, place).row(), flush=True)
    return 0


def _answered(
    name: str, ask: tuple[str | int, ...], loop: Samples, beat: float, folder: Path
) -> HeardAnswer:
    address, *arguments = ask
    with running_server(folder, "--audio", "default", log=folder / "log.txt") as server:
        client = Client(server.host, server.osc_port)
        try:
            made = client.generate(seconds=2, style="pop")  # the models are read before it counts
            client.send("/msanii/transcribe", made.name, "again", 1, "id", "warm")
            client.wait(("/msanii/job/done", "/msanii/fail"), "warm", _MODEL_TIMEOUT)
            with JackLoop(loop, BEFORE + ANSWER + 5) as wire:
                wire.wait(BEFORE)
                asked = wire.place
                client.send(str(address), *arguments)
                wire.wait(BEFORE + ANSWER)
            heard = wire.captured
        finally:
            client.close()
    onsets = sharp_onsets(heard) / RATE + CARD_LATENCY
    onsets = onsets[onsets > asked / RATE]
    if not len(onsets):
        return HeardAnswer(name, float("nan"), np.zeros(0))
    return HeardAnswer(name, float(onsets[0] - asked / RATE), offsets_from_beats(onsets, beat))


class JackLoop:
    """A loop that plays into the server's input by JACK, and a capture of the server's output.

    They are two JACK clients: one would close a circle with the server, which JACK opens by a
    period's delay somewhere in it.
    """

    def __init__(self, loop: Samples, seconds: float) -> None:
        """Prepare the client. loop: float32, (frames, 2). Raises: MissingTool: JACK-Client."""
        try:
            import jack
        except (ImportError, OSError):
            raise MissingTool("JACK-Client", "pip install JACK-Client") from None
        self._loop, self.captured = loop, np.zeros((round(seconds * RATE), 2), np.float32)
        self._source, self._capture = (
            jack.Client(name, no_start_server=True) for name in ("loop", "capture")
        )
        self._outs = [self._source.outports.register(f"out{n}") for n in (1, 2)]
        self._ins = [self._capture.inports.register(f"in{n}") for n in (1, 2)]
        self._first = -1
        self.place = 0
        self._source.set_process_callback(self._play)
        self._capture.set_process_callback(self._keep)

    def __enter__(self) -> JackLoop:
        """Connect both ways. Raises: MissingTool: the server plays nothing by JACK."""
        self._source.activate()
        self._capture.activate()
        own = (f"{self._source.name}:", f"{self._capture.name}:", "system:")
        for is_output, ports in ((True, self._ins), (False, self._outs)):
            client = self._capture if is_output else self._source
            others = [
                port
                for port in client.get_ports(
                    is_audio=True, is_output=is_output, is_input=not is_output
                )
                if not port.name.startswith(own)
            ]
            if len(others) < 2:
                raise MissingTool("PortAudio with JACK", "apt-get install libportaudio2")
            for other, port in zip(others, ports, strict=False):
                client.connect(*((other, port) if is_output else (port, other)))
        return self

    def __exit__(self, *_: object) -> None:
        """End the clients."""
        for client in (self._source, self._capture):
            client.deactivate()
            client.close()

    def wait(self, seconds: float) -> None:
        """Wait until so much of the loop has been played."""
        while self.place < seconds * RATE:
            time.sleep(0.05)

    def _play(self, frames: int) -> None:
        now = self._source.last_frame_time
        if self._first < 0:
            self._first = now
        self.place = (now - self._first) % 2**32
        at = (self.place + np.arange(frames)) % len(self._loop)
        for channel, port in enumerate(self._outs):
            port.get_array()[:] = self._loop[at, channel]

    def _keep(self, frames: int) -> None:
        place = (self._capture.last_frame_time - self._first) % 2**32
        if self._first >= 0 and place + frames <= len(self.captured):
            for channel, port in enumerate(self._ins):
                self.captured[place : place + frames, channel] = port.get_array()


def sharp_onsets(heard: Samples) -> Places:
    """Return the frames at which the sound becomes louder at once. heard: (frames, channels)."""
    count = len(heard) // _BLOCK
    power = np.square(heard[: count * _BLOCK]).reshape(count, -1).mean(axis=1)
    level = 10 * np.log10(power + 1e-12)
    before = np.stack([np.roll(level, shift) for shift in range(1, 17)]).max(axis=0)
    is_onset = (level - before > _RISE) & (level > level.max() - _SOFTEST)
    is_onset[:16] = False
    places = np.flatnonzero(is_onset)
    apart = np.diff(places, prepend=-1_000) > 16  # the rise goes on for some blocks
    return np.asarray(places[apart] * float(_BLOCK))


def offsets_from_beats(onsets: Places, beat: float) -> Places:
    """Return how late the first onset near each beat is, s. onsets: s. beat: its length, s."""
    numbers = np.round(onsets / beat)
    offsets = onsets - numbers * beat
    near = np.abs(offsets) < NEAR_BEAT
    _, first = np.unique(numbers[near], return_index=True)
    return np.asarray(offsets[near][first])


@contextlib.contextmanager
def dummy_jack(
    period: int = PERIOD, rate: int = RATE, real_time: bool = True
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a JACK server with a dummy card, which this process and its children speak to.

    period: frames. rate: Hz. Raises: MissingTool: jackd is not installed, or does not start.
    """
    program = shutil.which("jackd")
    if program is None:
        raise MissingTool("jackd", "apt-get install jackd2")
    name = f"msanii{os.getpid()}"
    own = {
        "JACK_DEFAULT_SERVER": name,
        "JACK_NO_AUDIO_RESERVATION": "1",
        "JACK_NO_START_SERVER": "1",
    }
    before = {key: os.environ.get(key) for key in own}
    os.environ.update(own)
    urgency = ["-R", "-P", "70"] if real_time else ["-r"]
    options = ["-n", name, *urgency, "-d", "dummy", "-r", str(rate), "-p", str(period)]
    with subprocess.Popen(
        [program, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            if not _has_started(server):
                raise MissingTool("a JACK server that starts", "apt-get install jackd2")
            yield server
        finally:
            server.terminate()
            for key, value in before.items():
                os.environ.pop(key)
                if value is not None:
                    os.environ[key] = value


def _has_started(server: subprocess.Popen[bytes]) -> bool:
    """Wait until a JACK server takes clients. Return False if it ends, or does not within 20 s."""
    import jack

    until = time.monotonic() + _START_TIMEOUT
    while server.poll() is None and time.monotonic() < until:
        try:
            jack.Client("probe", no_start_server=True).close()
        except jack.JackOpenError:
            time.sleep(0.05)
        else:
            return True
    return False
