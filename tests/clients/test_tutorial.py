"""What docs/tutorial.md tells is what happens."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from max_patches.generators.all_files import generated_files
from msanii_live.cli import main
from tests.clients.pure_data import COMPLAINTS, run, write

pytestmark = [pytest.mark.clients]

ROOT = Path(__file__).parents[2]
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text()
STEPS = re.findall(r"^    (/msanii/.*)$", TUTORIAL, re.MULTILINE)


def test_its_messages_are_those_of_the_patches_that_are_played():
    assert len(STEPS) == 4
    made = generated_files()
    in_pd = re.findall(r"#X msg \d+ \d+ (/msanii/.*);", made["pd/msanii/examples/set.pd"].decode())
    in_max = made["msanii-live/examples/msanii-set.maxpat"].decode()
    assert in_pd == STEPS  # which test_pd_library clicks through
    for step in STEPS:
        assert f'"{step}"' in in_max
        assert f"`{step}`" in TUTORIAL  # the part about Max


def test_its_commands_work(tones, capsys):
    commands = re.findall(r"^    msanii-live (.*)$", TUTORIAL, re.MULTILINE)
    assert commands == ["serve", "send ping", "patches install"]
    port = str(tones.server.osc_port)
    said = subprocess.run(
        [sys.executable, "-m", "msanii_live.cli", "send", "--port", port, "ping"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "/msanii/pong" in said.stdout
    assert main(["patches", "install", "--list"]) == 0
    assert "msanii" in capsys.readouterr().out


def test_its_three_boxes_play(tones, tmp_path):
    drawn = re.search(
        r"    \[(/msanii/[^(]*)\(\n.*?\[msanii\].*?\[msanii-player~\]", TUTORIAL, re.S
    )
    sketch = f"""
        load  20 20  [loadbang]
        make  20 50  ({drawn[1]})
        one   20 80  [msanii {tones.server.osc_port}]
        play  20 110 [msanii-player~]
        told  20 140 [print FRAMES]
        wait  200 20 [delay 60000]
        quit  200 50 (; pd quit)
        load -> make -> one -> play
        play:2 -> told
        play:2 -> last
        last  20 170 [t b]
        last -> quit
        load -> wait -> quit
    """
    said = run(write(tmp_path / "three.pd", sketch))
    assert f"FRAMES: {round(8 * 60 / 84 * 44_100)}" in said, said
    assert not COMPLAINTS.search(said), said


@pytest.mark.parametrize("page", ["docs/tutorial.md", "docs/troubleshooting.md", "README.md",
                                  "max_patches/README.md"])  # fmt: skip
def test_its_links_lead_somewhere(page):
    path = ROOT / page
    for link in re.findall(r"\]\(([^)#]+)", path.read_text()):
        if "://" not in link:
            assert (path.parent / link).exists(), link
