"""A layout for TouchOSC (.tosc): XML in a zlib stream."""

from __future__ import annotations

import struct
import uuid
import zlib
from xml.sax.saxutils import escape

from max_patches.generators.controllers import (
    ASK_PARAMS,
    HEIGHT,
    NOTIFY,
    REFRESH,
    REGISTER,
    WIDTH,
    Control,
    controls,
)

RECEIVE_PORT = 9000  # as it is set in TouchOSC: Connections, OSC, Receive Port
NAMES = uuid.UUID("6d73616e-6969-4c69-7665-000000000000")  # so that ids never change
GREY, ORANGE, BLUE = (0.25, 0.25, 0.25), (0.9, 0.5, 0.1), (0.2, 0.5, 0.9)
LARGEST_BLOCK = 65_535  # bytes of a stored block of a zlib stream

SCRIPT = f"""-- Registers at the server, asks it for the params, and shows what it says.
local registered, asked = -{REGISTER}, 0

function update()
  local now = getMillis()
  if now - registered >= {REGISTER} then
    registered = now
    local port = {{ tag = 'i', value = {RECEIVE_PORT} }}
    sendOSC({{ '{NOTIFY}', {{ {{ tag = 'i', value = 1 }}, port }} }})
  end
  if now - asked >= {REFRESH} then
    asked = now
    sendOSC({{ '{ASK_PARAMS}', {{}} }})
  end
end

local function show(text)
  self.children['words'].values.text = text
end

function onReceiveOSC(message, connections)
  local path, values = message[1], message[2]
  if path == '/msanii/job/queued' then
    show('queued')
  elseif path == '/msanii/job/progress' then
    show('step ' .. values[3].value .. ' of ' .. values[4].value)
  elseif path == '/msanii/job/done' then
    show('ready: ' .. values[3].value)
  elseif path == '/msanii/job/cancelled' then
    show('cancelled')
  elseif path == '/msanii/fail' then
    show(values[4].value .. ': ' .. values[5].value)
  elseif path == '/msanii/warn' then
    show(values[2].value)
  end
end
"""


def layout() -> bytes:
    """Return the content of the .tosc file."""
    nodes = [_label("words", "not connected", (8, 8, WIDTH - 16, 32))]
    for control in controls():
        nodes.append(_fader(control) if control.is_fader else _button(control))
        x, y, width, height = control.place
        below = (x, y + height, width, 24)
        place = below if control.is_fader else control.place
        nodes.append(_label(f"{control.name}_label", control.label, place))
    properties = [
        _frame((0, 0, WIDTH, HEIGHT)), _text("name", "msanii"), _text("script", SCRIPT),
    ]  # fmt: skip
    root = _node("GROUP", "msanii", properties, [], "", "".join(nodes))
    return store(
        f"<?xml version='1.0' encoding='UTF-8'?><lexml version='3'>{root}</lexml>".encode()
    )


def store(content: bytes) -> bytes:
    """Return a zlib stream of stored blocks, which is the same on every machine.

    Source: RFC 1950 and RFC 1951, section 3.2.4.
    """
    blocks = [content[at : at + LARGEST_BLOCK] for at in range(0, len(content), LARGEST_BLOCK)]
    stream = b"\x78\x01"
    for index, block in enumerate(blocks):
        is_last = index == len(blocks) - 1
        stream += struct.pack("<BHH", is_last, len(block), len(block) ^ 0xFFFF) + block
    return stream + struct.pack(">I", zlib.adler32(content))


def _button(control: Control) -> str:
    """Return a button that sends once, when it is pressed."""
    properties = [
        _frame(control.place), _text("name", control.name), _colour("color", BLUE),
        _number("b", "press", 1), _number("b", "release", 1), _number("i", "buttonType", 0),
    ]  # fmt: skip
    parts = "".join(_constant(value) for value in control.values)
    message = _message(control.address, parts, "RISE", receives=False)
    return _node("BUTTON", control.name, properties, [("x", "0"), ("touch", "false")], message)


