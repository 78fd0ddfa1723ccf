"""The scripts for audio workstations: Ardour's runs in a real session, others against a model."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from max_patches.generators.device_parameters import STYLES
from msanii_live.notes import PARTS
from tests.clients.test_real_clients import free_port

pytestmark = [pytest.mark.clients]

SCRIPTS = Path(__file__).parents[2] / "examples" / "hosts"
MODELS = Path(__file__).parent / "hosts"


def program(package, *names):
    for name in names:
        if found := shutil.which(name):
            return found
    pytest.skip(f"{names[0]} is not installed: apt-get install {package}")


@pytest.fixture
def folder(tones, tmp_path):
    """A folder with two clips of the server, the newer with notes and a stem."""
    kept = tmp_path / "my clips"
    kept.mkdir()
    for clip in ("older", "newer"):
        tones.job("/msanii/generate", f"host {clip} {tmp_path}", "bars", 1, "clip", clip)
        for suffix in (".wav", ".json"):
            shutil.copy(tones.folder / f"{clip}{suffix}", kept)
    (kept / "newer.mid").write_bytes(b"MThd")
    shutil.copy(kept / "newer.wav", kept / "newer.drums.wav")
    return kept


def said(*command, **environment):
    run = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    return [line.split("\t") for line in run.stdout.splitlines()]


def test_reaper_inserts_clip_notes_and_stems_at_the_cursor(folder):
    lua = program("lua5.4", "lua5.4", "lua5.3", "lua")
    script = SCRIPTS / "reaper" / "msanii_insert.lua"
    assert said(lua, MODELS / "reaper_model.lua", script, folder, "3.5") == [
        ["newer", "newer.wav", "3.5", "2.0", "1", "1"],  # muted: its stems play
        ["newer notes", "newer.mid", "3.5", "2.0", "1", "0"],
        ["newer drums", "newer.drums.wav", "3.5", "2.0", "1", "0"],
    ]


def test_reaper_finds_a_clip_in_a_folder_by_day(folder):
    lua = program("lua5.4", "lua5.4", "lua5.3", "lua")
    script = SCRIPTS / "reaper" / "msanii_insert.lua"
    for path in [*folder.glob("newer*")]:
        (folder / "2026-11-26").mkdir(exist_ok=True)
        path.rename(folder / "2026-11-26" / path.name.replace("newer", "house-newer"))
    lines = said(lua, MODELS / "reaper_model.lua", script, folder, "0")
    assert [line[1] for line in lines] == [
        "house-newer.wav", "house-newer.mid", "house-newer.drums.wav",
    ]  # fmt: skip


def test_reaper_says_that_there_is_no_clip(tmp_path):
    lua = program("lua5.4", "lua5.4", "lua5.3", "lua")
    script = SCRIPTS / "reaper" / "msanii_insert.lua"
    [words] = said(lua, MODELS / "reaper_model.lua", script, tmp_path, "0")
    assert words == ["SAID", f"There is no clip in {tmp_path}"]


def test_ardour_imports_the_newest_clip_at_the_playhead(folder, tmp_path):
    lua = program("ardour", "ardour7-lua", "ardour8-lua", "ardour9-lua")
    script = SCRIPTS / "ardour" / "msanii_import.lua"
    lines = said(
        lua, MODELS / "ardour_session.lua", script, tmp_path / "session", MSANII_FOLDER=str(folder)
    )
    assert ["NAME", "EditorAction", "Import the newest msanii-live clip"] in lines
    imported = [line[1:] for line in lines if line[0] == "IMPORT"]
    assert imported == [
        [str(folder / name), "distinct", "as track", "44100", "false"]
        for name in ("newer.drums.wav", "newer.mid")
    ]
    assert list((tmp_path / "session").glob("*.ardour"))


def test_the_newest_clip_is_the_one_that_was_written_last(folder):
    written = {p.stem: json.loads(p.read_text())["wrote"] for p in folder.glob("*.json")}
    assert written["newer"] > written["older"]


@pytest.mark.slow
def test_bitwig_puts_the_clip_into_the_selected_slot(node, tones):
    script = SCRIPTS / "bitwig" / "msanii.control.js"
    told = dict(node("bitwig_model.js", script, tones.server.osc_port, free_port()))
    path = Path(told["inserted"])
    assert path.is_file()
    assert path.parent == tones.folder
    sidecar = json.loads(path.with_suffix(".json").read_text())
    assert sidecar["bpm"] == pytest.approx(124.5)
    assert sidecar["command"]["bars"] == 1
    assert json.dumps(list(STYLES)) in script.read_text()


@pytest.mark.slow
def test_bitwig_puts_notes_and_stems_beside_it(node, tones):
    script = SCRIPTS / "bitwig" / "msanii.control.js"
    told = node("bitwig_model.js", script, tones.server.osc_port, free_port(), "on")
    assert ["engine", "engine", "composer"] in told
    path = Path(next(name for slot, name, *_ in told if slot == "inserted"))
    slots = {words[0]: words[1] for words in told}
    assert [slots[f"{track} 2"] for track in range(4, 9)] == [
        path.with_suffix(f".{part}.wav").as_posix() for part in PARTS
    ]
    assert ["shown", "msanii-live: select a slot with five empty ones to its right"] in told
    assert told[-1] == ["inserted", path.with_suffix(".mid").as_posix()]
