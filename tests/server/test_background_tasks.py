"""Check that commands of one client wait for none of another's, and are bounded for each."""

import threading

from msanii_live.protocol.commands import Play, Stop
from msanii_live.server import background_tasks
from msanii_live.server.handler import Answer, on_sound
from tests.server.fakes import OTHER, run


def test_a_stop_waits_for_no_other_client(monkeypatch):
    monkeypatch.setattr(background_tasks, "MAX_WAITING", 20)
    release = threading.Event()

    def play(command, call):
        assert release.wait(10)
        return Answer()

    async def test(bench):
        for n in range(25):
            bench.send("/msanii/play", "a", "id", f"p{n}")
        busy = [args[1] for args in bench.wire.failures()]
        assert busy == [f"p{n}" for n in range(20, 25)]
        bench.send("/msanii/stop", source=OTHER)
        await bench.until(lambda: bench.wire.addresses(OTHER))
        assert bench.wire.addresses(OTHER) == ["/msanii/done"]
        assert "/msanii/done" not in bench.wire.addresses()
        release.set()
        await bench.until(lambda: bench.wire.addresses().count("/msanii/done") == 20)

    try:
        run(test, {Play: on_sound(play), Stop: on_sound(lambda command, call: Answer())})
    finally:
        release.set()


def test_other_threads_are_let_run_for_longer_while_commands_of_sound_run(monkeypatch):
    slept = []
    monkeypatch.setattr(background_tasks.time, "sleep", slept.append)
    monkeypatch.setattr(background_tasks, "_SOUND_SLICE", 10.0)
    release = threading.Event()

    def stop(command, call):
        assert release.wait(10)
        return Answer()

    async def test(bench):
        bench.tasks.give_way(0.0002)
        assert slept == [0.0002]
        bench.send("/msanii/stop")
        threading.Timer(0.05, release.set).start()
        bench.tasks.give_way(0.0002)  # until the stop has ended
        assert release.is_set()
        assert slept == [0.0002]
        await bench.until(lambda: bench.wire.addresses() == ["/msanii/done"])

    try:
        run(test, {Stop: on_sound(stop)})
    finally:
        release.set()
