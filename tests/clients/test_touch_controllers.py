"""The layouts for touch controllers, played by OSC libraries of others against a real server."""

import json

import pytest

from max_patches.generators.controllers import REFRESH, REGISTER
from tests.clients.test_hosts import MODELS, program, said
from tests.clients.touch_layouts import (
    OPEN_STAGE_CONTROL,
    open_stage_control,
    property_of,
    touch_osc,
    touch_osc_root,
)

pytestmark = [pytest.mark.clients, pytest.mark.slow]


@pytest.mark.parametrize("library", ["osc", "node-osc"])
@pytest.mark.parametrize("layout", [touch_osc, open_stage_control])
def test_a_press_makes_a_clip_and_a_fader_moves_a_param(node, tones, library, layout):
    controls = {control.name: control for control in layout()}
    value = 0.25 if library == "osc" else 0.75
    messages = [
        controls["style_piano"].sent(),
        controls["stream_density"].sent(value),
        ("/msanii/param/*", []),  # what the page asks to move its faders
    ]
    density = controls["stream_density"].address
    until = ["/msanii/job/done", density]
    heard = node("controller.js", library, tones.server.osc_port,
                 sent={"messages": messages, "until": until})  # fmt: skip
    assert dict(heard)[density] == [pytest.approx(value)]
    assert any(address == "/msanii/job/done" for address, _ in heard)
    assert not any(address == "/msanii/fail" for address, _ in heard)
    params = {control.address for control in controls.values() if control.kind == "FADER"}
    assert params <= {address for address, _ in heard}


def test_an_oscquery_client_finds_all_that_the_layouts_use(node, tones):
    [found] = node("discover.js", tones.server.http_port)
    assert found["osc"] == tones.server.osc_port
    listed = {path for path, _, _ in found["nodes"]}
    assert {control.address for control in touch_osc()} <= listed


def test_the_script_of_touch_osc_registers_asks_and_shows(tmp_path):
    lua = program("lua5.4", "lua5.4", "lua5.3", "lua")
    script = tmp_path / "script.lua"
    script.write_text(property_of(touch_osc_root().find("node"), "script"))
    lines = said(lua, MODELS / "touchosc_model.lua", script)
    notify = [(int(at), values) for at, first, *values in lines if first == "/msanii/notify"]
    assert notify == [(0, ["i=1 i=9000"]), (REGISTER, ["i=1 i=9000"])]
    asked = [int(at) for at, first, *_ in lines if first == "/msanii/param/*"]
    assert asked == list(range(REFRESH, 25_000, REFRESH))
    assert [words for first, *words in lines if first == "SHOWN"] == [
        ["queued"], ["step 2 of 4"], ["ready: loop1"], ["ENOCLIP: no clip"], ["careful"],
    ]  # fmt: skip


def test_the_script_of_open_stage_control_registers_and_asks(node, tmp_path):
    script = tmp_path / "script.js"
    script.write_text(json.loads(OPEN_STAGE_CONTROL.read_text())["content"]["onCreate"])
    register = ["/msanii/notify", {"type": "i", "value": 1}]
    assert node("on_create.js", script) == [
        [0, register],
        [REGISTER, register],
        [REFRESH, ["/msanii/param/*"]],
    ]
