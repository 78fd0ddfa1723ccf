"""A server whose clips lie in folders by day, under file names from a template."""

import json
import urllib.request
from pathlib import Path

import pytest

from msanii_live.client import Client
from tests.live import live


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("by day")
    flags = ("--layout", "by-day", "--file-name", "{style}-{bpm}-{name}")
    with live(folder, "--engine", "tones", *flags) as it:
        yield it


def test_replies_name_the_file_and_every_command_finds_it(server):
    with Client("127.0.0.1", server.server.osc_port) as client:
        first = client.generate(style="house", bpm=124, bars=1, clip="a")
        assert first.path.name == "house-124-a.wav"
        assert first.path.parent.parent == server.folder
        assert len(first.read()) == round(4 * 60 / 124 * 44_100)
        assert first.notes == []
        second = client.outpaint("a", seconds=1)
        assert second.path.parent == first.path.parent
        by_path = client.outpaint(first.path.relative_to(server.folder).as_posix(), seconds=1)
        sidecar = json.loads(by_path.path.with_suffix(".json").read_text())
        assert sidecar["parents"] == ["a"]
        client.clip_save("a", "kept/mine.wav")
        assert (server.folder / "kept" / "mine.wav").is_file()
        client.clip_rename("a", "b")
        [info] = client.clip_info("b")
        assert Path(str(info["path"])).name == "house-124-b.wav"
        assert not first.path.exists()


def test_the_page_gives_the_sound(server):
    with Client("127.0.0.1", server.server.osc_port) as client:
        made = client.generate(style="techno", bars=1, clip="page")
    url = f"http://127.0.0.1:{server.server.http_port}/clips/page.wav"
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.read() == made.path.read_bytes()
