"""The controls of Max: message boxes, buttons, sliders, numbers, lamps and comments."""

import re

from tests.clients.max_interpreter.atoms import (
    BANG,
    COMMA,
    SEMICOLON,
    Atom,
    MaxError,
    Message,
    read_tokens,
)
from tests.clients.max_interpreter.box import Box

HOLE = re.compile(r"\$([1-9])")


class MessageBox(Box):
    """A message box: its messages, with the items of what came in for $1 to $9."""

    def set_up(self) -> None:
        """Read the text."""
        self.edit(self.stored["text"])

    def edit(self, text: str) -> None:
        """Change the text, as a user does who types."""
        self.parts: list[list[list[Atom]]] = [[[]]]  # by semicolons, then by commas
        for token in read_tokens(text):
            if token is SEMICOLON:
                self.parts.append([[]])
            elif token is COMMA:
                self.parts[-1].append([])
            else:
                self.parts[-1][-1].append(token)  # type: ignore[arg-type]

    def click(self) -> None:
        """Click it."""
        self.receive(0, BANG)

    def message(self, inlet: int, message: Message) -> None:
        """Send the messages."""
        if inlet or message.selector in ("set", "append", "prepend", "setargs"):
            raise MaxError(f"{self}: changing its text by {message} is not known here")
        items = () if message == BANG else message.atoms
        for index, part in enumerate(self.parts):
            for words in part:
                atoms = [_filled(word, items) for word in words]
                if index == 0 and atoms:
                    self.send(0, *atoms)
                elif atoms:
                    self._send_to(str(atoms[0]), Message.of(*atoms[1:]))

    def _send_to(self, name: str, message: Message) -> None:
        """Send to a receiver by name: those after a semicolon."""
        if not self.machine.receivers[name]:
            raise MaxError(f"{self}: nobody receives {name}")
        for receiver in self.machine.receivers[name]:
            receiver(message)


def _filled(word: Atom, items: tuple[Atom, ...]) -> Atom:
    if not isinstance(word, str) or "$" not in word:
        return word
    hole = HOLE.fullmatch(word)
    if not hole:
        raise MaxError(f"{word}: only whole words are replaced here")
    index = int(hole[1]) - 1
    return items[index] if index < len(items) else 0


class Button(Box):
    """`button`: a bang for anything."""

    def click(self) -> None:
        """Click it."""
        self.receive(0, BANG)

    def message(self, inlet: int, message: Message) -> None:
        """Send a bang."""
        self.send_message(0, BANG)


class Toggle(Box):
    """`toggle`: 1 or 0 in turn."""

    value = 0

    def click(self) -> None:
        """Click it."""
        self.receive(0, BANG)

    def message(self, inlet: int, message: Message) -> None:
        """Change over, or take a number."""
        self.value = int(message.args[0]) if message.is_number else int(not self.value)
        self.send(0, self.value)


class Shown(Box):
    """`slider`, `number`, `flonum` and `led`: a number that is shown and sent on."""

    value: int | float = 0

    def drag(self, value: float) -> None:
        """Move it with the mouse."""
        self.receive(0, Message.of(value))

    def message(self, inlet: int, message: Message) -> None:
        """Show a number and send it on."""
        if not message.is_number:
            raise MaxError(f"{self}: {message} is not known here")
        number = message.args[0]
        assert not isinstance(number, str)
        self.value = float(number) if self.name == "flonum" else int(number)
        if self.name == "led":
            self.value = int(self.value != 0)
        if self.name == "slider":
            self.value = min(max(self.value, 0), 127)
        self.send(0, self.value)


class Comment(Box):
    """`comment`: words that `set` replaces."""

    def set_up(self) -> None:
        """Show the typed-in words."""
        self.shown = self.stored["text"]

    def message(self, inlet: int, message: Message) -> None:
        """Show other words."""
        if message.selector != "set":
            raise MaxError(f"{self}: {message} is not known here")
        self.shown = " ".join(map(str, message.args))


OBJECTS: dict[str, type[Box]] = {
    "message": MessageBox, "button": Button, "toggle": Toggle, "slider": Shown, "number": Shown,
    "flonum": Shown, "led": Shown, "comment": Comment,
}  # fmt: skip
