"""A box of a patch: its words, its attributes, and the cords from its outlets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.clients.max_interpreter import reference
from tests.clients.max_interpreter.atoms import Atom, MaxError, Message
from tests.clients.max_interpreter.machine import MAX_DEPTH, Machine

if TYPE_CHECKING:
    from tests.clients.max_interpreter.patch import Patch


class Box:
    """One object. name: as typed, or the class of a control. words: its typed-in arguments."""

    follows_reference = True  # whether Max's reference lists the object and its messages

    def __init__(self, home: Patch, stored: dict[str, Any], name: str, words: list[Atom]) -> None:
        self.home = home
        self.machine: Machine = home.machine
        self.stored = stored
        self.name = name
        self.words, self.attributes = _split_attributes(name, words)
        self.cords: list[list[tuple[Box, int]]] = [[] for _ in range(stored["numoutlets"])]
        self.sources: list[list[tuple[Box, int]]] = [[] for _ in range(stored["numinlets"])]
        self.set_up()

    def __repr__(self) -> str:
        """Return the box as it looks in the patch."""
        return f"[{self.stored.get('text') or self.stored.get('varname') or self.name}]"

    def set_up(self) -> None:
        """Prepare the state of the object from its words."""

    def loaded(self) -> None:
        """Act when the whole patch is loaded."""

    def message(self, inlet: int, message: Message) -> None:
        """Handle a message."""
        raise MaxError(f"{self} has no use for {message} in inlet {inlet}")

    def signal(self, outlet: int) -> float:
        """Return the level of the signal at an outlet now."""
        raise MaxError(f"{self} has no signal")

    def close(self) -> None:
        """Give back what the object holds."""

    # -- cords -------------------------------------------------------------------------------------

    def receive(self, inlet: int, message: Message) -> None:
        """Take a message, if Max's reference says that the object understands it."""
        if self.follows_reference and not reference.understands(self.name, inlet, message):
            raise MaxError(f"{self} does not understand {message} in inlet {inlet}")
        self.machine.depth += 1
        try:
            if self.machine.depth > MAX_DEPTH:
                raise MaxError(f"stack overflow at {self}")
            self.message(inlet, message)
        finally:
            self.machine.depth -= 1

    def send(self, outlet: int, *atoms: Atom) -> None:
        """Send atoms out of an outlet as a message."""
        self.send_message(outlet, Message.of(*atoms))

    def send_message(self, outlet: int, message: Message) -> None:
        """Send a message out of an outlet: to the rightmost box first, depth first."""
        for sink, inlet in self.cords[outlet]:
            sink.receive(inlet, message)

    def level_in(self, inlet: int) -> float:
        """Return the sum of the signals at an inlet."""
        return sum(
            source.signal(outlet)
            for source, outlet in self.sources[inlet]
            if source.stored["outlettype"][outlet] == "signal"
        )

    def number(self, index: int, default: float) -> float:
        """Return a typed-in argument that is a number."""
        if index >= len(self.words):
            return default
        value = self.words[index]
        if isinstance(value, str):
            raise MaxError(f"{self}: {value} is no number")
        return value


def _split_attributes(name: str, words: list[Atom]) -> tuple[list[Atom], dict[str, list[Atom]]]:
    arguments: list[Atom] = []
    found: dict[str, list[Atom]] = {}
    into = arguments
    for word in words:
        if isinstance(word, str) and word.startswith("@"):
            if word[1:] not in reference.attributes(name):
                raise MaxError(f"{name} has no attribute {word}")
            into = found[word[1:]] = []
        else:
            into.append(word)
    return arguments, found
