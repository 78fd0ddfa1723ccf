"""The silent player, which several tests share."""

import pytest

from msanii_live.playback.player import Player
from msanii_live.playback.timebase import Timebase
from msanii_live.timing.transport import Transport


@pytest.fixture
def player():
    timebase = Timebase()
    it = Player(Transport(clock=timebase.now), timebase)
    yield it
    it.close()
