"""Check that the shared folder loses no clip, lists no half one, and lets nothing out."""

import errno
import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from msanii_live.errors import Code, CommandError, ConfigError
from msanii_live.library.cache import ClipCache
from msanii_live.library.library import Library
from msanii_live.library.naming import default_name
from tests.library.clips import noise, refusal


def fail_from(monkeypatch: pytest.MonkeyPatch, name: str, passes: int = 0) -> None:
    """Let a function of `os` raise ENOSPC after some calls that pass."""
    real, calls = getattr(os, name), iter(range(10_000))

    def full(*args: object) -> object:
        if next(calls) >= passes:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*args)

    monkeypatch.setattr(os, name, full)


def test_a_restart_finds_every_clip_bit_for_bit(library: Library) -> None:
    for name in ("one", "two", "three"):
        path = library.add(noise(name))
        assert path.is_absolute()
        assert path.is_file()
    again = Library(library.folder)
    assert again.names() == ["three", "two", "one"]
    assert again.info("last").name == "three"
    clip = again.get("two")
    assert np.array_equal(clip.samples, noise("two").samples)
    assert (clip.info.seed, clip.info.bpm, clip.info.parents) == (5, 124.0, ("a", "b"))
    assert time.time() - clip.info.wrote < 60
    assert "two" in again
    assert "four" not in again
    assert len(again) == 3


def test_no_temporary_file_is_left(library: Library) -> None:
    library.add(noise("a"))
    assert sorted(p.name for p in library.folder.iterdir()) == ["a.json", "a.wav"]


def test_a_clip_of_the_same_name_is_replaced(library: Library) -> None:
    library.add(noise("a"))
    library.add(noise("b"))
    library.add(noise("a", frames=500))
    assert library.names() == ["a", "b"]
    assert Library(library.folder).get("a").info.frames == 500


def test_a_fresh_clip_comes_from_memory(library: Library) -> None:
    library.add(noise("a"))
    (library.folder / "a.wav").unlink()
    assert library.get("a").info.frames == 2_000


@pytest.mark.parametrize(("name", "passes"), [("replace", 0), ("replace", 1), ("fsync", 0)])
def test_a_full_disk_leaves_the_clip_in_memory(
    library: Library, monkeypatch: pytest.MonkeyPatch, name: str, passes: int
) -> None:
    with monkeypatch.context() as patch:
        fail_from(patch, name, passes)
        with pytest.raises(CommandError, match=r"No space left.*make room") as caught:
            library.add(noise("a"))
    assert caught.value.code is Code.EPATH
    assert np.array_equal(library.get("last").samples, noise("a").samples)
    with refusal(Code.EPATH):
        library.path("a")
    assert not list(library.folder.glob("*.json"))
    assert not list(library.folder.glob(".*"))
    # Once there is room, the remedy in the text works.
    assert library.save("a", "a.wav") == library.path("a")
    assert Library(library.folder).names() == ["a"]


def test_unsaved_clips_are_never_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library(tmp_path, cache_bytes=20_000)
    with monkeypatch.context() as patch:
        fail_from(patch, "replace")
        with refusal(Code.EPATH):
            library.add(noise("a"))
    for name in ("b", "c", "d"):
        library.add(noise(name))
    assert np.array_equal(library.get("a").samples, noise("a").samples)
    assert np.array_equal(library.get("b").samples, noise("b").samples)


def test_memory_gives_up_the_least_recently_used() -> None:
    memory = ClipCache(3 * 16_000)
    for name in "abc":
        memory.put(name, noise(name))
    memory.get("a")
    memory.put("d", noise("d"))
    assert [memory.get(name) is not None for name in "abcd"] == [True, False, True, True]


def test_half_files_are_not_listed(library: Library) -> None:
    for name in ("whole", "cut", "alone", "other"):
        library.add(noise(name))
    cut = library.folder / "cut.wav"
    cut.write_bytes(cut.read_bytes()[:-800])
    (library.folder / "alone.wav").unlink()
    (library.folder / "other.json").write_text('{"name": 5')
    (library.folder / "preset.json").write_text("[1]")
    assert Library(library.folder).names() == ["whole"]


@pytest.mark.parametrize(
    "change",
    [
        '"seed": "x"',
        '"frames": -1',
        '"bpm": NaN',
        '"parents": 3',
        '"command": []',
        '"precision": 16',
    ],
)
def test_a_sidecar_with_wrong_values_is_passed_over(library: Library, change: str) -> None:
    library.add(noise("a"))
    sidecar = library.folder / "a.json"
    text = sidecar.read_text().rstrip().removesuffix("}")
    sidecar.write_text(f"{text}, {change}}}")
    assert Library(library.folder).names() == []


