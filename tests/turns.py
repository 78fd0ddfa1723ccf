"""Turns of the tests that need the machine to themselves, where pytest runs several at once.

A test that listens to sound by the clock must not compete with another one. Each process of
pytest-xdist takes a lock for every test: shared by ordinary tests, exclusive for a test alone. A
test that waits to be alone keeps the door closed, so that no stream of ordinary tests delays it
for ever.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def turn(folder: Path, alone: bool) -> Iterator[None]:
    """Wait for a turn in FOLDER, beside other tests or ALONE, and hold it in this context."""
    import fcntl  # not on Windows, where the tests run in one process

    with (folder / "door").open("wb") as door, (folder / "room").open("wb") as room:
        fcntl.flock(door, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        if not alone:
            fcntl.flock(door, fcntl.LOCK_UN)
        yield  # closing the files gives the locks back


class Turns:
    """A plugin that gives each test its turn; tests with the marker `alone` run alone."""

    def __init__(self, folder: Path):
        self.folder = folder

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        with turn(self.folder, item.get_closest_marker("alone") is not None):
            return (yield)


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
