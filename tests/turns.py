"""Turns of the tests that need the machine to themselves, where pytest runs several at once.

Tests are of four kinds. Those that compute run beside each other, as many as there are cores, and
beside those that mostly wait for other programs. One that listens by the clock must not compete
with these; it can run beside others that listen. A test alone runs beside none. Each process of
pytest-xdist takes locks for every test. A file is the room of those that run together, and whoever
comes in has found the other room empty. A test that waits for that keeps the door closed, so that
no stream of others delays it for ever.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

ROOMS = {"computes": "work", "waits": "work", "listens": "listening"}
SLOTS = min(max(2, os.cpu_count() or 2), 8)  # how many compute at a time


@contextmanager
def turn(folder: Path, kind: str) -> Iterator[None]:
    """Wait for a turn in FOLDER as a test of a kind, and hold it in this context."""
    import fcntl  # not on Windows, where the tests run in one process

    with ExitStack() as files:

        def opened(name: str) -> int:
            return files.enter_context((folder / name).open("wb")).fileno()

        if kind == "computes":
            _take_one([opened(f"slot {n}") for n in range(SLOTS)])
        door = opened("door")
        fcntl.flock(door, fcntl.LOCK_EX)
        for name in {*ROOMS.values()} - {ROOMS.get(kind)}:
            room = opened(name)
            fcntl.flock(room, fcntl.LOCK_EX)  # once nobody is in it
            if kind != "alone":
                fcntl.flock(room, fcntl.LOCK_UN)
        if kind != "alone":
            fcntl.flock(opened(ROOMS[kind]), fcntl.LOCK_SH)
            fcntl.flock(door, fcntl.LOCK_UN)
        yield  # closing the files gives the locks back


def _take_one(files: list[int]) -> None:
    """Lock one of several files that nobody else has locked, once there is one."""
    import fcntl

    while True:
        for file in files:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            return
        time.sleep(0.02)


def kind_of(item: pytest.Item | None) -> str:
    """Return the kind of a test, by its marker."""
    kinds = ("alone", "listens", "waits")
    return next((kind for kind in kinds if item and item.get_closest_marker(kind)), "computes")


class Turns:
    """A plugin that gives each test its turn, by its marker: alone, listens, waits or none."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._held = ExitStack()
        self._kind = ""  # of the turn that is held

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Iterator[None]:
        kind = kind_of(item)
        if kind != self._kind:
            self._held.enter_context(turn(self._folder, kind))
            self._kind = kind
        try:
            return (yield)
        finally:
            # Nothing that computes comes between two tests that it would have to wait for.
            if kind not in ("alone", "listens") or kind_of(nextitem) != kind:
                self._held.close()
                self._kind = ""


class Folder:
    """A plugin of the process that starts the others: makes the folder of the locks."""

    def __init__(self, config: pytest.Config):
        folder = tempfile.TemporaryDirectory(prefix="msanii-live-turns-")
        config.add_cleanup(folder.cleanup)
        self.name = folder.name

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node) -> None:  # a hook of pytest-xdist
        node.workerinput["turns"] = self.name


def register_turns(config: pytest.Config) -> None:
    """Register what gives the tests turns; one process alone needs none."""
    if hasattr(config, "workerinput"):
        config.pluginmanager.register(Turns(Path(config.workerinput["turns"])))
    elif config.getoption("numprocesses", None):
        config.pluginmanager.register(Folder(config))
