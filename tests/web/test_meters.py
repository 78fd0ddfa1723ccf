"""Check meters, what sounds and the stream's lead on a real player without a device."""

import time

import numpy as np
import pytest

from msanii_live.audio import make_clip
from msanii_live.playback.player import Player
from msanii_live.playback.timebase import Timebase
from msanii_live.timing.transport import Transport
from msanii_live.web.meters import FLOOR, Meters, sounding, stream_lead

RATE = 44_100


@pytest.fixture
def player():
    timebase = Timebase()
    it = Player(Transport(clock=timebase.now), timebase)
    yield it
    it.close()


def steady(left, right, seconds=30.0):
    frames = round(seconds * RATE)
    return np.tile(np.float32([left, right]), (frames, 1))


def until(condition, patience=10.0):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def test_meters_tell_peak_and_rms_of_each_side(player):
    meters = Meters(player)
    assert meters.look() == {"output": {"peak": [FLOOR] * 2, "rms": [FLOOR] * 2}, "input": None}
    player.play(make_clip(steady(0.5, 0.25), RATE, name="steady"), fade=0.0)
    until(lambda: meters.look()["output"]["peak"] == [-6.0, -12.0])
    time.sleep(0.2)
    assert meters.look()["output"] == {"peak": [-6.0, -12.0], "rms": [-6.0, -12.0]}
    player.stop(None)
    until(lambda: meters.look()["output"]["peak"] == [FLOOR] * 2)


def test_no_peak_falls_between_two_looks(player):
    samples = steady(0.0, 0.0, 20)
    samples[RATE // 2] = 1.0
    meters = Meters(player)
    player.play(make_clip(samples, RATE, name="click"), fade=0.0)
    tops = []
    end = time.monotonic() + 5
    while time.monotonic() < end and 0.0 not in tops:
        tops.append(meters.look()["output"]["peak"][0])
        time.sleep(0.1)
    assert 0.0 in tops


def test_what_sounds_is_named(player):
    assert sounding(player) == []
    player.play(make_clip(steady(0.1, 0.1), RATE, name="once"))
    player.play(make_clip(steady(0.1, 0.1), RATE, name="round"), loop=True)
    until(lambda: len(sounding(player)) == 2)
    assert sounding(player) == [{"name": "once", "loop": False}, {"name": "round", "loop": True}]


def test_the_lead_is_what_is_ready_and_late_once_the_last_bar_goes_round(player):
    assert stream_lead(player) is None
    clip = make_clip(steady(0.1, 0.1, 1.5), RATE, name="begun")
    part = player.play(clip, deck="begun")
    player.hold(clip, part, steady(0.1, 0.1, 0.5), "stream")
    until(lambda: stream_lead(player) is not None)
    first = stream_lead(player)
    assert first["state"] == "runs"
    assert 0 < first["lead"] <= 1.6
    chunk = make_clip(steady(0.1, 0.1, 1.0), RATE, name="")
    player.join(chunk, part, spare=steady(0.1, 0.1, 0.5), deck="stream", must=True)
    until(lambda: stream_lead(player)["lead"] > first["lead"])
    until(lambda: stream_lead(player) == {"state": "late", "lead": 0.0})
