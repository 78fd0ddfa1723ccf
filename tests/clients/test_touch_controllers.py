"""The layouts for touch controllers, played by OSC libraries of others against a real server."""

import pytest

from tests.clients.touch_layouts import open_stage_control, touch_osc

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
