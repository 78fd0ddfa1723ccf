"""A patch: its boxes and cords, read from the file that Max would open."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from max_patches.generators import amxd
from tests.clients.max_interpreter import (
    clocks,
    controls,
    host,
    lists,
    live_controls,
    network,
    numbers,
    reference,
    routing,
    scripts,
    signals,
)
from tests.clients.max_interpreter.atoms import Atom, MaxError, Message, read_atoms
from tests.clients.max_interpreter.box import Box
from tests.clients.max_interpreter.machine import Machine

PACKAGE = Path(__file__).parents[3] / "max_patches" / "msanii-live"
OBJECTS: dict[str, type[Box]] = {
    **routing.OBJECTS, **numbers.OBJECTS, **lists.OBJECTS, **clocks.OBJECTS, **network.OBJECTS,
    **controls.OBJECTS, **live_controls.OBJECTS, **signals.OBJECTS, **host.OBJECTS,
    **scripts.OBJECTS,
}  # fmt: skip
VARIADIC = {"t", "route", "sel", "unpack", "gate", "groove~", "wave~"}  # by their arguments


class Port(Box):
    """An inlet or an outlet of a patch, seen from inside."""

    follows_reference = False

    def message(self, inlet: int, message: Message) -> None:
        """Pass a message out of the box that this patch is in, or keep it if there is none."""
        self.home.passes_out(self, message)

    def signal(self, outlet: int) -> float:
        """Return the level that comes into the box that this patch is in."""
        holder, index = self.home.holder, self.home.inlets.index(self)
        return holder.level_in(index) if holder else 0.0


class Holder(Box):
    """A box with a patch in it: a subpatcher, or an abstraction by the name of its file."""

    follows_reference = False
    inside: "Patch"

    def message(self, inlet: int, message: Message) -> None:
        """Pass a message to the inlet inside."""
        self.inside.inlets[inlet].send_message(0, message)

    def signal(self, outlet: int) -> float:
        """Return the level at the outlet inside."""
        return self.inside.outlets[outlet].level_in(0)

    def loaded(self) -> None:
        """Load the patch inside."""
        self.inside.load()

    def close(self) -> None:
        """Close the patch inside."""
        self.inside.close()


class Patch:
    """The boxes of one patcher. came_out: what came to each outlet, if it is not in another patch.

    typed: text of boxes that the user changes before the patch is loaded, old to new.
    """

    def __init__(
        self, machine: Machine, patcher: Mapping[str, Any], typed: Mapping[str, str], unique: str,
        holder: Holder | None = None,
    ) -> None:  # fmt: skip
        self.machine, self.holder = machine, holder
        self._typed, self._unique = typed, unique
        self._by_id = {item["box"]["id"]: self._make(item["box"]) for item in patcher["boxes"]}
        self.inlets = self._ports("inlet")
        self.outlets = self._ports("outlet")
        self.came_out: list[list[Message]] = [[] for _ in self.outlets]
        self._connect(patcher["lines"])

    @classmethod
    def open(cls, machine: Machine, path: Path, typed: Mapping[str, str] | None = None) -> "Patch":
        """Open a .maxpat, .maxhelp or .amxd file, and let its loadbangs go off."""
        if path.suffix == ".amxd":
            patcher = amxd.unpack(path.read_bytes())[1]["patcher"]
        else:
            patcher = json.loads(path.read_text("utf-8"))["patcher"]
        patch = cls(machine, patcher, typed or {}, str(machine.next_instance()))
        patch.load()
        return patch

    def load(self) -> None:
        """Restore the parameters, then let the loadbangs go off, those of inner patches first."""
        boxes = list(self._by_id.values())
        for kind in (live_controls.Parameter, Holder, Box):
            for box in [box for box in boxes if isinstance(box, kind)]:
                boxes.remove(box)
                box.loaded()

    def close(self) -> None:
        """Close the patch and those inside."""
        for box in self._by_id.values():
            box.close()

    # -- what a user sees --------------------------------------------------------------------------

    def boxes(self) -> Iterator[Box]:
        """Yield all boxes, those of inner patches too."""
        for box in self._by_id.values():
            yield box
            if isinstance(box, Holder):
                yield from box.inside.boxes()

    def find(self, words: str, kind: type[Box] = Box) -> Any:
        """Return the first box with this text, hint or name; boxes of inner patches last."""
        ours = list(self._by_id.values())
        for box in [*ours, *(box for box in self.boxes() if box not in ours)]:
            seen = (box.stored.get(key) for key in ("text", "hint", "varname", "comment"))
            if words in seen and isinstance(box, kind):
                return box
        raise MaxError(f"no box says {words!r}")

    def of_kind(self, name: str) -> list[Any]:
        """Return all boxes of an object, those of inner patches too."""
        return [box for box in self.boxes() if box.name == name]

    def type_and_click(self, box: Box, *atoms: Atom, inlet: int = 0) -> None:
        """Send a message into a box, as a message box would that the user adds and clicks."""
        box.receive(inlet, Message.of(*atoms))

    def passes_out(self, port: Port, message: Message) -> None:
        """Pass a message on from an outlet inside."""
        index = self.outlets.index(port)
        if self.holder:
            self.holder.send_message(index, message)
        else:
            self.came_out[index].append(message)

    # -- how it is made ----------------------------------------------------------------------------

    def _make(self, stored: dict[str, Any]) -> Box:
        text = self._typed.get(stored.get("text", ""), stored.get("text", ""))
        text = text.replace("#0", self._unique).replace("---", f"{self._unique}-")
        if re.search(r"#\d", text):
            raise MaxError(f"{text}: arguments of abstractions are not known here")
        stored = stored | {"text": text}
        if stored["maxclass"] in ("inlet", "outlet"):
            return Port(self, stored, stored["maxclass"], [])
        if stored["maxclass"] != "newobj":
            kind = stored["maxclass"]
            return self._known(kind)(self, stored, kind, [])
        if text.split()[0] == "p":
            return self._hold(stored, stored["patcher"], self._unique)
        name, *words = read_atoms(text.replace(",", "\\,"))
        path = PACKAGE / "patchers" / f"{name}.maxpat"
        if path.is_file():
            inside = json.loads(path.read_text("utf-8"))["patcher"]
            return self._hold(stored, inside, str(self.machine.next_instance()))
        box = self._known(str(name))(self, stored, str(name), words)
        expected = reference.outlet_count(box.name)
        if box.follows_reference and box.name not in VARIADIC and expected != len(box.cords):
            raise MaxError(f"{box} has {expected} outlets in Max, and {len(box.cords)} in the file")
        return box

    def _known(self, name: str) -> type[Box]:
        if name not in OBJECTS:
            raise MaxError(f"{name}: no such object")
        return OBJECTS[name]

    def _hold(self, stored: dict[str, Any], patcher: dict[str, Any], unique: str) -> Holder:
        holder = Holder(self, stored, stored["text"].split()[0], [])
        holder.inside = Patch(self.machine, patcher, self._typed, unique, holder)
        ports = len(holder.inside.inlets), len(holder.inside.outlets)
        if ports != (stored["numinlets"], stored["numoutlets"]):
            raise MaxError(f"{holder} has {ports} inlets and outlets inside")
        return holder

    def _ports(self, kind: str) -> list[Box]:
        """Return the inlets or outlets in the order of their positions, as Max numbers them."""
        found = [box for box in self._by_id.values() if box.name == kind]
        found.sort(key=lambda box: box.stored["patching_rect"][0])
        if [box.stored["index"] for box in found] != list(range(1, len(found) + 1)):
            raise MaxError(f"{kind}s are not numbered from left to right")
        return found

    def _connect(self, lines: list[dict[str, Any]]) -> None:
        for line in lines:
            source, outlet = line["patchline"]["source"]
            sink, inlet = line["patchline"]["destination"]
            self._by_id[source].cords[outlet].append((self._by_id[sink], inlet))
            self._by_id[sink].sources[inlet].append((self._by_id[source], outlet))
        for box in self._by_id.values():
            for cords in box.cords:
                cords.sort(key=self._turn, reverse=not self.machine.left_first)

    @staticmethod
    def _turn(cord: tuple[Box, int]) -> tuple[float, float, int]:
        """Max delivers to the rightmost box first, and of those above each other to the lowest."""
        x, y, *_ = cord[0].stored["patching_rect"]
        return x, y, cord[1]
