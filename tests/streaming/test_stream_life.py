"""Check that streams that have ended leave nothing behind, however many there were."""

import gc
import threading
import tracemalloc
from collections import Counter
from dataclasses import replace

from msanii_live.benchmarks.streaming import StreamLog, streaming
from msanii_live.protocol.commands import StreamStart
from tests.playback.fakes import wait_until

SHORT = StreamStart(src="current", chunk=1.0, ahead=6.0, at="none")
OWN = ("StreamLoop", "StreamState", "Chunk", "TaskHandle", "Clip", "Region")


def play_one(player, stream, seconds):
    """Start a stream, let it make two chunks of its own, and stop it."""
    told = StreamLog()
    stream.start(replace(SHORT, chunk=seconds), told)
    wait_until(lambda: len(told.chunks) >= 2)
    stream.stop(fade=0.0)
    wait_until(lambda: told.reasons and not player.regions())


def what_is_left(player):
    gc.collect()
    living = Counter(type(each).__name__ for each in gc.get_objects())
    loaded = len(player._queue.all_samples())
    return tracemalloc.get_traced_memory()[0], loaded, {name: living[name] for name in OWN}


def test_twelve_streams_leave_nothing_behind(tmp_path):
    with streaming(tmp_path, "none", "tones", SHORT) as (player, stream, _):
        stream.stop()
        for _ in range(3):  # what is made once
            play_one(player, stream, 1.0)
        tracemalloc.start()
        try:
            play_one(player, stream, 2.0)
            before, loaded, living = what_is_left(player)
            for _ in range(12):
                play_one(player, stream, 1.0)
            after, loaded_after, living_after = what_is_left(player)
        finally:
            tracemalloc.stop()
    assert loaded_after <= loaded
    grown = {name: count - living[name] for name, count in living_after.items()}
    assert max(grown.values()) <= 2, grown  # one more for each stream would be twelve
    assert after - before < 2 * 2**20  # a stream holds a MiB or more of its own past
    wait_until(lambda: all(thread.name != "stream" for thread in threading.enumerate()))
