"""Objects that order and choose messages: trigger, route, select, gate, prepend."""

from tests.clients.max_interpreter.atoms import BANG, Atom, MaxError, Message
from tests.clients.max_interpreter.box import Box


class Trigger(Box):
    """`t`: the message in each of the forms that its letters name, from right to left."""

    def message(self, inlet: int, message: Message) -> None:
        """Send the message on from each outlet, the last first."""
        for outlet in reversed(range(len(self.words))):
            self.send_message(outlet, _converted(message, self.words[outlet]))


def _converted(message: Message, kind: Atom) -> Message:
    first = message.args[0] if message.is_number else 0
    match kind:
        case "b":
            return BANG
        case "i":
            return Message.of(int(first))
        case "f":
            return Message.of(float(first))
        case "l":
            return Message.of(0) if message == BANG else message
        case "s":
            plain = message.selector in ("bang", "int", "float", "list")
            return Message("" if plain else message.selector)
    raise MaxError(f"t {kind}: a constant is not known here")


class Route(Box):
    """`route`: the rest of a message, at the outlet of its first item."""

    def message(self, inlet: int, message: Message) -> None:
        """Choose the outlet; what matches nothing leaves on the right as it is."""
        if inlet:
            raise MaxError(f"{self}: its arguments are not changed here")
        first, *rest = message.atoms
        for outlet, word in enumerate(self.words):
            if _same(first, word):
                return self.send(outlet, *rest)
        return self.send_message(len(self.words), message)


class Select(Box):
    """`sel`: a bang at the outlet of what came in."""

    def message(self, inlet: int, message: Message) -> None:
        """Choose the outlet; what matches nothing leaves on the right as it is."""
        if inlet:
            self.words = [int(message.args[0])]
            return None
        for outlet, word in enumerate(self.words):
            if _same(message.atoms[0], word):
                return self.send_message(outlet, BANG)
        return self.send_message(len(self.words), message)


def _same(a: Atom, b: Atom) -> bool:
    return type(a) is type(b) and a == b


class Gate(Box):
    """`gate`: what comes in on the right leaves at the outlet that the left inlet named."""

    follows_reference = False  # the reference does not list what passes through

    def set_up(self) -> None:
        """Begin closed."""
        self.open = int(self.number(1, 0))

    def message(self, inlet: int, message: Message) -> None:
        """Open an outlet, or let a message through."""
        if inlet == 0:
            if not message.is_number:
                raise MaxError(f"{self} does not understand {message}")
            self.open = int(message.args[0])
        elif self.open:
            self.send_message(min(max(self.open, 1), len(self.cords)) - 1, message)


class Prepend(Box):
    """`prepend`: its words, and then the message."""

    def message(self, inlet: int, message: Message) -> None:
        """Send the words and the message as one."""
        if message.selector == "set":
            raise MaxError(f"{self} would take {message} for new words")
        self.send(0, *self.words, *message.atoms)


OBJECTS: dict[str, type[Box]] = {
    "t": Trigger, "route": Route, "sel": Select, "gate": Gate, "prepend": Prepend,
}  # fmt: skip
