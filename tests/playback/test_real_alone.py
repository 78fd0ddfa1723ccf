"""Through a real JACK server, what is sensitive to other programs, and runs alone.

A stream while its engine computes, how soon sound is back after its host fails, and the benchmark.
"""

import os
import signal
import threading
import time

import numpy as np
import pytest

from msanii_live.benchmarks.player import hold_the_lock, measure_player, player_markdown
from msanii_live.benchmarks.streaming import streaming
from msanii_live.playback.recorder import AudioRecorder
from tests.live import live
from tests.playback.fakes import wait_until
from tests.playback.jackdummy import assert_heard, capturing

pytestmark = [pytest.mark.device, pytest.mark.slow]


def is_back(client):
    warned = [m for m in client.received if m.address == "/msanii/warn"]
    return any("sound is back" in str(m.args[1]) for m in warned)


# The longest silence, s, on a busy machine; a quiet one has half of it.
@pytest.mark.parametrize(
    ("how", "longest"), [(signal.SIGKILL, 5.0), (signal.SIGSTOP, 8.0)], ids=["killed", "hung"]
)
def test_sound_is_back_after_the_host_fails(jack_server, tmp_path, how, longest):
    folder = tmp_path / "clips"
    folder.mkdir()
    with live(folder, "--engine", "tones", "--audio", "default") as it:
        it.ask("/msanii/notify", 1, "id", "n")
        it.job("/msanii/generate", "g", "seconds", 4, "clip", "round")
        with capturing(tmp_path / "heard.npy", 60) as captured:
            it.ask("/msanii/play", "round", "loop", 1)
            time.sleep(2)
            it.client.send("/msanii/caps", "id", "c")
            it.client.wait(("/msanii/done",), "c")
            facts = {
                m.args[0]: m.args[1] for m in it.client.received if m.address == "/msanii/caps"
            }
            os.kill(int(facts["audio-process"]), how)
            until = time.monotonic() + 20
            while not is_back(it.client) and time.monotonic() < until:
                assert it.ask("/msanii/ping", "id", "p", reply="/msanii/pong", timeout=2)
            assert is_back(it.client)
            until = time.monotonic() + 1.5
            while time.monotonic() < until:
                assert it.ask("/msanii/ping", "id", "p", reply="/msanii/pong", timeout=2)
    loud = np.abs(np.nan_to_num(captured.frames)).max(axis=1) > 1e-4
    audible = np.flatnonzero(loud)
    gap = np.diff(audible).max()
    assert 1_000 < gap < longest * 44_100, f"silent for {gap / 44_100:.2f} s"
    assert audible[-1] - audible[0] > 3 * 44_100


def test_a_stream_under_load_loses_nothing(jack_server, tmp_path):
    """10 s, or ten minutes with MSANII_LIVE_LONG=1: the model runs, and a thread holds the lock."""
    seconds = 600.0 if os.environ.get("MSANII_LIVE_LONG") else 10.0
    over = threading.Event()
    hog = threading.Thread(target=hold_the_lock, args=(over,), daemon=True)
    with streaming(tmp_path / "clips", "default", "mel-flow") as (player, stream, told):
        recorder = AudioRecorder(player)
        wait_until(lambda: stream.is_running and told.chunks, 180)  # on a busy machine
        with capturing(tmp_path / "heard.npy", seconds + 60) as captured:
            time.sleep(1)
            recorder.start("all", "output", None, lambda take: None)
            hog.start()
            for part in range(10):
                time.sleep(seconds / 10)
                print(f"part {part + 1} of 10", len(told.chunks), "chunks")
            over.set()
            rendered = recorder.stop("", "output", None).samples
            time.sleep(1)
        print(
            captured.figures,
            "player lost",
            player.lost_frames,
            "xruns",
            player.xruns,
            len(told.chunks),
        )
        lost = player.lost_frames
    sound = rendered[: int((seconds - 2) * 44_100)]
    assert lost == 0
    blocks = np.abs(sound[: len(sound) // 22_050 * 22_050]).reshape(-1, 44_100).max(axis=1)
    assert blocks.min() > 1e-4, "it fell silent"
    assert_heard(captured.sound(), sound)


def test_the_benchmark_measures_what_it_says(jack_server):
    figures = measure_player(5.0, "default", "tones")
    assert figures.frames_lost == 0
    assert all(20 < soon < 1_000 for soon in figures.to_sound_ms)
    assert len(figures.host_mib) == len(figures.to_sound_ms) >= 2
    assert figures.idle_xruns >= 0
    assert "real-time priority" in player_markdown(figures)
