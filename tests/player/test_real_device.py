"""Sound through PortAudio and a real JACK server with a dummy card, captured by another client."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.live import live

pytestmark = [pytest.mark.device, pytest.mark.slow]

CAPTURE = """
import sys, time
import jack
import numpy as np

client = jack.Client("capture", no_start_server=True)
ports = [client.inports.register(f"in{i}") for i in (1, 2)]
blocks = []

@client.set_process_callback
def process(frames):
    blocks.append(np.stack([port.get_array().copy() for port in ports], axis=1))

with client:
    connected, until = False, time.monotonic() + 30
    print("capturing", flush=True)
    while time.monotonic() < until and not sys.stdin.closed:
        if not connected:
            outs = [p for p in client.get_ports(is_output=True, is_audio=True)
                    if not p.name.startswith("system:")]
            if len(outs) >= 2:
                for source, port in zip(outs, ports):
                    client.connect(source, port)
                connected = True
                print("connected", flush=True)
        if connected and sys.stdin.readline():
            break
        time.sleep(0.05)
np.save(sys.argv[1], np.concatenate(blocks))
"""


@pytest.fixture
def jack_server(monkeypatch):
    jackd = shutil.which("jackd")
    if jackd is None:
        pytest.skip("jackd is not installed: apt-get install jackd2")
    pytest.importorskip("jack", reason="needs pip install JACK-Client", exc_type=ImportError)
    name = f"msanii{os.getpid()}"
    monkeypatch.setenv("JACK_DEFAULT_SERVER", name)
    monkeypatch.setenv("JACK_NO_AUDIO_RESERVATION", "1")
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    with subprocess.Popen(
        [jackd, "-n", name, "-r", "-d", "dummy", "-r", "44100", "-p", "1024"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        time.sleep(1.5)
        if server.poll() is not None:
            pytest.skip("jackd does not start here")
        try:
            yield
        finally:
            server.terminate()


@contextlib.contextmanager
def capturing(path):
    with subprocess.Popen(
        [sys.executable, "-c", CAPTURE, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as capture:
        assert capture.stdout is not None
        assert capture.stdin is not None
        assert capture.stdout.readline() == "capturing\n"
        assert capture.stdout.readline() == "connected\n"
        yield
        capture.stdin.write("end\n")
        capture.stdin.flush()
        capture.wait(20)


def longest_equal_run(heard, clip):
    """Align by correlation, then find the longest run of equal frames."""
    size = 1 << (len(heard) + len(clip)).bit_length()
    spectrum = np.fft.rfft(heard[:, 0], size) * np.conj(np.fft.rfft(clip[:, 0], size))
    lag = int(np.argmax(np.fft.irfft(spectrum)[: len(heard)]))
    part = heard[lag : lag + len(clip)]
    equal = np.all(part == clip[: len(part)], axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], equal.astype(np.int8), [0]])))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def test_a_clip_reaches_the_device_sample_for_sample(jack_server, tmp_path):
    folder = tmp_path / "clips"
    folder.mkdir()
    with live(folder, "--engine", "tones", "--audio", "default") as it:
        it.client.send("/msanii/caps", "id", "c")
        it.client.wait(("/msanii/done",), "c")
        facts = {m.args[0]: m.args[1] for m in it.client.received if m.address == "/msanii/caps"}
        assert "44100 Hz" in facts["audio"]
        it.job("/msanii/generate", "g", "seconds", 2, "clip", "heard")
        with capturing(tmp_path / "heard.npy"):
            assert it.ask("/msanii/play", "heard", "fade", 0).address == "/msanii/done"
            time.sleep(3.5)
        xruns = it.ask("/msanii/status", reply="/msanii/status").args[-1]
    heard = np.load(tmp_path / "heard.npy")
    clip, _ = soundfile.read(Path(folder) / "heard.wav", dtype="float32")
    assert np.abs(heard).max() <= 1.0
    # This player may lose a block on a busy machine; what comes through is the clip itself.
    assert longest_equal_run(heard, clip) > (0.95 if xruns == 0 else 0.25) * len(clip)
