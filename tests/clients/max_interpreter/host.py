"""Objects that speak to Max itself and to keyboards: print, pcontrol, opendialog, notein."""

from pathlib import Path

from tests.clients.max_interpreter.atoms import BANG, MaxError, Message
from tests.clients.max_interpreter.box import Box

PACKAGE = Path(__file__).parents[3] / "max_patches" / "msanii-live"


class Print(Box):
    """`print NAME`: the message in the console."""

    def message(self, inlet: int, message: Message) -> None:
        """Print the message."""
        words = " ".join(map(str, message.atoms))
        self.machine.printed.append(f"{self.words[0]}: {words}")


class Pcontrol(Box):
    """`pcontrol`: opens a patch that lies in the search path."""

    def message(self, inlet: int, message: Message) -> None:
        """Open a patch."""
        if message.selector != "load":
            raise MaxError(f"{self}: {message} is not known here")
        name = str(message.args[0])
        if not list(PACKAGE.rglob(name)):
            raise MaxError(f"{self}: no patch is called {name}")
        self.machine.opened.append(name)


class OpenDialog(Box):
    """`opendialog`: the path of the file that the user chooses."""

    def message(self, inlet: int, message: Message) -> None:
        """Send the path, or a bang on the right if the user chooses none."""
        chosen = self.machine.chosen_file
        if chosen:
            self.send_message(0, Message(str(chosen)))
        else:
            self.send_message(1, BANG)


class NoteIn(Box):
    """`notein`: notes from Live's track."""

    def press(self, pitch: int, velocity: int) -> None:
        """Send channel, velocity and pitch. A velocity of 0 lets the key go."""
        self.send(2, 1)
        self.send(1, velocity)
        self.send(0, pitch)


class StripNote(Box):
    """`stripnote`: notes without the ends of notes."""

    velocity = 0

    def message(self, inlet: int, message: Message) -> None:
        """Keep a velocity; send a pitch if its velocity is not 0."""
        if inlet:
            self.velocity = int(message.args[0])
        elif self.velocity:
            self.send(1, self.velocity)
            self.send(0, int(message.args[0]))


OBJECTS: dict[str, type[Box]] = {
    "print": Print, "pcontrol": Pcontrol, "opendialog": OpenDialog, "notein": NoteIn,
    "stripnote": StripNote,
}  # fmt: skip
