"""Servers and a player that several tests share."""

import os
import signal
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from msanii_live.playback.player import Player
from msanii_live.playback.timebase import Timebase
from msanii_live.timing.transport import Transport
from tests.live import live
from tests.turns import kind_of, register_turns

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
    "playback/test_real_alone.py",
    "web/test_page.py",
    "web/test_page_early.py",
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
# And what computes while it listens.
ALONE = (
    "midi/test_ports.py",
    "playback/test_real_alone.py",
    "streaming/test_composed_stream.py",
)
# Tests that need next to no processor: they wait for Ray, or for a clock.
WAITING = ("cluster", "faults/test_clock_jumps.py", "web/test_feed.py", "web/test_meters.py")
# The files that take longest, the longest first: one that begins last keeps the others waiting.
# Those with Ray are not side by side here: each starts a dozen processes.
LONGEST = (
    "streaming/test_score_source.py",
    "playback/test_real_device.py",
    "clients/test_pd_library.py",
    "streaming/test_stream.py",
    "server/handlers/test_stream.py",
    "clients/test_real_clients.py",
    "clients/test_super_collider.py",
    "cluster/test_workers.py",
    "engines/mel_flow/test_engine.py",
    "web/test_page.py",
    "faults/test_disk_faults.py",
    "faults/test_output.py",
    "cluster/test_links.py",
    "engines/composer/test_tasks.py",
    "cli/test_doctor.py",
    "engines/mel_flow/test_levels.py",
    "engines/mel_flow/test_music.py",
    "cluster/test_nodes.py",
    "faults/test_shutdown.py",
    "engines/composer/test_trained.py",
    "server/test_hostile_values.py",
    "training/test_composer_commands.py",
    "training/trainers/test_note_diffusion.py",
    "web/test_page_instrument.py",
    "web/test_page_performance.py",
    "web/test_page_early.py",
)
_TESTS = Path(__file__).parent

# A busy machine is no fault of what a test generates.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests with other programs, or by the clock, fail twice; mark them; put all in order."""
    for item in items:
        if is_in(item.path, (*OTHER_PROGRAMS, *REAL_TIME)):
            item.add_marker(pytest.mark.flaky(reruns=2))
            if is_in(item.path, ALONE):
                item.add_marker(pytest.mark.alone)
            elif not is_in(item.path, BESIDE_OTHERS):
                item.add_marker(pytest.mark.listens)
        if is_in(item.path, WAITING):
            item.add_marker(pytest.mark.waits)
    items.sort(key=place_in_order)


@cache
def is_in(path: Path, places: tuple[str, ...]) -> bool:
    """Return whether a file is one of some files, or in one of some folders, of the tests."""
    return any(path.is_relative_to(_TESTS / place) for place in places)


def place_in_order(item: pytest.Item) -> tuple[int, int]:
    """Return where a test comes, so that no process waits long for another, nor at the end.

    Those that listen are first: all processes have such a file then. Long files are before short
    ones.
    """
    kind = ("listens", "alone", "waits", "computes").index(kind_of(item))
    long = next((n for n, place in enumerate(LONGEST) if is_in(item.path, (place,))), len(LONGEST))
    return min(kind, 2), long


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