@pytest.mark.parametrize(("place", "is_ours"), [(".", True), ("scenes", True), ("takes", False)])
def test_only_old_leftovers_are_deleted(library: Library, place: str, is_ours: bool) -> None:
    folder = library.folder / place
    folder.mkdir(exist_ok=True)
    old, new = (folder / f".msanii-{name}.partial" for name in ("old", "new"))
    for path in (old, new):
        path.write_bytes(b"x")
    os.utime(old, (1, 1))
    Library(library.folder)
    assert new.exists()
    assert old.exists() != is_ours


def test_rename_moves_both_files_and_keeps_the_order(library: Library) -> None:
    for name in ("a", "b", "c"):
        library.add(noise(name))
    library.rename("b", "new")
    assert library.names() == ["c", "new", "a"]
    assert library.get("new").info.name == "new"
    assert not (library.folder / "b.wav").exists()
    assert not (library.folder / "b.json").exists()
    assert Library(library.folder).names() == ["c", "new", "a"]
    with refusal(Code.EPATH):
        library.rename("a", "new")
    with refusal(Code.ERANGE):
        library.rename("a", "last")
    with refusal(Code.ERANGE):
        library.rename("a", "../x")


def test_a_rename_that_fails_changes_nothing(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.add(noise("a"))
    with monkeypatch.context() as patch:
        fail_from(patch, "replace")
        with refusal(Code.EPATH):
            library.rename("a", "b")
    assert library.names() == Library(library.folder).names() == ["a"]
    assert not (library.folder / "b.json").exists()


def test_free_forgets_but_keeps_the_file(library: Library) -> None:
    library.add(noise("a"))
    library.free("last")
    assert library.names() == []
    with refusal(Code.ENOCLIP):
        library.get("a")
    assert Library(library.folder).names() == ["a"]
    info = library.load("a.wav")
    assert (info.name, info.seed) == ("a", 5)


def test_the_closest_names_are_hinted_at(library: Library) -> None:
    for name in ("generate-0001", "generate-0002", "outpaint-0001", "kick"):
        library.add(noise(name, frames=10))
    with pytest.raises(CommandError, match="generate-0001") as caught:
        library.get("generat-0001")
    assert caught.value.code is Code.ENOCLIP
    assert caught.value.text.count(",") == 2
    with pytest.raises(CommandError, match="there is no clip yet"):
        Library(library.folder.parent / "empty").get("last")


def test_a_clip_whose_file_was_deleted_is_forgotten(library: Library) -> None:
    library.add(noise("a"))
    library.add(noise("b"))
    again = Library(library.folder)
    (library.folder / "b.wav").unlink()
    with pytest.raises(CommandError, match="no longer"):
        again.get("last")
    assert again.get("last").info.name == "a"


def test_made_up_names_are_new(library: Library) -> None:
    library.add(noise("generate-0006"))
    library.free("generate-0006")
    assert library.next_name("generate") == "generate-0007"
    library.add(noise("generate-0008"))
    assert library.next_name("/msanii/generate") == "generate-0009"
    assert library.next_name("outpaint") == "outpaint-0001"
    assert Library(library.folder).next_name("generate") == "generate-0009"


def test_illegal_names_are_refused(library: Library) -> None:
    for name in ("", "a/b", "current", "..", "x" * 65):
        with refusal(Code.ERANGE):
            library.add(noise(name))
    assert default_name("???") == default_name("last") == "clip"


def test_a_folder_that_cannot_be_made_names_the_flag(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="--folder"):
        Library(tmp_path / "file" / "clips")


def test_many_threads_lose_nothing(library: Library) -> None:
    def add() -> None:
        for _ in range(5):
            library.add(noise(library.next_name("generate"), frames=50))
            library.get("last")

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(Library(library.folder).names()) == [f"generate-{n:04d}" for n in range(1, 21)]


def test_the_oldest_clips_go_only_when_that_was_asked_for(tmp_path: Path) -> None:
    size = 2_000 * 2 * 4
    (tmp_path / "mine.wav").write_bytes(b"of the user's own")
    keeping = Library(tmp_path)
    for name in "abcd":
        keeping.add(noise(name))
    assert len(keeping) == 4
    cleaning = Library(tmp_path, keep_bytes=2 * size)
    cleaning.add(noise("e"))
    assert cleaning.names() == ["e", "d"]
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["d.json", "d.wav", "e.json", "e.wav", "mine.wav"]
    cleaning.add(noise("huge", 9_000))
    assert cleaning.names() == ["huge"]
