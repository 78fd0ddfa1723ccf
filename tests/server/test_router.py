"""The router: one terminal reply a message, whatever its handler does."""

import threading

import pytest

from msanii_live.errors import Code, CommandError, ConfigError
from msanii_live.protocol import replies
from msanii_live.protocol.commands import (
    COMMANDS,
    Caps,
    ClipInfoCommand,
    ClipLoad,
    EngineLoad,
    Ping,
    Play,
    Status,
    Stop,
)
from msanii_live.server import background_tasks
from msanii_live.server.handler import Answer, Handler, Lane, on_disk, on_sound, on_worker
from msanii_live.server.handlers import combine
from tests.server.fakes import CLIENT, OTHER, run

RAISED = [
    (CommandError(Code.EBUSY, "too much"), "EBUSY"),
    (OSError(24, "Too many open files"), "EPATH"),
    (PermissionError(13, "Permission denied"), "EPATH"),
    (ZeroDivisionError("a bug"), "EINTERNAL"),
    (ImportError("libcudart.so.13: cannot open shared object file"), "EENGINE"),
    (MemoryError(), "EOOM"),
    (ConfigError("device is cuda: there is none"), "EINTERNAL"),
    (RecursionError(), "EINTERNAL"),
]
LANES = list(Lane)


def pong(command, call):
    return Answer([replies.PONG(call.token)])


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize(("error", "code"), RAISED, ids=lambda value: str(value)[:24])
def test_whatever_a_handler_raises_is_one_failure(error, code, lane):
    def fail(command, call):
        raise error

    async def test(bench):
        bench.send("/msanii/status", "id", "x")
        await bench.until(lambda: bench.wire.sent)
        bench.send("/msanii/ping", "id", "after")
        await bench.until(lambda: "/msanii/pong" in bench.wire.addresses())
        assert bench.wire.addresses() == ["/msanii/fail", "/msanii/pong"]
        address, token, job, told, text = bench.wire.failures()[0]
        assert (address, token, job, told) == ("/msanii/status", "x", -1, code)
        assert text

    run(test, {Status: Handler(fail, lane), Ping: Handler(pong)})


def test_a_handler_that_raises_does_not_lose_the_rest_of_its_packet():
    from msanii_live.osc.codec import Message

    def fail(command, call):
        raise KeyError("bug")

    async def test(bench):
        packet = (Message("/msanii/status", ()), Message("/msanii/ping", ("id", "b")))
        bench.router.receive(packet, CLIENT)
        assert bench.wire.addresses() == ["/msanii/fail", "/msanii/pong"]

    run(test, {Status: Handler(fail), Ping: Handler(pong)})


def test_a_reply_that_cannot_be_encoded_is_a_failure_and_nothing_else():
    def huge(command, call):
        return Answer([replies.JOB_QUEUED("t", 2**40, 0, 0, 0.0)])

    async def test(bench):
        bench.send("/msanii/status", "id", "x")
        assert bench.wire.addresses() == ["/msanii/fail"]
        assert bench.wire.failures()[0][3] == "EINTERNAL"

    run(test, {Status: Handler(huge)})


def test_done_is_added_where_the_table_promises_it():
    rows = Answer([replies.CAPS("a", "1", "t"), replies.CAPS("b", "2", "t")])

    async def test(bench):
        bench.send("/msanii/caps", "id", "t")
        bench.send("/msanii/ping")
        bench.send("/msanii/stop")
        await bench.until(lambda: len(bench.wire.sent) == 5)
        assert bench.wire.addresses() == [
            "/msanii/caps", "/msanii/caps", "/msanii/done", "/msanii/pong", "/msanii/done",
        ]  # fmt: skip

    run(
        test,
        {
            Caps: Handler(lambda command, call: rows),
            Ping: Handler(pong),
            Stop: on_sound(lambda command, call: Answer()),
        },
    )


def test_an_answer_may_go_elsewhere_and_act_once_it_is_sent():
    order = []

    def answer(command, call):
        return Answer([], routes=(OTHER,), then=lambda: order.append(len(order)))

    async def test(bench):
        bench.send("/msanii/stop")
        assert bench.wire.addresses(OTHER) == ["/msanii/done"]
        assert bench.wire.addresses(CLIENT) == []
        assert order == [0]

    run(test, {Stop: Handler(answer)})


def test_each_lane_has_its_thread():
    seen = {}

    def where(command, call):
        seen[type(command)] = threading.current_thread()
        return Answer()

    async def test(bench):
        bench.send("/msanii/clip/load", "a.wav")
        bench.send("/msanii/stop")
        bench.send("/msanii/engine/load", "tones")
        bench.send("/msanii/ping")
        await bench.until(lambda: len(seen) == 4)
        assert seen[ClipLoad].name.startswith("disk")
        assert seen[Stop].name.startswith("sound")
        assert seen[EngineLoad] in bench.worker_calls
        assert seen[Ping] is threading.current_thread()

    run(
        test,
        {
            ClipLoad: on_disk(where),
            Stop: on_sound(where),
            EngineLoad: on_worker(where),
            Ping: Handler(where),
        },
    )


