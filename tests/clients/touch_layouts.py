"""Read the layouts for touch controllers, and tell what their controls send."""

import json
import xml.etree.ElementTree as ET
import zlib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "max_patches"
TOUCH_OSC = FOLDER / "touchosc" / "msanii.tosc"
OPEN_STAGE_CONTROL = FOLDER / "open_stage_control" / "msanii.json"
TAGS = {"INTEGER": "i", "FLOAT": "f", "STRING": "s"}


@dataclass(frozen=True)
class Touchable:
    """A control of a layout. values: type tag and value of what it sends; x is in place of None."""

    name: str
    kind: str
    address: str
    values: tuple[tuple[str, int | float | str | None], ...]
    low: float = 0.0
    high: float = 1.0

    def sent(self, x: float = 1.0):
        """Return the message that it sends when it is pressed, or moved to x, from 0 to 1."""
        value = self.low + x * (self.high - self.low)
        return self.address, [[tag, value if v is None else v] for tag, v in self.values]


def touch_osc_root():
    """Return the XML of the layout for TouchOSC."""
    return ET.fromstring(zlib.decompress(TOUCH_OSC.read_bytes()))


def touch_osc():
    """Return the controls of the layout for TouchOSC."""
    found = []
    for node in touch_osc_root().iter("node"):
        for osc in node.findall("messages/osc"):
            parts = osc.findall("arguments/partial")
            scale = next((part for part in parts if part.findtext("type") == "VALUE"), None)
            limits = []
            if scale is not None:
                limits = [float(scale.findtext(it)) for it in ("scaleMin", "scaleMax")]
            values = tuple(_value(part) for part in parts)
            address = osc.findtext("path/partial/value")
            found.append(
                Touchable(property_of(node, "name"), node.get("type"), address, values, *limits)
            )
    return found


def property_of(node, key):
    """Return a property of a node of TouchOSC as text."""
    for it in node.findall("properties/property"):
        if it.findtext("key") == key:
            return it.findtext("value")
    return None


def _value(part):
    tag = TAGS[part.findtext("conversion")]
    if part.findtext("type") == "VALUE":
        return tag, None
    text = part.findtext("value")
    return tag, {"i": int, "f": float, "s": str}[tag](text)


def open_stage_control():
    """Return the controls of the session for Open Stage Control."""
    found = []
    for widget in json.loads(OPEN_STAGE_CONTROL.read_text())["content"]["widgets"]:
        if widget["type"] == "text":
            continue
        values = tuple((value["type"], value["value"]) for value in widget["preArgs"])
        if widget["type"] == "fader":
            limits = widget["range"]["min"], widget["range"]["max"]
            values = (*values, (widget["typeTags"], None))
        else:
            limits = ()
            assert widget["on"] is None  # nothing is sent after the values
        kind = widget["type"].upper()
        found.append(Touchable(widget["id"], kind, widget["address"], values, *limits))
    return found
