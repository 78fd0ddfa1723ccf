"""Check that a clip's notes and stems follow it, and that no user's file is ever lost to them."""

import contextlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from msanii_live.errors import Code, CommandError
from msanii_live.library import companions, ownership, paths, sidecar
from msanii_live.library.audio_encoding import AudioFormat
from msanii_live.library.library import Library
from msanii_live.library.trash import TRASH_FOLDER
from msanii_live.midi import files as midi
from msanii_live.notes import PARTS
from tests.library.clips import band, noise, refusal
from tests.midi.bands import BAND

FILES = (".json", ".wav", ".mid", *(f".{part}.wav" for part in PARTS))


def listed(library: Library) -> set[str]:
    return {path.name for path in library.folder.iterdir() if path.name != TRASH_FOLDER}


def names(*stems: str) -> set[str]:
    return {f"{stem}{end}" for stem in stems for end in FILES}


def test_notes_and_stems_lie_beside_the_clip_and_are_no_clips(library: Library) -> None:
    clip = band("a")
    library.add(clip)
    assert listed(library) == names("a")
    again = Library(library.folder)
    assert again.names() == ["a"]
    score = again.get("a").score
    assert score is not None
    assert (score.parts, score.key, score.seconds) == (BAND.parts, BAND.key, clip.info.seconds)
    stems = again.stems("a")
    assert list(stems) == list(PARTS)
    assert all(np.array_equal(stems[part], clip.stems[part]) for part in PARTS)
    total = sum(stem.astype(np.float64) for stem in stems.values())
    assert np.abs(total - again.get("a").samples).max() <= 2**-20
    raw = json.loads((library.folder / "a.json").read_text())
    assert set(raw["companions"]) == set(FILES[2:])
    for suffix, record in raw["companions"].items():
        path = library.folder / f"a{suffix}"
        assert ownership.matches(path, record["size"], record["blake2b"])
        assert library.companion_path("a", suffix) == path


def test_stems_stay_exact_where_the_clip_is_quantised(tmp_path: Path) -> None:
    library = Library(tmp_path, form=AudioFormat("flac", 16))
    clip = band("a")
    library.add(clip)
    total = sum(stem.astype(np.float64) for stem in Library(tmp_path).stems("a").values())
    assert np.abs(total - clip.samples).max() <= 2**-20
    assert (tmp_path / "a.flac").is_file()


def test_they_are_renamed_with_their_clip(library: Library) -> None:
    library.add(band("a"))
    library.rename("a", "b")
    assert listed(library) == names("b")
    assert library.get("b").score is not None
    again = Library(library.folder)
    assert len(again.stems("b")) == 5
    again.rename("b", "c")
    assert listed(again) == names("c")


def test_a_take_is_found_after_renaming(library: Library) -> None:
    clip = band("a", parts=())
    command = {"address": "/msanii/render", "midi": "take"}
    library.add(replace(clip, info=replace(clip.info, command=command)))
    assert library.info("a").command["midi"] == "a.mid"
    library.rename("a", "b")
    assert library.info("b").command["midi"] == "b.mid"
    assert sidecar.read_sidecar(library.folder, "b").command["midi"] == "b.mid"


def test_a_freed_clip_keeps_them(library: Library) -> None:
    library.add(band("a"))
    library.free("a")
    assert listed(library) == names("a")
    library.load("a.wav")
    assert library.get("a").score is not None
    assert len(library.stems("a")) == 5


def test_a_clip_that_replaces_another_replaces_them(library: Library) -> None:
    library.add(band("a"))
    library.add(band("a", seed=1, parts=("drums", "bass")))
    ends = (".json", ".wav", ".mid", ".drums.wav", ".bass.wav")
    assert listed(library) == {f"a{end}" for end in ends}
    assert set(library.stems("a")) == {"drums", "bass"}
    library.add(noise("a"))
    assert listed(library) == {"a.json", "a.wav"}
    assert library.get("a").score is None
    assert library.stems("a") == {}


def test_keep_gb_counts_and_deletes_them(library: Library) -> None:
    for name in ("a", "b", "c"):
        library.add(band(name))
    one = sum(path.stat().st_size for path in library.folder.glob("a.*"))
    limited = Library(library.folder, keep_bytes=2 * one)
    limited.add(band("d"))
    assert listed(limited) == names("c", "d")


