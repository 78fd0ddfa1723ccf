"""Servers and a player that several tests share."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from msanii_live.playback.player import Player
from msanii_live.playback.timebase import Timebase
from msanii_live.timing.transport import Transport
from tests.live import live
from tests.turns import register_turns

os.environ.setdefault("GOMP_SPINCOUNT", "200")  # before torch, as the command line does
# No test sees the published models of whoever runs it.
os.environ["MSANII_LIVE_MODELS"] = os.path.join(os.path.dirname(__file__), "no-models")
os.environ["MSANII_LIVE_CONFIG"] = "none"  # nor the settings
# Started in the background of a shell, this process and its children would ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):  # under nohup they would ignore it, and a test sends it
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Tests in which another program takes part: Pure Data, SuperCollider, JACK, Chromium, Ray. On a
# busy machine such a program can miss its own deadline: a failure counts if it comes three times.
OTHER_PROGRAMS = (
    "clients",
    "cluster",
    "midi/test_ports.py",
    "playback/test_real_device.py",
    "web/test_page.py",
    "web/test_page_instrument.py",
    "web/test_page_notes.py",
    "web/test_page_performance.py",
)
# Tests that listen to a stream or a clock while it runs: a machine that stops for a second stops
# them too, and for them the same holds.
REAL_TIME = (
    "playback/test_link.py",
    "server/handlers/test_steering.py",
    "server/handlers/test_stream.py",
    "streaming/test_composed_stream.py",
    "streaming/test_score_source.py",
    "streaming/test_stream.py",
)
# Of these, what waits for what it needs, and does not listen by the clock. Such a test is often
# idle, and another one can use the time.
BESIDE_OTHERS = (
    "clients/test_hosts.py",
    "clients/test_into_live.py",
    "clients/test_max_examples.py",
    "clients/test_max_interpreter.py",
    "clients/test_max_stems.py",
    "clients/test_snippets.py",
    "clients/test_touch_controllers.py",
    "clients/test_tutorial.py",
    "cluster",
    "web",
)
_TESTS = Path(__file__).parent

# A busy machine is no fault of what a test generates.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests with other programs, or by the clock, run alone, and again where they fail."""
    places = [_TESTS / place for place in (*OTHER_PROGRAMS, *REAL_TIME)]
    for item in items:
        if any(item.path.is_relative_to(place) for place in places):
            item.add_marker(pytest.mark.flaky(reruns=2))
            if not any(item.path.is_relative_to(_TESTS / place) for place in BESIDE_OTHERS):
                item.add_marker(pytest.mark.alone)


def pytest_configure(config: pytest.Config) -> None:
    """Let tests wait for each other where several processes run them."""
    register_turns(config)


@pytest.fixture(scope="session")
def tones(tmp_path_factory):
    """A server with the engine of tones: starts without torch."""
    with live(tmp_path_factory.mktemp("tones"), "--engine", "tones") as it:
        yield it


@pytest.fixture(scope="session")
def flow(tmp_path_factory):
    """A server with the engine of audio."""
    with live(tmp_path_factory.mktemp("flow"), "--device", "cpu", "--engine", "mel-flow") as it:
        yield it


@pytest.fixture(scope="session")
def shipped(tmp_path_factory):
    """A server as it ships: with the default engine."""
    with live(tmp_path_factory.mktemp("shipped"), "--device", "cpu") as it:
        yield it


@pytest.fixture
def player():
    """A player without a sound device."""
    timebase = Timebase()
    it = Player(Transport(clock=timebase.now), timebase)
    yield it
    it.close()
