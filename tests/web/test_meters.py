"""Check meters, playing tracks and the stream's lead on a real player without a device."""

import time

import numpy as np

from msanii_live.audio import make_clip
from msanii_live.web.meters import FLOOR_DB, Meters, playing_tracks, stream_lead
from tests.playback.fakes import wait_until

RATE = 44_100


def steady(left, right, seconds=30.0):
    frames = round(seconds * RATE)
    return np.tile(np.float32([left, right]), (frames, 1))


def test_meters_read_peak_and_rms_of_each_side(player):
    meters = Meters(player)
    assert meters.read() == {
        "output": {"peak": [FLOOR_DB] * 2, "rms": [FLOOR_DB] * 2},
        "input": None,
    }
    player.play(make_clip(steady(0.5, 0.25), RATE, name="steady"), fade=0.0)
    steady_reading = {"peak": [-6.0, -12.0], "rms": [-6.0, -12.0]}
    wait_until(lambda: meters.read()["output"] == steady_reading)
    player.stop(None)
    wait_until(lambda: meters.read()["output"]["peak"] == [FLOOR_DB] * 2)


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
    wait_until(lambda: len(playing_tracks(player)) == 2)
    assert playing_tracks(player) == [
        {"name": "once", "loop": False},
        {"name": "round", "loop": True},
    ]


def test_the_lead_is_what_is_ready_and_late_once_the_last_bar_repeats(player):
    assert stream_lead(player) is None
    clip = make_clip(steady(0.1, 0.1, 1.5), RATE, name="begun")
    region = player.play(clip, track="begun")
    player.loop_after(clip, region, steady(0.1, 0.1, 0.5), "stream")
    wait_until(lambda: stream_lead(player) is not None)
    first = stream_lead(player)
    assert first["state"] == "runs"
    assert 0 < first["lead"] <= 1.6
    chunk = make_clip(steady(0.1, 0.1, 1.0), RATE, name="")
    player.play_after(
        chunk, region, fallback=steady(0.1, 0.1, 0.5), track="stream", must_follow=True
    )
    wait_until(lambda: stream_lead(player)["lead"] > first["lead"])
    wait_until(lambda: stream_lead(player) == {"state": "late", "lead": 0.0})
