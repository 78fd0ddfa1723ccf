"""Check named JSON files: written whole, read with suspicion, never taken from the user."""

import json
from pathlib import Path

import pytest

from msanii_live.errors import Code
from msanii_live.library.json_files import SCENES
from msanii_live.library.library import Library
from tests.library.clips import refusal

SCENE = {"params": {"stream.mix": 0.5}, "playing": []}


def test_a_scene_is_written_read_replaced_listed_and_deleted(tmp_path: Path) -> None:
    SCENES.save(tmp_path, "verse", SCENE)
    SCENES.save(tmp_path, "verse", {**SCENE, "stream": None})
    read = SCENES.load(tmp_path, "verse")
    assert (read["version"], read["params"], read["stream"]) == (1, {"stream.mix": 0.5}, None)
    SCENES.save(tmp_path, "break", SCENE)
    assert SCENES.names(tmp_path) == ["break", "verse"]
    SCENES.delete(tmp_path, "verse")
    assert SCENES.names(tmp_path) == ["break"]
    with refusal(Code.ENOCLIP):
        SCENES.load(tmp_path, "verse")


def test_a_scene_that_was_edited_by_hand_is_loaded_but_left_alone(tmp_path: Path) -> None:
    SCENES.save(tmp_path, "mine", SCENE)
    path = SCENES.path(tmp_path, "mine")
    path.write_text(path.read_text().replace("0.5", "0.25"))
    before = path.read_bytes()
    assert SCENES.load(tmp_path, "mine")["params"] == {"stream.mix": 0.25}
    for call in (SCENES.delete, lambda *a: SCENES.save(*a, SCENE)):
        with refusal(Code.EPATH):
            call(tmp_path, "mine")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"kind": "another"}', "[" * 20_000, json.dumps({"kind": SCENES.kind}),
     json.dumps({"kind": SCENES.kind, "version": 99}), "\x00\xff"],
)  # fmt: skip
def test_a_bad_file_is_passed_over_and_left_alone(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    SCENES.save(tmp_path, "good", SCENE)
    path = SCENES.path(tmp_path, "bad")
    path.write_text(text, encoding="latin-1")
    assert SCENES.names(tmp_path) == ["good"]
    assert "skipped scenes/bad.json" in caplog.text
    with refusal(Code.EPATH):
        SCENES.load(tmp_path, "bad")
    with refusal(Code.EPATH):
        SCENES.save(tmp_path, "bad", SCENE)
    assert path.read_text(encoding="latin-1") == text


def test_a_scenes_name_cannot_leave_the_folder(tmp_path: Path) -> None:
    for name in ("../x", "a/b", "", "..", "x" * 65, "all"):
        with refusal(Code.ERANGE):
            SCENES.save(tmp_path, name, SCENE)


def test_what_a_server_keeps_for_itself_is_no_clip(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    SCENES.save(tmp_path, "verse", SCENE)
    SCENES.write(tmp_path / ".msanii-live.last-scene.json", SCENE, "the last scene")
    assert Library(tmp_path).names() == []
    assert "skipped" not in caplog.text


@pytest.mark.parametrize("kind", ["file", "link out", "link in", "link to nothing"])
def test_what_has_the_name_of_the_scenes_folder_is_left_alone(tmp_path: Path, kind: str) -> None:
    folder, other = tmp_path / "shared", tmp_path / "other"
    (folder / "takes").mkdir(parents=True)
    other.mkdir()
    scenes = folder / SCENES.subfolder
    if kind == "file":
        scenes.write_bytes(b"mine")
    else:
        target = {"link out": other, "link in": folder / "takes"}.get(kind, tmp_path / "nothing")
        try:
            scenes.symlink_to(target, target_is_directory=True)
        except OSError:
            pytest.skip("no links without a right, on Windows")
    with refusal(Code.EPATH):
        SCENES.save(folder, "verse", SCENE)
    assert SCENES.names(folder) == []
    assert kind != "file" or scenes.read_bytes() == b"mine"
    assert not list(other.iterdir())
    assert not list((folder / "takes").iterdir())


@pytest.mark.parametrize("text", ["", "{", '{"kind": "another"}', "by hand"])
def test_a_damaged_file_of_the_servers_own_is_set_aside_and_written_anew(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / ".msanii-live.last-scene.json"
    if text == "by hand":
        SCENES.rewrite(path, SCENE, path.name)
        text = path.read_text().replace("0.5", "0.25")
    path.write_text(text)
    for mix in (0.5, 0.75):
        SCENES.rewrite(path, {"params": {"stream.mix": mix}}, path.name)
    assert SCENES.read(path)["params"] == {"stream.mix": 0.75}
    assert (tmp_path / f"{path.name}.old").read_text() == text
    path.write_text("damaged once more")
    SCENES.rewrite(path, SCENE, path.name)
    assert (tmp_path / f"{path.name}.old-2").read_text() == "damaged once more"
    assert "damaged" not in path.read_text()
    assert f"{path.name}.old" in caplog.text


def test_a_file_of_a_later_version_stays(tmp_path: Path) -> None:
    path = tmp_path / ".msanii-live.last-scene.json"
    text = json.dumps({"kind": SCENES.kind, "version": 2, "new": True})
    path.write_text(text)
    with refusal(Code.EPATH):
        SCENES.rewrite(path, SCENE, path.name)
    assert path.read_text() == text
    assert list(tmp_path.iterdir()) == [path]
