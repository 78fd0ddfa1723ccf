"""Check meters, playing tracks and the stream's lead on a real player without a device."""

import time

import numpy as np
import pytest

from msanii_live.audio import make_clip
from msanii_live.playback.player import Player
from msanii_live.playback.timebase import Timebase
from msanii_live.timing.transport import Transport
from msanii_live.web.meters import FLOOR_DB, Meters, playing_tracks, stream_lead

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
    raise AssertionError("timed out")


def test_meters_read_peak_and_rms_of_each_side(player):
    meters = Meters(player)
    assert meters.read() == {
        "output": {"peak": [FLOOR_DB] * 2, "rms": [FLOOR_DB] * 2},
        "input": None,
    }
    player.play(make_clip(steady(0.5, 0.25), RATE, name="steady"), fade=0.0)
    steady_reading = {"peak": [-6.0, -12.0], "rms": [-6.0, -12.0]}
    until(lambda: meters.read()["output"] == steady_reading)
    player.stop(None)
    until(lambda: meters.read()["output"]["peak"] == [FLOOR_DB] * 2)


def test_no_peak_is_lost_between_two_readings(player):
    samples = steady(0.0, 0.0, 20)
    samples[RATE // 2] = 1.0
    meters = Meters(player)
    player.play(make_clip(samples, RATE, name="click"), fade=0.0)
    tops = []
    end = time.monotonic() + 5
    while time.monotonic() < end and 0.0 not in tops:
        tops.append(meters.read()["output"]["peak"][0])
        time.sleep(0.1)
    assert 0.0 in tops


def test_the_tracks_that_play_are_listed(player):
    assert playing_tracks(player) == []
    player.play(make_clip(steady(0.1, 0.1), RATE, name="once"))
    player.play(make_clip(steady(0.1, 0.1), RATE, name="round"), loop=True)
    until(lambda: len(playing_tracks(player)) == 2)
    assert playing_tracks(player) == [
        {"name": "once", "loop": False},
        {"name": "round", "loop": True},
    ]


def test_the_lead_is_what_is_ready_and_late_once_the_last_bar_repeats(player):
    assert stream_lead(player) is None
    clip = make_clip(steady(0.1, 0.1, 1.5), RATE, name="begun")
    region = player.play(clip, track="begun")
    player.loop_after(clip, region, steady(0.1, 0.1, 0.5), "stream")
    until(lambda: stream_lead(player) is not None)
    first = stream_lead(player)
    assert first["state"] == "runs"
    assert 0 < first["lead"] <= 1.6
    chunk = make_clip(steady(0.1, 0.1, 1.0), RATE, name="")
    player.play_after(
        chunk, region, fallback=steady(0.1, 0.1, 0.5), track="stream", must_follow=True
    )
    until(lambda: stream_lead(player)["lead"] > first["lead"])
    until(lambda: stream_lead(player) == {"state": "late", "lead": 0.0})
