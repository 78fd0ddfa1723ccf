"""Messages with a time tag: delivered in time whatever raises, and whatever the wall clock does."""

import time

import pytest

from msanii_live.errors import Code, CommandError
from msanii_live.protocol import replies
from msanii_live.protocol.commands import Ping, Play, Status
from msanii_live.server.handler import Answer, Handler, on_sound
from msanii_live.server.scheduled_messages import TimelineClock
from tests.server.fakes import run

JUMPS = [3_600.0, -3_600.0, 0.2]  # s


def pong(command, call):
    return Answer([replies.PONG(call.token)])


def test_the_time_tag_queue_goes_on_after_a_handler_that_raises():
    def fail(command, call):
        raise ZeroDivisionError("bug")

    async def test(bench):
        now = time.time()
        bench.send("/msanii/status", time_tag=now + 0.05)
        bench.send("/msanii/ping", "id", "later", time_tag=now + 0.1)
        await bench.until(lambda: "/msanii/pong" in bench.wire.addresses())
        assert bench.wire.addresses() == ["/msanii/fail", "/msanii/pong"]

    run(test, {Status: Handler(fail), Ping: Handler(pong)})


def test_a_command_with_a_lead_runs_before_its_time_and_knows_when_it_is_due():
    calls = []

    def play(command, call):
        calls.append((time.time(), call.due))
        return Answer()

    async def test(bench):
        due = time.time() + 0.3
        bench.send("/msanii/play", "a", time_tag=due)
        await bench.until(lambda: calls)
        ran_at, second = calls[0]
        assert ran_at < due - 0.15
        assert second == pytest.approx(due - ran_at, abs=0.1)

    run(test, {Play: on_sound(play, lead=0.25)})


def test_an_early_play_without_its_clip_is_tried_again_at_its_time():
    calls = []

    def play(command, call):
        calls.append(call.due)
        if len(calls) == 1:
            raise CommandError(Code.ENOCLIP, "not made yet")
        return Answer()

    async def test(bench):
        bench.send("/msanii/play", "a", time_tag=time.time() + 0.2)
        await bench.until(lambda: bench.wire.sent)
        assert bench.wire.addresses() == ["/msanii/done"]
        assert calls[0] is not None
        assert calls[1] is None

    run(test, {Play: on_sound(play, lead=0.1)})


class WallClock:
    """The wall clock, set by so many seconds."""

    jump = 0.0

    def __call__(self):
        return time.time() + self.jump


@pytest.mark.parametrize("jump", JUMPS)
def test_what_waits_keeps_its_time_and_its_sound_when_the_wall_clock_is_set(jump):
    calls = []

    def play(command, call):
        calls.append((time.monotonic(), call.due))
        if len(calls) == 1:
            raise CommandError(Code.ENOCLIP, "not made yet")
        return Answer()

    async def test(bench):
        wall = bench.scheduled._queue._wall_clock = WallClock()
        due = time.monotonic() + 0.3
        bench.send("/msanii/play", "a", time_tag=wall() + 0.3)
        wall.jump = jump
        bench.send("/msanii/ping", "id", "after", time_tag=wall() + 0.1)
        await bench.until(lambda: len(bench.wire.sent) == 2)
        (early, second), (at_its_time, now) = calls
        # The timeline of this bench stands at 0, so `second` is how long it was until then.
        assert second == pytest.approx(due - early, abs=0.1)
        assert now is None
        assert at_its_time >= due - 0.001
        assert bench.wire.addresses().count("/msanii/pong") == 1

    run(test, {Play: on_sound(play, lead=0.25), Ping: Handler(pong)})


def test_times_lie_as_far_apart_on_the_timeline_as_they_are():
    now = {"clock": 100.0, "timeline": 7.0}
    clock = TimelineClock(lambda: now["timeline"], lambda: now["clock"])
    assert clock.second_of(None) is None
    assert clock.second_of(99.9) is None
    assert clock.second_of(101.0) == pytest.approx(8.0)
    now["timeline"] += 0.0004  # less than what is corrected
    assert clock.second_of(102.0) == pytest.approx(9.0)
    now["timeline"] += 0.0004
    assert clock.second_of(102.0) == pytest.approx(9.0008)
