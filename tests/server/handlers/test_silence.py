"""Check that a client that plays without a sound device is warned, and not all the time."""

import pytest

from msanii_live.client import Client


@pytest.mark.parametrize("transport", ["udp", "int32", "slip"])
def test_a_play_that_nobody_hears_is_warned_of_once(tones, transport):
    tones.job("/msanii/generate", f"silent-{transport}", "seconds", 0.5, "steps", 1, "clip", "mute")
    with Client(tones.server.host, tones.server.osc_port, transport) as client:
        for _ in range(3):
            client.play("mute", gain=-60.0)
        client.stop()
        warnings = [m.args for m in client.received if m.address == "/msanii/warn"]
    assert len(warnings) == 1
    assert warnings[0][0] == "/msanii/play"
    assert "no sound device" in warnings[0][1]
