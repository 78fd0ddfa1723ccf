"""Check that replaced and deleted clips can be brought back, and that the trash has bounds."""

import errno
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from msanii_live.errors import Code
from msanii_live.library import trash as trash_module
from msanii_live.library.library import Library
from msanii_live.library.trash import TRASH_FOLDER, TrashedClip
from tests.library.clips import band, noise, refusal


def replace_clip(library: Library, name: str, seed: int) -> TrashedClip:
    """Replace a clip by another and return what went to the trash."""
    found: list[TrashedClip] = []
    library.add(band(name, seed=seed), on_replaced=found.append)
    assert len(found) == 1
    return found[0]


def test_a_replaced_clip_is_in_the_trash_with_its_notes_and_stems(library: Library) -> None:
    library.add(band("a"))
    before = {path.name: path.read_bytes() for path in library.folder.glob("a*")}
    old = replace_clip(library, "a", 1)
    kept = {path.name: path.read_bytes() for path in old.folder.iterdir()}
    assert kept.keys() == before.keys()
    assert all(kept[name] == before[name] for name in before if name != "a.json")
    assert [clip.info.name for clip in Library(library.folder).trash.clips] == ["a"]
    assert Library(library.folder).names() == ["a"]


@pytest.mark.parametrize("has_links", [True, False])
def test_a_clip_comes_back_as_it_was(
    library: Library, monkeypatch: pytest.MonkeyPatch, has_links: bool
) -> None:
    if not has_links:

        def refuse(*_: object) -> None:
            raise OSError(1, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)
    library.add(band("a"))
    samples = library.get("a").samples
    kept = library.delete("a")
    assert isinstance(kept, TrashedClip)
    assert list(library.folder.glob("[!.]*")) == []
    assert Library(library.folder).names() == []
    library.restore(kept)
    again = Library(library.folder)
    assert np.array_equal(again.get("a").samples, samples)
    assert again.get("a").score is not None
    assert len(again.stems("a")) == 5
    assert not again.trash.clips
    assert list((library.folder / TRASH_FOLDER).iterdir()) == []
    with refusal(Code.EPATH):  # its name is taken
        library.restore(kept)


def test_what_the_user_changed_does_not_go_to_the_trash(library: Library) -> None:
    library.add(band("a"))
    (library.folder / "a.mid").write_bytes(b"theirs")
    old = replace_clip(library, "a", 1)
    assert not (old.folder / "a.mid").exists()
    assert (library.folder / "a.mid").read_bytes() == b"theirs"
    library.delete("a")
    assert [path.name for path in library.folder.glob("[!.]*")] == ["a.mid"]
    library.restore(old)
    assert (library.folder / "a.mid").read_bytes() == b"theirs"
    assert library.get("a").score is None


def test_a_users_file_is_only_freed(library: Library) -> None:
    Library(library.folder.parent / "other").add(noise("mine"))
    theirs = library.folder / "mine.wav"
    theirs.write_bytes((library.folder.parent / "other" / "mine.wav").read_bytes())
    library.load("mine.wav")
    library.delete("mine")
    assert theirs.is_file()
    assert not library.trash.clips


def test_a_freed_clip_is_recalled_at_its_place(library: Library) -> None:
    for name in ("a", "b", "c"):
        library.add(noise(name))
    freed = library.free("b")
    library.recall(freed)
    assert library.names() == ["c", "b", "a"]
    with refusal(Code.EPATH):
        library.recall(freed)
    library.free("b")
    (library.folder / "b.wav").unlink()
    with refusal(Code.ENOCLIP):
        library.recall(freed)


