"""Check which path a user's text means, and that nothing outside is meant."""

import errno
import os
import unicodedata
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
import soundfile

from msanii_live.errors import Code, CommandError
from msanii_live.library import paths
from msanii_live.library.library import Library
from tests.library.clips import noise, refusal

NAMES = (
    "Café flügel.wav",
    "ガギグ.wav",
    "한국어.wav",
    "Ångström/Übung é.wav",
    "ё-й.wav",
    "plain.wav",
)


def put(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.full((500, 2), 0.1), 44_100)
    return path


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("on_disk", ["NFC", "NFD"])
@pytest.mark.parametrize("typed", ["NFC", "NFD"])
def test_a_name_is_found_in_either_normal_form(
    library: Library, name: str, on_disk: str, typed: str
) -> None:
    path = put(library.folder, unicodedata.normalize(on_disk, name))
    text = unicodedata.normalize(typed, name)
    assert library.resolve(text) == path
    assert library.get(text).info.frames == 500
    assert library.load(text, clip="x").frames == 500
    assert library.load(text).name == library.info("last").name


def test_both_forms_beside_each_other_stay_apart(library: Library) -> None:
    for number, name in enumerate(NAMES[:3]):
        composed, split = (unicodedata.normalize(form, name) for form in ("NFC", "NFD"))
        if composed != split:
            for text in (composed, split):
                put(library.folder, text)
            assert library.resolve(composed).name == composed
            assert library.resolve(split).name == split
        assert len(library.names()) == 0, number


@pytest.mark.parametrize("name", ["drag.wav", "a b/c d.wav", "Café.wav", "100%.wav", "a#b?.wav"])
def test_paths_that_other_programs_write(library: Library, name: str) -> None:
    path = put(library.folder, name)
    for text in (
        str(path),
        f"Macintosh HD:{path}",
        f"Samsung T7:{path}",
        f"file://{quote(str(path))}",
        f"file://localhost{quote(str(path))}",
        f"FILE:{quote(str(path))}",
        f"./{name}",
    ):
        assert library.resolve(text) == path
        assert library.get(text).info.frames == 500


@pytest.mark.parametrize(
    "text",
    [
        "file:///etc/passwd", "Macintosh HD:/etc/passwd", "file:///../../etc/passwd",
        "Macintosh HD:/../etc/passwd", "file://evil.example/share/a.wav", "Macintosh HD:/tmp/x.wav",
        "file:///%2e%2e/%2e%2e/etc/passwd", "file:///a%00b.wav",
    ],
)  # fmt: skip
def test_no_spelling_reaches_outside(library: Library, text: str) -> None:
    for call in (library.load, library.get, lambda text: library.save("a", text)):
        library.add(noise("a"))
        with pytest.raises(CommandError) as caught:
            call(text)
        assert caught.value.code in (Code.EPATH, Code.ENOCLIP)
    assert sorted(p.name for p in library.folder.glob("[!.]*")) == ["a.json", "a.wav"]


@pytest.mark.parametrize(
    "name", ["x" * 252 + ".wav", "é" * 200 + ".wav", "a/" + "キ" * 90 + ".wav"]
)
def test_a_name_that_is_too_long_is_refused_in_words(library: Library, name: str) -> None:
    library.add(noise("a"))
    for call in (library.load, library.get, lambda text: library.save("a", text)):
        with pytest.raises(CommandError, match="at most 255 are possible; shorten it") as caught:
            call(name)
        assert caught.value.code is Code.EPATH


def test_a_path_of_many_names_that_is_too_long_is_refused(library: Library) -> None:
    library.add(noise("a"))
    for depth in (100, 1_000, 5_000):
        text = "/".join(["folder" * 10] * depth) + "/a.wav"
        for call in (library.load, library.get, lambda text: library.save("a", text)):
            with pytest.raises(CommandError) as caught:
                call(text)
            assert caught.value.code in (Code.EPATH, Code.ENOCLIP)
            assert len(caught.value.text) < 1_000


@pytest.mark.parametrize("call", ["load", "get", "save"])
def test_a_folder_without_rights_is_refused_with_the_remedy(
    library: Library, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    library.add(noise("a"))
    put(library.folder, "closed/b.wav")

    def denied(*_: object, **__: object) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:
        if call == "save":
            patch.setattr(paths, "write_new", denied)
            with pytest.raises(CommandError, match="Permission denied") as caught:
                library.save("a", "closed/c.wav")
        else:
            patch.setattr(Path, "is_file", denied)
            with pytest.raises(CommandError, match="give this user the right") as caught:
                getattr(library, call)("closed/b.wav")
    assert caught.value.code is Code.EPATH


def test_write_new_never_replaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    for link in (os.link, refuse):
        with monkeypatch.context() as patch:
            patch.setattr(os, "link", link)
            target = tmp_path / f"{link.__name__}.wav"
            paths.write_new(target, b"first")
            with pytest.raises(FileExistsError):
                paths.write_new(target, b"second")
            assert target.read_bytes() == b"first"
    assert not list(tmp_path.glob(".msanii-*"))


def test_texts_that_are_no_path_are_refused(library: Library) -> None:
    for text in ("", ".", "..", "\0", "a\0.wav"):
        with refusal(Code.EPATH):
            library.resolve(text)
