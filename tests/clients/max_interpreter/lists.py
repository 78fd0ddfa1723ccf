"""Objects that take lists apart and put them together: unpack, zl, sprintf."""

import re

from tests.clients.max_interpreter.atoms import Atom, MaxError, Message, read_atoms
from tests.clients.max_interpreter.box import Box

LONGEST_LIST = 256  # items that zl keeps
HOLE = re.compile(r"%(%|ld|d|\.?\d*f|s)")


class Unpack(Box):
    """`unpack`: each item of a list at an outlet of its own, the last first."""

    def message(self, inlet: int, message: Message) -> None:
        """Send the items. An item of another type than its outlet is an error here."""
        pairs = list(zip(message.atoms, self.words, strict=False))
        for outlet in reversed(range(len(pairs))):
            atom, kind = pairs[outlet]
            if isinstance(atom, str) != (kind == "s"):
                raise MaxError(f"{self} gets {atom!r} where it has {kind}: {message}")
            if isinstance(atom, str):
                self.send_message(outlet, Message(atom))
            else:
                self.send(outlet, float(atom) if kind == "f" else int(atom))


class ZlJoin(Box):
    """`zl.join`: the list on the left and then the one on the right."""

    def set_up(self) -> None:
        """Begin with an empty list on the right."""
        self.left: tuple[Atom, ...] = ()
        self.right: tuple[Atom, ...] = tuple(self.words)

    def message(self, inlet: int, message: Message) -> None:
        """Keep a list; send both if it came on the left."""
        if inlet:
            self.right = message.atoms
            return
        if message.selector != "bang":
            self.left = message.atoms
        both = self.left + self.right
        if len(both) > LONGEST_LIST:
            raise MaxError(f"{self} cuts a list off after {LONGEST_LIST} items")
        self.send(0, *both)


class ZlReg(Box):
    """`zl.reg`: a list. The right inlet only keeps it. Nothing leaves while it is empty."""

    def set_up(self) -> None:
        """Begin empty."""
        self.kept: tuple[Atom, ...] = tuple(self.words)

    def message(self, inlet: int, message: Message) -> None:
        """Keep a list; send it unless it came on the right."""
        if message.selector != "bang":
            self.kept = message.atoms
        if inlet == 0 and self.kept:
            self.send(0, *self.kept)


class ZlChange(Box):
    """`zl.change`: a list, if it is another than the last."""

    def set_up(self) -> None:
        """Begin with the typed-in list."""
        self.kept: tuple[Atom, ...] = tuple(self.words)

    def message(self, inlet: int, message: Message) -> None:
        """Say on the right whether the list is new; send it if it is."""
        if inlet:
            raise MaxError(f"{self}: its right inlet is not known here")
        is_new = message.atoms != self.kept
        self.kept = message.atoms
        self.send(1, int(is_new))
        if is_new:
            self.send(0, *self.kept)


class Sprintf(Box):
    """`sprintf`: a message made by a format. Without `symout`, its words become atoms again."""

    def set_up(self) -> None:
        """Read the format, and begin with zeros and empty words."""
        text = self.stored["text"].removeprefix("sprintf").strip()
        self.is_symbol = text.startswith("symout ")
        self.format = text.removeprefix("symout ")
        self.kinds = [kind for kind in HOLE.findall(self.format) if kind != "%"]
        self.values: list[Atom] = ["" if kind == "s" else 0 for kind in self.kinds]
        if len(self.kinds) != len(self.sources):
            raise MaxError(f"{self} has {len(self.kinds)} inlets in Max")

    def message(self, inlet: int, message: Message) -> None:
        """Keep values; send the text if they came on the left."""
        if message.selector != "bang":
            atoms = message.atoms
            if len(atoms) > (1 if inlet else len(self.kinds)):
                raise MaxError(f"{self} gets more than it has places for: {message}")
            for index, atom in enumerate(atoms, start=inlet):
                self.values[index] = self._checked(index, atom)
        if inlet:
            return
        text = self.format.replace("%ld", "%d") % tuple(self.values)
        self.send(0, *([text] if self.is_symbol else read_atoms(text)))

    def _checked(self, index: int, atom: Atom) -> Atom:
        """Return a value if Max's reference lists its type for this place of the format."""
        kind = self.kinds[index]
        wanted = str if kind == "s" else float if kind.endswith("f") else int
        if type(atom) is not wanted:
            raise MaxError(f"{self} gets {atom!r} for %{kind}")
        return atom


class Regexp(Box):
    """`regexp`: the groups at the second outlet, or at the fourth what does not match."""

    def message(self, inlet: int, message: Message) -> None:
        """Search one symbol."""
        if len(message.atoms) != 1:
            raise MaxError(f"{self} gets {message}, of which each word would be searched")
        found = re.search(str(self.words[0]), str(message.atoms[0]))
        if found is None:
            self.send(3, *message.atoms)
        else:
            self.send(1, *found.groups())


OBJECTS: dict[str, type[Box]] = {
    "regexp": Regexp, "unpack": Unpack, "zl.join": ZlJoin, "zl.reg": ZlReg,
    "zl.change": ZlChange, "sprintf": Sprintf,
}  # fmt: skip
