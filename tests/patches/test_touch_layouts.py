"""TouchOSC and Open Stage Control cannot be run here: their layouts are checked as files."""

import json
import re
import zlib
from itertools import combinations

import pytest

from max_patches.generators.controllers import HEIGHT, WIDTH, controls
from max_patches.generators.touchosc import LARGEST_BLOCK, store
from msanii_live.protocol.commands import PARAMS
from msanii_live.protocol.replies import REPLIES
from msanii_live.protocol.request import parse_request
from tests.clients.touch_layouts import (
    OPEN_STAGE_CONTROL,
    open_stage_control,
    property_of,
    touch_osc,
    touch_osc_root,
)


@pytest.mark.parametrize("layout", [touch_osc, open_stage_control])
def test_each_control_sends_what_the_server_accepts(layout):
    found = layout()
    assert len(found) > 15
    assert {control.name for control in found} == {control.name for control in controls()}
    for control in found:
        for x in (0.0, 0.3, 1.0):
            address, values = control.sent(x)
            request = parse_request(address, [value for _, value in values])
            assert request.unknown == (), control


def test_both_layouts_send_the_same():
    for a, b in zip(touch_osc(), open_stage_control(), strict=True):
        assert a.sent(0.4) == b.sent(0.4)


def test_each_float_param_has_a_fader():
    floats = {param.address for param in PARAMS if param.__annotations__["value"] == "float | None"}
    assert {c.address for c in touch_osc() if c.kind == "FADER"} == floats


def test_nothing_overlaps_and_all_is_on_the_page():
    places = [control.place for control in controls()]
    for x, y, width, height in places:
        assert x >= 0
        assert y >= 40  # below the words
        assert x + width <= WIDTH
        assert y + height <= HEIGHT
    for (ax, ay, aw, ah), (bx, by, bw, bh) in combinations(places, 2):
        assert ax + aw <= bx or bx + bw <= ax or ay + ah <= by or by + bh <= ay


def test_touch_osc_nodes_are_whole():
    root = touch_osc_root()
    assert root.tag == "lexml"
    assert root.get("version") == "3"
    nodes = list(root.iter("node"))
    assert len({node.get("ID") for node in nodes}) == len(nodes)
    for node in nodes:
        assert property_of(node, "name")
        assert node.find("properties/property[@type='r']/value/w") is not None
    for osc in root.iter("osc"):
        wanted = "ANY" if osc.findtext("receive") == "1" else "RISE"  # a press, and no release
        assert osc.findtext("triggers/trigger/condition") == wanted


def test_the_scripts_use_only_addresses_of_the_table():
    script = property_of(touch_osc_root().find("node"), "script")
    session = json.loads(OPEN_STAGE_CONTROL.read_text())
    known = {reply.address for reply in REPLIES}
    shown = [it for it in session["content"]["widgets"] if it["type"] == "text"]
    assert {widget["address"] for widget in shown} <= known
    compared = set(re.findall(r"path == '([^']+)'", script))
    assert len(compared) > 4
    assert compared <= known
    for text in (script, session["content"]["onCreate"]):
        assert "/msanii/notify" in text
        assert "/msanii/param/*" in text
    assert script.count("function ") == script.count("\nend\n") == 3


@pytest.mark.parametrize("size", [1, LARGEST_BLOCK, LARGEST_BLOCK + 1])
def test_a_stored_stream_is_read_by_zlib(size):
    content = bytes(range(256)) * (size // 256 + 1)
    assert zlib.decompress(store(content[:size])) == content[:size]
