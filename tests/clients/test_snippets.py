"""The short patches: Csound and ChucK are run; Sonic Pi's and Tidal's messages are read."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from msanii_live.protocol.request import parse_request
from tests.clients.test_real_clients import free_port

pytestmark = [pytest.mark.clients]

PATCHES = Path(__file__).parents[2] / "max_patches"
ONE_BAR = round(4 * 60 / 124 * 44_100)


def said_by(name, *words):
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: apt-get install {name}")
    run = subprocess.run([found, *words], capture_output=True, text=True, timeout=60, check=False)
    return run.stdout + run.stderr


def test_csound_asks_hears_and_plays(tones):
    said = said_by(
        "csound", "-+rtaudio=null", f"--omacro:PORT={tones.server.osc_port}",
        f"--omacro:EARS={free_port()}", str(PATCHES / "csound" / "msanii.csd"),
    )  # fmt: skip
    assert f"FRAMES {ONE_BAR}" in said, said
    assert "0 errors in performance" in said
    loudest = float(re.search(r"overall amps:\D*([\d.]+)", re.sub(r"\x1b\[m", "", said))[1])
    assert loudest > 0.01


def test_chuck_asks_hears_and_plays(tones):
    script = PATCHES / "chuck" / "msanii.ck"
    said = said_by("chuck", "--silent", f"{script}:{tones.server.osc_port}:{free_port()}")
    assert f"FRAMES {ONE_BAR}" in said, said
    assert "progress" in said


def test_what_sonic_pi_sends_is_accepted():
    text = (PATCHES / "sonic_pi" / "set.rb").read_text()
    lines = re.findall(r"^(?:# )?osc (\".*)$", text, re.MULTILINE)
    assert len(lines) == 4
    for line in lines:
        address, *words = shlex.split(line.replace(",", " "))
        assert parse_request(address, words).unknown == ()


def test_what_tidal_sends_is_accepted():
    own = ["cps", 0.5, "delta", 1.0, "cycle", 0.0, "orbit", 0]
    words = ["style", "house", "bars", 1.0, "clip", "a", *own]  # as `Named` writes them
    assert parse_request("/msanii/generate", words).command.clip == "a"
    assert parse_request("/msanii/play", ["a"]).command.clip == "a"