def test_stop_does_not_wait_for_the_disk():
    release = threading.Event()

    def load(command, call):
        assert release.wait(10)
        return Answer()

    async def test(bench):
        bench.send("/msanii/clip/load", "long.wav", "id", "load")
        bench.send("/msanii/stop", "id", "stop")
        await bench.until(lambda: bench.wire.sent)
        assert bench.wire.sent[0][1].args[1] == "stop"
        release.set()
        await bench.until(lambda: len(bench.wire.sent) == 2)

    try:
        run(test, {ClipLoad: on_disk(load), Stop: on_sound(lambda command, call: Answer())})
    finally:
        release.set()


def test_play_waits_for_the_clip_that_is_being_loaded():
    release, clips, tries = threading.Event(), set(), []

    def load(command, call):
        assert release.wait(10)
        clips.add("long")
        return Answer()

    def play(command, call):
        tries.append(command.clip)
        if command.clip not in clips:
            raise CommandError(Code.ENOCLIP, "no clip")
        return Answer()

    async def test(bench):
        bench.send("/msanii/clip/load", "long.wav", "id", "load")
        bench.send("/msanii/play", "long", "id", "play")
        bench.tasks.sync("7", (CLIENT,))
        await bench.until(lambda: tries)
        assert not bench.wire.sent
        release.set()
        await bench.until(lambda: len(bench.wire.sent) == 3)
        assert [m.args[1:] for _, m in bench.wire.sent][:2] == [("load", -1), ("play", -1)]
        assert bench.wire.sent[2][1].address == "/msanii/synced"
        bench.send("/msanii/play", "other", "id", "none")
        await bench.until(lambda: bench.wire.failures())
        assert bench.wire.failures()[0][3] == "ENOCLIP"

    try:
        run(
            test,
            {
                ClipLoad: on_disk(load),
                Play: on_sound(play),
            },
        )
    finally:
        release.set()


def test_a_command_for_a_clip_that_is_being_loaded_waits_for_it():
    release, clips = threading.Event(), set()

    def load(command, call):
        assert release.wait(10)
        clips.add("long")
        return Answer()

    def info(command, call):
        if command.name not in clips:
            raise CommandError(Code.ENOCLIP, "no clip")
        return Answer([replies.PONG(call.token)])

    async def test(bench):
        bench.send("/msanii/clip/info", "long", "id", "too early")
        assert bench.wire.failures()[0][3] == "ENOCLIP"
        bench.send("/msanii/clip/load", "long.wav", "id", "load")
        bench.send("/msanii/clip/info", "long", "id", "waits")
        bench.send("/msanii/clip/info", "other", "id", "in vain")
        bench.tasks.sync("s", (CLIENT,))
        release.set()
        await bench.until(lambda: "/msanii/synced" in bench.wire.addresses())
        assert bench.wire.addresses() == [
            "/msanii/fail", "/msanii/done", "/msanii/pong", "/msanii/fail", "/msanii/synced",
        ]  # fmt: skip
        assert bench.wire.failures()[1][1] == "in vain"

    try:
        run(test, {ClipLoad: on_disk(load), ClipInfoCommand: Handler(info)})
    finally:
        release.set()


def test_commands_that_wait_for_a_clip_are_bounded(monkeypatch):
    monkeypatch.setattr(background_tasks, "MAX_WAITING", 3)
    release = threading.Event()

    def load(command, call):
        assert release.wait(10)
        return Answer()

    def info(command, call):
        raise CommandError(Code.ENOCLIP, "no clip")

    async def test(bench):
        bench.send("/msanii/clip/load", "long.wav", "id", "load")
        for n in range(4):
            bench.send("/msanii/clip/info", "long", "id", f"i{n}")
        assert [args[1:4:2] for args in bench.wire.failures()] == [("i2", "EBUSY"), ("i3", "EBUSY")]
        release.set()
        await bench.until(lambda: len(bench.wire.sent) == 5)
        codes = {args[1]: args[3] for args in bench.wire.failures()}
        assert codes == {"i0": "ENOCLIP", "i1": "ENOCLIP", "i2": "EBUSY", "i3": "EBUSY"}

    try:
        run(test, {ClipLoad: on_disk(load), ClipInfoCommand: Handler(info)})
    finally:
        release.set()


def test_replies_are_not_answered():
    async def test(bench):
        bench.send("/msanii/pong", "x")
        bench.send("/msanii/fail", "a", "b", -1, "EARG", "text")
        assert not bench.wire.sent
        assert bench.router.counters["ignored_replies"] == 2

    run(test, {Ping: Handler(pong)})


def test_the_table_must_cover_every_command_once():
    whole = {command: Handler(pong) for command in COMMANDS}
    assert set(combine([whole])) == set(COMMANDS)
    without = {c: h for c, h in whole.items() if c is not Ping}
    with pytest.raises(ValueError, match="no handler for Ping"):
        combine([without])
    with pytest.raises(ValueError, match="two handlers for Ping"):
        combine([whole, {Ping: Handler(pong)}])
    with pytest.raises(ValueError, match="no command: int"):
        combine([whole, {int: Handler(pong)}])


def test_a_question_has_a_value_and_an_act_has_none():
    async def test(bench):
        assert bench.router.current_value("/msanii/status").address == "/msanii/status"
        assert bench.router.current_value("/msanii/stop") is None
        assert bench.router.current_value("/msanii/caps") is None
        assert bench.router.current_value("/no/such") is None

    run(
        test,
        {
            Status: Handler(pong, question=lambda: replies.STATUS("idle", 0, 0, 0, 0.0, 0.0, 0)),
            Stop: Handler(pong),
            Caps: Handler(pong),
        },
    )
