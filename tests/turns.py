"""Turns of the tests that need the machine to themselves, where pytest runs several at once.

Tests are of three kinds. Ordinary ones run beside each other. One that listens by the clock, and
mostly waits, must not compete with those that compute; it can run beside others that listen. A
test alone runs beside none. Each process of pytest-xdist takes locks for every test: a file for
each kind that runs together is its room, and whoever comes in has found the other rooms empty. A
test that waits for that keeps the door closed, so that no stream of others delays it for ever.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

TOGETHER = ("ordinary", "listens")  # the rooms; the third kind is "alone"


@contextmanager
def turn(folder: Path, kind: str) -> Iterator[None]:
    """Wait for a turn in FOLDER as a test of a kind, and hold it in this context."""
    import fcntl  # not on Windows, where the tests run in one process

    with ExitStack() as files:
        door, *rooms = (
            files.enter_context((folder / name).open("wb")) for name in ("door", *TOGETHER)
        )
        fcntl.flock(door, fcntl.LOCK_EX)
        for name, room in zip(TOGETHER, rooms, strict=True):
            if name != kind:
                fcntl.flock(room, fcntl.LOCK_EX)  # once nobody is in it
                if kind != "alone":
                    fcntl.flock(room, fcntl.LOCK_UN)
        if kind != "alone":
            fcntl.flock(rooms[TOGETHER.index(kind)], fcntl.LOCK_SH)
            fcntl.flock(door, fcntl.LOCK_UN)
        yield  # closing the files gives the locks back


def kind_of(item: pytest.Item | None) -> str:
    """Return the kind of a test, by its marker."""
    marked = (name for name in ("alone", "listens") if item and item.get_closest_marker(name))
    return next(marked, "ordinary")


class Turns:
    """A plugin that gives each test its turn, by its marker: `alone`, `listens` or neither."""

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
            if kind == "ordinary" or kind_of(nextitem) != kind:
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