def _fader(control: Control) -> str:
    """Return a fader that sends and takes a float."""
    properties = [
        _frame(control.place), _text("name", control.name), _colour("color", ORANGE),
        _number("i", "orientation", 1), _number("i", "response", 0),
    ]  # fmt: skip
    part = _part("VALUE", "FLOAT", "x", control.low or 0.0, control.high or 1.0)
    message = _message(control.address, part, "ANY", receives=True)
    return _node("FADER", control.name, properties, [("x", "0"), ("touch", "false")], message)


def _label(name: str, words: str, place: tuple[int, int, int, int]) -> str:
    properties = [
        _frame(place), _text("name", name), _colour("color", GREY), _number("b", "interactive", 0),
        _number("b", "background", 0), _number("i", "textSize", 18), _number("b", "textClip", 1),
    ]  # fmt: skip
    return _node("LABEL", name, properties, [("text", words), ("touch", "false")])


def _node(
    kind: str, name: str, properties: list[str], values: list[tuple[str, str]], message: str = "",
    children: str = "",
) -> str:  # fmt: skip
    identity = uuid.uuid5(NAMES, f"{kind}/{name}")
    stored = "".join(
        f"<value><key>{_data(key)}</key><locked>0</locked><lockedDefaultCurrent>0"
        f"</lockedDefaultCurrent><default>{_data(value)}</default><defaultPull>0</defaultPull>"
        "</value>"
        for key, value in values
    )
    messages = f"<messages>{message}</messages>" if message else ""
    inside = f"<children>{children}</children>" if children else ""
    return (
        f"<node ID='{identity}' type='{kind}'><properties>{''.join(properties)}</properties>"
        f"<values>{stored}</values>{messages}{inside}</node>"
    )


def _message(address: str, parts: str, condition: str, receives: bool) -> str:
    """Return an OSC message. condition: when the value `x` sends it: ANY, RISE or FALL."""
    return (
        f"<osc><enabled>1</enabled><send>1</send><receive>{int(receives)}</receive>"
        "<feedback>0</feedback><connections>00001</connections><triggers><trigger>"
        f"<var>{_data('x')}</var><condition>{condition}</condition></trigger></triggers>"
        f"<path>{_part('CONSTANT', 'STRING', address)}</path><arguments>{parts}</arguments></osc>"
    )


def _constant(value: int | float | str) -> str:
    conversion = {int: "INTEGER", float: "FLOAT", str: "STRING"}[type(value)]
    return _part("CONSTANT", conversion, str(value))


def _part(kind: str, conversion: str, value: str, low: float = 0, high: float = 1) -> str:
    return (
        f"<partial><type>{kind}</type><conversion>{conversion}</conversion><value>{_data(value)}"
        f"</value><scaleMin>{low:g}</scaleMin><scaleMax>{high:g}</scaleMax></partial>"
    )


def _property(kind: str, key: str, value: str) -> str:
    return f"<property type='{kind}'><key>{_data(key)}</key><value>{value}</value></property>"


def _text(key: str, value: str) -> str:
    return _property("s", key, _data(value))


def _number(kind: str, key: str, value: int) -> str:
    return _property(kind, key, str(value))


def _colour(key: str, colour: tuple[float, float, float]) -> str:
    r, g, b = colour
    return _property("c", key, f"<r>{r:g}</r><g>{g:g}</g><b>{b:g}</b><a>1</a>")


def _frame(place: tuple[int, int, int, int]) -> str:
    x, y, w, h = place
    return _property("r", "frame", f"<x>{x}</x><y>{y}</y><w>{w}</w><h>{h}</h>")


def _data(text: str) -> str:
    """Return a text as character data. TouchOSC writes CDATA; both are the same to a parser."""
    return f"<![CDATA[{text}]]>" if "]]>" not in text else escape(text)