EDITS: dict[str, Callable[[Path], object]] = {
    "edited": lambda path: path.write_bytes(path.read_bytes() + b"edited"),
    "same length": lambda path: path.write_bytes(path.read_bytes()[::-1]),
    "replaced": lambda path: (path.unlink(), path.write_bytes(b"theirs")),
    "linked": lambda path: (path.rename(path.parent / "x"), path.symlink_to(path.parent / "x")),
}
ACTIONS: dict[str, Callable[[Library], object]] = {
    "replace": lambda library: library.add(band("a", seed=2)),
    "replace without": lambda library: library.add(noise("a")),
    "rename": lambda library: library.rename("a", "b"),
    "free and load": lambda library: (library.free("a"), library.load("a.wav")),
    "keep-gb": lambda library: [library.add(band(n)) for n in ("y", "z")],
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("action", ACTIONS)
def test_what_the_user_changed_is_never_touched(library: Library, action: str, edit: str) -> None:
    library.add(band("a"))
    theirs = [library.folder / name for name in ("a.mid", "a.drums.wav")]
    for path in theirs:
        EDITS[edit](path)
        if edit == "linked":
            break
    before = {path: path.read_bytes() for path in theirs}
    again = Library(library.folder, keep_bytes=1 if action == "keep-gb" else 0)
    ACTIONS[action](again)
    for path in theirs[: 1 if edit == "linked" else 2]:
        assert path.read_bytes() == before[path]
    assert (library.folder / "a.mid").is_symlink() == (edit == "linked")


def test_notes_that_the_user_changed_are_not_the_clips(library: Library) -> None:
    library.add(band("a"))
    (library.folder / "a.mid").write_bytes(midi.to_midi(replace(BAND, notes=BAND.notes[:1])))
    again = Library(library.folder)
    clip = again.get("a")
    assert clip.score is None
    assert "a.mid was changed" in clip.warnings[0]
    assert again.get("a").warnings == ()  # it is told once
    assert again.companion_path("a", ".mid") is None
    warnings: list[str] = []
    again.add(band("a", seed=1), warnings.append)
    assert "a.mid is not msanii-live's own" in warnings[0]
    assert "a-2.mid" in warnings[0]
    score = Library(library.folder).get("a").score
    assert score is not None
    assert len(score.notes) == len(BAND.notes)
    again.add(band("a", seed=2))
    assert "a-3.mid" not in listed(again)  # its own a-2.mid is replaced


def test_a_changed_file_that_stays_beside_a_clip_without_notes_is_told(library: Library) -> None:
    library.add(band("a"))
    for end in (".mid", ".bass.wav"):
        EDITS["edited"](library.folder / f"a{end}")
    warnings: list[str] = []
    library.add(noise("a"), warnings.append)
    assert warnings == [
        f"{name} was changed by hand and stays: it is not of the new a"
        for name in ("a.mid", "a.bass.wav")
    ]
    assert library.get("a").score is None
    library.add(noise("a", 500), warnings.append)
    assert len(warnings) == 2  # it is told once
    library.add(band("b"), warnings.append)
    library.add(band("b", seed=1), warnings.append)
    assert len(warnings) == 2


def test_a_users_file_of_the_new_name_is_left_alone(library: Library) -> None:
    library.add(band("a"))
    for end in (".mid", ".bass.wav"):
        (library.folder / f"b{end}").write_bytes(b"theirs")
    library.rename("a", "b")
    assert (library.folder / "b.mid").read_bytes() == b"theirs"
    assert (library.folder / "b.bass.wav").read_bytes() == b"theirs"
    assert library.companion_path("b", ".mid") == library.folder / "b-2.mid"
    assert len(Library(library.folder).stems("b")) == 5


def test_names_of_stems_are_reserved(library: Library) -> None:
    library.add(band("a"))
    for part in PARTS:
        with refusal(Code.ERANGE):
            library.add(noise(f"x.{part}"))
        with refusal(Code.ERANGE):
            library.rename("a", f"x.{part}")
        with refusal(Code.ERANGE):
            library.load("a.wav", clip=f"x.{part}")
    assert library.load("a.drums.wav").name == "a-drums"
    assert library.get("a.bass.wav").info.frames == library.info("a").frames


def test_a_clip_of_such_a_name_from_before_stays(library: Library) -> None:
    library.add(noise("old"))
    for end in (".wav", ".json"):
        os.rename(library.folder / f"old{end}", library.folder / f"old.drums{end}")
    again = Library(library.folder)
    assert again.names() == ["old.drums"]
    again.add(noise("old.drums", 500))
    assert again.info("old.drums").frames == 500


HOSTILE = [
    5, [], {"../x.mid": {"size": 1, "blake2b": "0" * 32}}, {".mid": 5}, {".mid": {}},
    {".mid": {"size": -1, "blake2b": "0" * 32}}, {".mid": {"size": 1, "blake2b": "x" * 32}},
    {".mid": {"size": 1.5, "blake2b": "0" * 32}}, {".mid": {"size": 1, "blake2b": 7}},
    {".wav": {"size": 1, "blake2b": "0" * 32}}, {".json": {"size": 1, "blake2b": "0" * 32}},
    {"/etc/passwd": {"size": 1, "blake2b": "0" * 32}},
    {f"-{n}.mid": {"size": 1, "blake2b": "0" * 32} for n in range(2, 40)},
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: str(value)[:30])
def test_hostile_records_are_refused(library: Library, value: object) -> None:
    library.add(noise("a"))
    side = library.folder / "a.json"
    side.write_text(json.dumps(json.loads(side.read_text()) | {"companions": value}))
    with pytest.raises(ValueError, match=r"companion|size"):
        sidecar.read_sidecar(library.folder, "a")
    assert Library(library.folder).names() == []


def test_sidecars_of_earlier_versions_have_none(library: Library) -> None:
    library.add(noise("a"))
    side = library.folder / "a.json"
    raw = json.loads(side.read_text())
    raw.pop("companions")
    side.write_text(json.dumps(raw))
    again = Library(library.folder)
    assert (again.info("a").companions, again.get("a").score) == ({}, None)


def test_a_full_disk_costs_the_notes_and_not_the_clip(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = paths.write_temporary

    def full(folder: Path, content: bytes) -> Path:
        if content[:4] == b"MThd":
            raise OSError(28, "No space left on device")
        return write(folder, content)

    monkeypatch.setattr(paths, "write_temporary", full)
    warnings: list[str] = []
    library.add(band("a", parts=()), warnings.append)
    assert listed(library) == {"a.json", "a.wav"}
    assert "a.mid could not be written (No space left on device)" in warnings[0]
    assert library.info("a").companions == {}


def test_a_file_that_appears_meanwhile_is_left_alone(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = companions.stage

    def staged(*args: object) -> object:
        made = stage(*args)  # type: ignore[arg-type]
        (library.folder / "a.mid").write_bytes(b"theirs")
        return made

    monkeypatch.setattr(companions, "stage", staged)
    library.add(band("a", parts=()))
    assert (library.folder / "a.mid").read_bytes() == b"theirs"
    assert not list(library.folder.glob(".msanii-*.partial"))
    library.add(noise("a"))
    assert (library.folder / "a.mid").read_bytes() == b"theirs"


def test_an_unwritten_clip_keeps_its_stems_in_memory(library: Library) -> None:
    (library.folder / "a.wav").write_bytes(b"theirs")
    with refusal(Code.EPATH):
        library.add(band("a"))
    assert listed(library) == {"a.wav"}
    assert len(library.stems("a")) == 5
    library.rename("a", "b")
    library.save("b", "b.wav")
    assert listed(library) == {"a.wav", *names("b")}


@pytest.mark.parametrize("failing", [".wav", ".json", ".mid"])
def test_a_rename_that_fails_leaves_no_half_clip(
    library: Library, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    library.add(band("a", parts=("drums",)))
    before = {path.name: path.read_bytes() for path in library.folder.glob("a*")}
    real = os.replace

    def fail(source: Path, target: Path) -> None:
        if Path(target).suffix == failing and not Path(target).name.endswith(".drums.wav"):
            raise OSError(5, "Input/output error")
        real(source, target)

    monkeypatch.setattr(os, "replace", fail)
    with contextlib.suppress(CommandError):
        library.add(band("a", seed=1, parts=("drums", "bass")))
    monkeypatch.undo()
    assert not list(library.folder.glob(".msanii-*.partial"))
    after = {path.name: path.read_bytes() for path in library.folder.glob("a*")}
    if failing in (".wav", ".json"):  # the old clip is as it was
        sidecars = [json.loads(files.pop("a.json")) for files in (before, after)]
        assert sidecars[0] == sidecars[1]
        assert after == before
        assert not library.trash.clips
    else:  # the new clip keeps all but its notes
        assert set(after) == {"a.json", "a.wav", "a.mid", "a.drums.wav", "a.bass.wav"}
        assert after["a.mid"] == before["a.mid"]
        assert set(Library(library.folder).stems("a")) == {"drums", "bass"}
