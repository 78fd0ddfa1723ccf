"""Check that a client that plays without a sound device is warned, and not all the time."""

import pytest

from msanii_live.client import Client
from tests.live import live


def warnings_of_three_plays(it, transport):
    with Client(it.server.host, it.server.osc_port, transport) as client:
        for _ in range(3):
            client.play("mute", gain=-60.0)
        client.stop()
        return [m.args for m in client.received if m.address == "/msanii/warn"]


@pytest.fixture(scope="module")
def deaf(tmp_path_factory):
    """A server that looks for a sound device where there is none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALSA_CONFIG_PATH", "/dev/null")
        patch.setenv("JACK_DEFAULT_SERVER", "none-of-this-name")
        patch.setenv("JACK_NO_START_SERVER", "1")
        folder = tmp_path_factory.mktemp("deaf")
        with live(folder, "--engine", "tones", "--audio", "default") as it:
            if {row["name"]: row["value"] for row in it.client.caps()}["audio"] != "none":
                pytest.skip("a sound device was found all the same")
            it.job("/msanii/generate", "g", "seconds", 0.5, "steps", 1, "clip", "mute")
            yield it


@pytest.mark.parametrize("transport", ["udp", "int32", "slip"])
def test_a_play_that_nobody_hears_is_warned_of_once(deaf, transport):
    warnings = warnings_of_three_plays(deaf, transport)
    assert len(warnings) == 1
    assert warnings[0][0] == "/msanii/play"
    assert "no sound device" in warnings[0][1]


def test_a_clip_that_is_to_be_played_and_is_not_heard_is_warned_of(deaf):
    with Client(deaf.server.host, deaf.server.osc_port, "int32") as client:
        client.generate(seconds=0.5, steps=1, play=1)
        texts = [m.args[1] for m in client.received if m.address == "/msanii/warn"]
    assert len([text for text in texts if "no sound device" in text]) == 1


def test_who_asked_for_no_device_is_not_warned(tones):
    tones.job("/msanii/generate", "silent", "seconds", 0.5, "steps", 1, "clip", "mute")
    assert warnings_of_three_plays(tones, "int32") == []
