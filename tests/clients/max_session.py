"""Open our Max patches in the interpreter, as a user would, against a server."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tests.clients.max_interpreter.machine import Machine
from tests.clients.max_interpreter.patch import PACKAGE, Patch

CLIENT = PACKAGE / "patchers" / "msanii.maxpat"
PLAYER = PACKAGE / "patchers" / "msanii-player~.maxpat"
DEVICE = PACKAGE / "devices" / "Msanii Live.amxd"
PATIENCE = 40_000.0  # ms of virtual time


@contextlib.contextmanager
def machine(seed: int | None = None, left_first: bool = False) -> Iterator[Machine]:
    """Run Max. At the end, its console must be empty."""
    it = Machine(seed, left_first)
    try:
        yield it
        assert it.console == []
    finally:
        it.close()


@contextlib.contextmanager
def opened(it: Machine, path: Path, port: int) -> Iterator[Patch]:
    """Open a patch whose user has typed the server's port into `udpsend`."""
    patch = Patch.open(it, path, {"udpsend 127.0.0.1 7770": f"udpsend 127.0.0.1 {port}"})
    try:
        yield patch
    finally:
        patch.close()


class ClientBox:
    """The msanii box on its own, by its five outlets."""

    def __init__(self, patch: Patch) -> None:
        """Take the opened client."""
        self.machine = patch.machine
        self._patch = patch
        self._path, self._progress, self._light, self._words, self._replies = patch.came_out

    def send(self, *atoms: int | float | str) -> None:
        """Send a message into it, as a message box does."""
        self._patch.inlets[0].send(0, *atoms)

    @property
    def paths(self) -> list[str]:
        """The paths that came out, in order."""
        return [message.selector for message in self._path]

    @property
    def progress(self) -> list[float]:
        """The progress that came out, in order."""
        return [float(message.args[0]) for message in self._progress]

    @property
    def words(self) -> list[str]:
        """What it said, in order."""
        return [message.selector for message in self._words]

    @property
    def is_lit(self) -> bool:
        """Whether the lamp at its outlet is lit."""
        return bool(self._light and self._light[-1].args[0])

    @property
    def replies(self) -> list[tuple[int | float | str, ...]]:
        """All replies, in order."""
        return [message.atoms for message in self._replies]

    def wait_for(self, word: str) -> None:
        """Wait until it says a word anew."""
        before = len(self.words)
        self.machine.wait_until(lambda: word in self.words[before:])

    def connect(self) -> None:
        """Let time pass until the server answers."""
        self.machine.advance_until(lambda: self.is_lit, PATIENCE)
