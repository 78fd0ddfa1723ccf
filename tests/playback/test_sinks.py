"""Check the sinks that need no device."""

import numpy as np

from msanii_live.playback.sinks import NANO, SilentSink, _ring_frames


def test_the_ring_is_long_enough_for_any_block() -> None:
    assert _ring_frames(1_024, 44_100, True) == 4_096
    assert _ring_frames(256, 44_100, True) == 2_048
    assert _ring_frames(256, 44_100, False) == 4_096
    assert _ring_frames(4_096, 96_000, False) == 16_384


def test_the_silent_sink_takes_frames_at_the_pace_of_the_clock() -> None:
    sink = SilentSink(origin=7 * NANO, rate=48_000, description="why")
    assert sink.description == "why"
    sink.start()
    assert sink.consumed(0, 7 * NANO) == 0
    assert sink.consumed(0, 9 * NANO) == 96_000
    room = sink.writable(0, 7 * NANO)
    assert room == 48_000 // 25  # 40 ms ahead
    sink.write(np.zeros((room, 2), np.float32))
    assert sink.writable(room, 7 * NANO) == 0
    assert sink.writable(room, 7 * NANO + NANO // 100) == 480
    assert not sink.has_underrun(9 * NANO)
    assert sink.read_input() is None
    assert sink.underflows() == 0
    sink.close()
