"""Check that no file of the user's is ever replaced, renamed or deleted."""

import contextlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from msanii_live.errors import Code, CommandError
from msanii_live.library import ownership, sidecar
from msanii_live.library.audio_encoding import AudioFormat
from msanii_live.library.library import Library
from tests.library.clips import noise, refusal


def user_wav(path: Path, frames: int = 4_000) -> bytes:
    """Write a WAV as a DAW would; return its bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.full((frames, 2), 0.25), 44_100, subtype="PCM_24")
    return path.read_bytes()


def user_files(library: Library) -> dict[Path, bytes]:
    """Put files of the user's under the name `mine`, of every kind of history."""
    folder = library.folder
    library.add(noise("mine"))
    library.add(noise("changed"))
    files = {}
    for name in ("mine", "changed"):  # the user exported them again
        files[folder / f"{name}.wav"] = user_wav(folder / f"{name}.wav")
    files[folder / "new.wav"] = user_wav(folder / "new.wav")
    files[folder / "loaded.wav"] = user_wav(folder / "loaded.wav")
    library.load("loaded.wav")
    same = folder / "same.wav"  # of the same length and form, but other sound
    library.add(noise("same"))
    soundfile.write(same, -noise("same").samples, 44_100, subtype="FLOAT")
    files[same] = same.read_bytes()
    link = folder / "link.wav"
    target = folder / "sub" / "target.wav"
    files[target] = user_wav(target)
    link.symlink_to(target)
    files[link] = target.read_bytes()
    for name, text in (("preset", "[1]"), ("notes", '{"name": 5}'), ("deep", "[" * 3_000)):
        files[folder / f"{name}.json"] = text.encode()
        (folder / f"{name}.json").write_text(text)
    return files


ACTIONS: dict[str, Callable[[Library, str], object]] = {
    "generate": lambda library, name: library.add(noise(name, 500)),
    "save": lambda library, name: library.save("source", f"{name}.wav"),
    "save 16 bits": lambda library, name: library.save("source", f"{name}.wav", bits=16),
    "rename to": lambda library, name: library.rename("source", name),
    "load to": lambda library, name: library.load("other.flac", clip=name),
    "rename from": lambda library, name: library.rename(name, f"{name}-renamed"),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_a_users_file_survives_everything(library: Library, action: str) -> None:
    files = user_files(library)
    library.add(noise("source"))
    soundfile.write(library.folder / "other.flac", np.full((500, 2), 0.1), 44_100)
    for path in files:
        with contextlib.suppress(CommandError):
            ACTIONS[action](library, path.stem)
        for each, content in files.items():
            assert each.read_bytes() == content
    assert (library.folder / "link.wav").is_symlink()


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".aiff", ".mid", ".json", ".txt", ""])
def test_save_replaces_nothing_but_its_own_copies(library: Library, suffix: str) -> None:
    library.add(noise("a"))
    path = library.folder / f"theirs{suffix}"
    path.write_bytes(b"of the user's own")
    for name in (path.name, f"sub/../{path.name}", str(path)):
        with refusal(Code.EPATH):
            library.save("a", name)
    assert path.read_bytes() == b"of the user's own"


@pytest.mark.parametrize("name", ["one.wav", "set/two.flac", "three.aiff"])
def test_a_copy_can_be_saved_again_until_the_user_changes_it(library: Library, name: str) -> None:
    library.add(noise("a"))
    library.add(noise("b", 500))
    library.save("a", name)
    assert soundfile.info(library.save("b", name)).frames == 500
    again = Library(library.folder)  # the record outlives the server
    path = again.save("a", name)
    assert soundfile.info(path).frames == 2_000
    path.write_bytes(path.read_bytes() + b"edited")
    before = path.read_bytes()
    with pytest.raises(CommandError, match="pick another path"):
        again.save("b", name)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "text", ["", "[]", '{"exports": 5}', '{"exports": {"a": 1}}', "\0", "[" * 9_999]
)
def test_a_broken_record_of_copies_protects_every_file(library: Library, text: str) -> None:
    library.add(noise("a"))
    path = library.save("a", "copy.wav")
    before = path.read_bytes()
    (library.folder / ".msanii-live.exports.json").write_text(text)
    again = Library(library.folder)
    with refusal(Code.EPATH):
        again.save("a", "copy.wav")
    assert path.read_bytes() == before
    assert again.save("a", "other.wav").is_file()


def test_keep_gb_deletes_only_own_files(library: Library) -> None:
    files = user_files(library)
    for name in ("a", "b", "c"):
        library.add(noise(name))
    cleaning = Library(library.folder, keep_bytes=1)
    for name in ("d", "e"):
        cleaning.add(noise(name))
    for path, content in files.items():
        assert path.read_bytes() == content
    own = [name for name in "abcde" if (library.folder / f"{name}.wav").exists()]
    assert own == ["e"]
    assert "loaded" in cleaning


