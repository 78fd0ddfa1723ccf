"""The layouts for touch controllers, played by OSC libraries of others against a real server."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients.touch_layouts import open_stage_control, touch_osc

pytestmark = [pytest.mark.clients, pytest.mark.slow]

SCRIPTS = Path(__file__).parent / "node"


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """Return how to run a script of tests/clients/node with the libraries of npm."""
    found = {name: shutil.which(name) for name in ("node", "npm")}
    if None in found.values():
        pytest.skip("node and npm are not installed: apt-get install nodejs npm")
    folder = tmp_path_factory.mktemp("node")
    for path in SCRIPTS.iterdir():
        shutil.copy(path, folder)
    flags = ("--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", "--no-package-lock")
    made = subprocess.run(
        [found["npm"], "install", *flags], cwd=folder, capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"npm could not install the libraries: {made.stderr[-500:]}")

    def run(script, *words, sent=None):
        done = subprocess.run(
            [found["node"], str(folder / script), *map(str, words)], input=json.dumps(sent),
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


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