def test_the_trash_has_bounds(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    library.add(noise("a"))
    library.add(noise("b"))
    first, second = library.delete("a"), library.delete("b")
    assert isinstance(first, TrashedClip)
    assert isinstance(second, TrashedClip)
    library.trash.prune(second.size)
    assert library.trash.clips == (second,)
    assert not first.folder.exists()
    with refusal(Code.ENOCLIP):
        library.restore(first)
    monkeypatch.setattr(trash_module, "MAX_AGE", -1.0)
    library.trash.prune()
    assert not library.trash.clips


def test_a_file_in_the_trash_that_is_not_ours_stays(library: Library) -> None:
    library.add(noise("a"))
    kept = library.delete("a")
    assert isinstance(kept, TrashedClip)
    (kept.folder / "a.wav").write_bytes(b"changed by hand")
    (kept.folder / "theirs.txt").write_bytes(b"theirs")
    library.trash.prune(0)
    left = {path.name: path.read_bytes() for path in kept.folder.iterdir()}
    assert left == {"a.wav": b"changed by hand", "theirs.txt": b"theirs"}


def test_keep_gb_counts_the_trash_and_spares_stars(tmp_path: Path) -> None:
    library = Library(tmp_path)
    for name in ("a", "b", "c"):
        library.add(noise(name))
    library.star("a", True)
    size = 4 * 2 * 2_000
    limited = Library(tmp_path, keep_bytes=4 * size)
    limited.delete("b")
    assert len(limited.trash.clips) == 1
    limited.add(noise("d"))
    limited.add(noise("e"))  # fills the limit: the trash goes first
    assert limited.names() == ["e", "d", "c", "a"]
    assert not limited.trash.clips
    limited.add(noise("f"))
    assert limited.names() == ["f", "e", "d", "a"]  # c goes before the starred a


def test_a_star_is_kept_on_disk(library: Library) -> None:
    library.add(band("a"))
    library.get("a")
    assert library.star("a", True) is False
    assert library.star("a", True) is True
    again = Library(library.folder)
    assert again.info("a").starred
    assert again.get("a").score is not None
    assert len(library.stems("a")) == 5
    assert library.get("a").info == library.info("a")
    library.star("a", False)
    assert not Library(library.folder).info("a").starred


def test_a_bad_entry_is_passed_over(library: Library) -> None:
    bad = library.folder / TRASH_FOLDER / "1-x"
    bad.mkdir(parents=True)
    (bad / "x.json").write_text("{")
    assert not Library(library.folder).trash.clips
    assert (bad / "x.json").exists()


def test_a_clip_knows_its_sources_by_their_new_names(library: Library) -> None:
    library.add(noise("a"))
    library.add(noise("a-2"))
    child = noise("child")
    command = {"address": "/msanii/interpolate", "a": "a", "b": "a-2", "style": "a"}
    library.add(replace(child, info=replace(child.info, parents=("a", "a-2"), command=command)))
    library.rename("a", "first")
    library.relink("a", "first")
    for found in (library, Library(library.folder)):
        assert found.info("child").parents == ("first", "a-2")
        assert found.info("child").command == {**command, "a": "first"}
        assert found.names() == ["child", "a-2", "first"]
    assert library.get("child").info == library.info("child")


def test_on_a_full_disk_the_oldest_of_the_trash_goes_first(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        library.add(noise(name))
        library.delete(name)
    kept = library.trash.clips
    real = os.fsync

    def full(number: int) -> None:
        if len(library.trash.clips) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(number)

    monkeypatch.setattr(os, "fsync", full)
    assert library.add(noise("d")).is_file()
    assert library.trash.clips == kept[2:]
    assert [each.folder.exists() for each in kept] == [False, False, True]
    assert library.names() == Library(library.folder).names() == ["d"]


def test_a_full_disk_with_an_empty_trash_is_an_error(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with refusal(Code.EPATH):
        library.add(noise("a"))


@pytest.mark.parametrize("has_links", [True, False])
def test_what_a_crash_left_in_the_trash_goes_and_nothing_is_lost(
    library: Library, has_links: bool
) -> None:
    library.add(band("a"))
    sound = library.folder / "a.wav"
    root = library.folder / TRASH_FOLDER
    (root / "1-a").mkdir(parents=True)
    (root / "2-gone").mkdir()
    remains = root / "1-a" / "a.wav"
    if has_links:
        os.link(sound, remains)
    else:
        remains.write_bytes(sound.read_bytes())
    again = Library(library.folder)
    assert list(root.iterdir()) == []
    assert np.array_equal(again.get("a").samples, library.get("a").samples)


def test_the_only_copy_of_a_sound_stays_in_the_trash(
    library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    entry = library.folder / TRASH_FOLDER / "1-a"
    entry.mkdir(parents=True)
    (entry / "a.wav").write_bytes(b"of nobody knows whom")
    Library(library.folder)
    assert (entry / "a.wav").read_bytes() == b"of nobody knows whom"
    assert "delete it yourself" in caplog.text


def test_a_sidecar_in_the_trash_without_its_sound_goes(library: Library) -> None:
    library.add(band("a"))
    old = replace_clip(library, "a", 1)
    (old.folder / "a.wav").unlink()
    assert not Library(library.folder).trash.clips
    assert not old.folder.exists()