@pytest.mark.parametrize("frames", [500, 2_000, 4_000])
def test_a_loaded_file_is_renamed_as_a_copy(library: Library, frames: int) -> None:
    before = user_wav(library.folder / "mine.wav", frames)
    library.load("mine.wav", bpm=99.0)
    library.rename("mine", "yours")
    assert (library.folder / "mine.wav").read_bytes() == before
    assert not (library.folder / "mine.json").exists()
    assert library.names() == ["yours"]
    assert (library.info("yours").frames, library.info("yours").bpm) == (frames, 99.0)
    assert Library(library.folder).names() == ["yours"]


def test_a_sidecar_records_the_size_and_hash_of_its_file(library: Library) -> None:
    for name, frames in (("a", 1), ("b", 777), ("c", 5_000)):
        path = library.add(noise(name, frames))
        raw = json.loads((library.folder / f"{name}.json").read_text())
        assert raw["size"] == path.stat().st_size
        assert ownership.matches(path, raw["size"], raw["blake2b"])
        assert not ownership.matches(path, raw["size"] + 1, raw["blake2b"])
        assert not ownership.matches(path, raw["size"], raw["blake2b"][::-1])


def as_earlier_version(library: Library, name: str, **changes: object) -> None:
    """Rewrite a sidecar as the first version wrote it."""
    side = sidecar.sidecar_path(library.folder, name)
    raw = json.loads(side.read_text()) | changes
    for key in ("size", "blake2b", "suffix"):
        raw.pop(key)
    side.write_text(json.dumps(raw))


def test_clips_of_the_first_version_are_own_as_far_as_can_be_told(library: Library) -> None:
    for name in ("own", "older", "loaded", "cut"):
        library.add(noise(name))
    as_earlier_version(library, "own")
    as_earlier_version(library, "older")
    os.utime(library.folder / "older.wav", (1e9, 1e9))
    as_earlier_version(library, "loaded", command={"path": "loaded.wav"})
    as_earlier_version(library, "cut")
    soundfile.write(library.folder / "cut.wav", np.zeros((9, 2)), 44_100, subtype="FLOAT")
    names = ("own", "older", "loaded", "cut", "gone")
    own = [name for name in names if ownership.read_own(library.folder, name)]
    assert own == ["own"]
    again = Library(library.folder)
    assert np.array_equal(again.get("own").samples, noise("own").samples)
    again.add(noise("own", 100))
    for name in ("older", "loaded", "cut"):
        with refusal(Code.EPATH):
            again.add(noise(name, 100))


@pytest.mark.parametrize(
    "form", [AudioFormat("flac", 24), AudioFormat("aiff", 16), AudioFormat("wav", 16, 48_000)]
)
def test_the_folders_form_is_that_of_its_clips(tmp_path: Path, form: AudioFormat) -> None:
    library = Library(tmp_path, form=form)
    path = library.add(noise("a"))
    assert path.suffix == form.suffix
    assert path == library.path("a")
    assert np.array_equal(library.get("a").samples, noise("a").samples)
    again = Library(tmp_path, form=form)
    clip = again.get("a")
    assert (clip.info.frames, clip.info.sample_rate) == (2_000, 44_100)
    tolerance = 2e-4 if not form.rate else 1.0
    assert np.abs(clip.samples - noise("a").samples).max() < tolerance
    again.rename("a", "b")
    assert again.path("b").is_file()
    plain = Library(tmp_path)
    plain.add(noise("b", 300))  # the clip's earlier file goes with it
    assert sorted(p.name for p in tmp_path.glob("[!.]*")) == ["b.json", "b.wav"]


def test_a_form_does_not_replace_a_users_file(tmp_path: Path) -> None:
    library = Library(tmp_path, form=AudioFormat("flac", 24))
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.flac").write_bytes(b"theirs")
        with refusal(Code.EPATH):
            library.add(noise(name))
        assert (tmp_path / f"{name}.flac").read_bytes() == b"theirs"


def test_a_write_between_check_and_rename_is_seen(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    from msanii_live.library import clip_files

    stage = clip_files.stage_clip
    for name in ("a", "b", "c"):

        def staged(*args: object, name: str = name) -> object:
            user_wav(library.folder / f"{name}.wav")
            return stage(*args)  # type: ignore[arg-type]

        monkeypatch.setattr(clip_files, "stage_clip", staged)
        with refusal(Code.EPATH):
            library.add(noise(name))
        assert soundfile.info(library.folder / f"{name}.wav").subtype == "PCM_24"
        assert not list(library.folder.glob(".msanii-*"))


def test_infos_compare_without_their_files(library: Library) -> None:
    library.add(noise("a"))
    info = library.info("a")
    assert ownership.is_own_audio(library.folder, info)
    assert not ownership.is_own_audio(library.folder, replace(info, blake2b="0" * 32))
    assert not ownership.is_own_audio(library.folder, replace(info, name="b"))
