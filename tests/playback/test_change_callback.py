"""Check that the player says when its regions change, and whether all commands had their effect."""

import threading

from msanii_live.playback.host_proxy import SilentHost
from msanii_live.playback.player import Player
from msanii_live.playback.timebase import Timebase
from msanii_live.timing.transport import Transport
from tests.library.clips import noise


class SlowHost(SilentHost):
    """A host that executes commands when a test lets it."""

    def __init__(self, on_event, origin):
        super().__init__(on_event, origin, "a device")
        self.held = []

    def send(self, numbered):
        self.held.append(numbered)

    def let_go(self):
        held, self.held = self.held, []
        for numbered in held:
            super().send(numbered)


def test_a_change_is_reported_once_the_host_has_executed_it():
    hosts = []
    timebase = Timebase()
    player = Player(
        Transport(clock=timebase.now),
        timebase,
        lambda on_event, origin: hosts.append(SlowHost(on_event, origin)) or hosts[-1],
    )
    reported, changed = [], threading.Event()

    def on_change():
        reported.append((player.is_acknowledged, [r.track for r in player.regions()]))
        changed.set()

    try:
        player.set_change_callback(on_change)
        assert player.is_acknowledged
        player.play(noise("a", 44_100))
        assert not player.is_acknowledged
        assert reported == []
        hosts[0].let_go()
        assert changed.wait(10)
        assert reported[-1] == (True, ["a"])
        changed.clear()
        player.stop(None)
        assert not player.is_acknowledged
        hosts[0].let_go()
        assert changed.wait(10)
        assert player.is_acknowledged
    finally:
        hosts[0].let_go()
        player.close()
