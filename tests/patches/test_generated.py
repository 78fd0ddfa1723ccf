"""What is committed is what the generator writes, and says nothing that the table does not."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from max_patches.generators import amxd, device_parameters
from max_patches.generators.all_files import generated_files
from msanii_live.protocol.commands import COMMANDS
from msanii_live.protocol.replies import REPLIES
from msanii_live.protocol.request import parse_request

FOLDER = Path(__file__).parents[2] / "max_patches"
KNOWN = {command.address for command in COMMANDS} | {reply.address for reply in REPLIES}
ADDRESS = re.compile(r"(?<![\w.:>])/msanii/[\w./-]*")
HOLES = {
    "style %s %s %s %s": "style a key Am steps 4 engine composer stems 1",
    "bpm $1": "bpm 120",
    "$1": "1",
    "bpm %f": "bpm 120",
    "%s": "a",
    "%ld": "4",
    "%.2f": "0.5",
}
TEXTS = sorted(
    path
    for path in FOLDER.rglob("*")
    if path.suffix in {".maxpat", ".maxhelp", ".pd", ".sc", ".scd", ".schelp", ".xml", ".rb", ".ck",
                       ".csd", ".tidal", ".hs", ".amxd", ".md"}
)  # fmt: skip


def test_a_second_generation_is_the_same_bytes(tmp_path):
    subprocess.run(
        [sys.executable, str(FOLDER / "generate.py"), "--out", str(tmp_path)],
        check=True,
        capture_output=True,
    )
    made = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert len(made) > 20
    for path in made:
        assert (tmp_path / path).read_bytes() == (FOLDER / path).read_bytes(), path


def test_nothing_generated_is_left_from_earlier():
    made = {FOLDER / name for name in generated_files()}
    there = {
        path
        for path in FOLDER.rglob("*")
        if path.suffix in {".maxpat", ".maxhelp", ".amxd", ".pd", ".xml"}
    }
    assert there == {path for path in made if path.suffix in {p.suffix for p in there}}


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_address_is_in_the_table(path):
    text = path.read_bytes().decode("utf-8", "replace")
    said = {match.rstrip("./") for match in ADDRESS.findall(text)}
    said.discard("/msanii")
    assert said <= KNOWN, said - KNOWN


def messages():
    """Every message box of every patch that begins with an address."""
    for name, content in sorted(generated_files().items()):
        if name.endswith(".pd"):
            for record in re.findall(r"#X msg \d+ \d+ (/msanii/[^;]*);", content.decode()):
                yield name, record.replace("\\$", "$")
        elif name.endswith((".maxpat", ".maxhelp", ".amxd")):
            tree = amxd.unpack(content)[1] if name.endswith(".amxd") else json.loads(content)
            for box in boxes(tree["patcher"]):
                text = box.get("text", "").removeprefix("sprintf ")
                if box["maxclass"] in ("message", "newobj") and text.startswith("/msanii/"):
                    yield name, text


def boxes(patcher):
    for item in patcher["boxes"]:
        yield item["box"]
        if "patcher" in item["box"]:
            yield from boxes(item["box"]["patcher"])


def test_every_message_is_one_that_the_server_accepts():
    found = list(messages())
    assert len(found) > 100
    for name, text in found:
        for hole, value in HOLES.items():
            text = text.replace(hole, value)
        address, *words = text.split()
        request = parse_request(address, words)  # raises where the table does not have it
        assert request.unknown == (), (name, text)


def test_the_device_lists_the_styles_of_the_engine():
    from msanii_live.engines.vocabulary import STYLES

    assert device_parameters.STYLES == STYLES
