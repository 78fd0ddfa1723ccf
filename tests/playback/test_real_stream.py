"""A stream through a real JACK server while its engine computes; the benchmark of the player."""

import os
import threading
import time

import numpy as np
import pytest

from msanii_live.benchmarks.player import hold_the_lock, measure_player, player_markdown
from msanii_live.benchmarks.streaming import streaming
from msanii_live.playback.recorder import AudioRecorder
from tests.playback.fakes import wait_until
from tests.playback.jackdummy import assert_heard, capturing

pytestmark = [pytest.mark.device, pytest.mark.slow]


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
