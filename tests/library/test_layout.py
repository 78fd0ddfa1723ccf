"""Check that clips may lie in folders and have longer file names, and that all else stays true."""

import shutil
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from msanii_live.config import Config, ConfigError
from msanii_live.errors import Code
from msanii_live.library import midi_files
from msanii_live.library.layout import Layout
from msanii_live.library.library import Library
from msanii_live.library.trash import TrashedClip
from tests.library.clips import band, noise, refusal
from tests.library.test_ownership import user_wav
from tests.midi.bands import BAND

TEMPLATE = "{style}-{bpm}-{key}-{name}"
LAYOUTS = [
    Layout(), Layout("by-day"), Layout("by-session"), Layout(file_name=TEMPLATE),
    Layout("by-day", "{date}_{name}_{engine}"),
]  # fmt: skip


@pytest.fixture(params=LAYOUTS, ids=lambda layout: f"{layout.folders} {layout.file_name}")
def library(request: pytest.FixtureRequest, tmp_path: Path) -> Library:
    return Library(tmp_path / "clips", layout=request.param)


def house(name: str, frames: int = 2_000) -> "object":
    made = noise(name, frames)
    return replace(made, info=replace(made.info, style="house", key="F# min"))


def visible(folder: Path) -> list[str]:
    """Return the files that are neither in the trash nor hidden."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if not path.startswith("."))


def test_folders_are_by_day_or_by_start() -> None:
    began = time.mktime((2026, 11, 26, 19, 30, 5, 0, 0, -1))
    info = replace(noise("kick").info, wrote=began + 86_400)
    assert Layout(began=began).place(info).stem == "kick"
    assert Layout("by-day", began=began).place(info).stem == "2026-11-27/kick"
    assert Layout("by-session", began=began).place(info).stem == "2026-11-26_19-30/kick"


@pytest.mark.parametrize(
    ("facts", "stem"),
    [
        ({}, "124-a.b"),
        ({"style": "house", "bpm": 124.5, "key": "F# min"}, "house-124.5-Fs-min-a.b"),
        ({"style": "../x", "bpm": 0.0, "key": "É\0 "}, "x-E-a.b"),
        ({"style": "", "command": {"style": "techno", "key": "Am"}}, "techno-124-Am-a.b"),
        ({"style": "s" * 90, "bpm": 1e-3}, f"{'s' * 24}-0.001-a.b"),
    ],
)
def test_file_names_are_plain(facts: dict[str, object], stem: str) -> None:
    info = replace(noise("a.b").info, **facts)  # type: ignore[arg-type]
    assert Layout(file_name=TEMPLATE).stem(info) == stem


@pytest.mark.parametrize(
    "text",
    ["", "{style}", "{name}{name}", "{name}/{bpm}", "{name}.x", "{mood}-{name}", "a b{name}"],
)
def test_a_bad_template_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="file_name is"):
        Config(file_name=text)


def test_a_bad_layout_is_refused() -> None:
    with pytest.raises(ConfigError, match="layout is 'weekly': it must be one of flat, by-day"):
        Config(layout="weekly")


def test_a_clip_and_what_belongs_to_it_lie_together_and_are_found_again(library: Library) -> None:
    path = library.add(band("a"))
    stem = library.info("a").stem
    assert path == library.path("a") == library.folder / f"{stem}.wav"
    endings = (".bass.wav", ".chords.wav", ".drums.wav", ".json", ".lead.wav", ".mid", ".pad.wav")
    assert visible(library.folder) == sorted(f"{stem}{end}" for end in (*endings, ".wav"))
    for layout in LAYOUTS:  # whatever the layout is by then
        again = Library(library.folder, layout=layout)
        assert again.names() == ["a"]
        assert again.path("a") == path
        assert again.get("a").score is not None
        assert len(again.stems("a")) == 5
        assert again.companion_path("a", ".mid") == library.folder / f"{stem}.mid"
        assert again.get(f"{stem}.wav").info.name == "a"
    assert midi_files.find(library.folder, f"{stem}.mid").is_file()


def test_rename_keeps_the_folder_and_takes_files_along(library: Library) -> None:
    before = library.add(band("a"))
    library.rename("a", "b")
    assert library.path("b").parent == before.parent
    assert len(visible(library.folder)) == 8
    assert "a" not in {Path(name).stem.rsplit("-", 1)[-1] for name in visible(library.folder)}
    again = Library(library.folder)
    assert again.names() == ["b"]
    assert len(again.stems("b")) == 5


def test_delete_restore_star_and_free(library: Library) -> None:
    library.add(band("a"))
    before = visible(library.folder)
    kept = library.delete("a")
    assert isinstance(kept, TrashedClip)
    assert list(library.folder.glob("[!.]*")) == []  # no empty folder is left
    kept = Library(library.folder).trash.clips[0]  # after a new start
    again = Library(library.folder)
    again.restore(again.trash.clips[0])
    assert visible(library.folder) == before
    assert again.info("a").stem == kept.info.stem
    again.star("a", True)
    assert Library(library.folder).info("a").starred
    again.free("a")
    path = (again.folder / f"{kept.info.stem}.wav").relative_to(again.folder).as_posix()
    assert again.load(path).name == "a"
    assert visible(library.folder) == before


def test_a_clip_that_replaces_one_of_another_layout_leaves_nothing_behind(library: Library) -> None:
    Library(library.folder).add(band("a", seed=1))
    again = Library(library.folder, layout=library.layout)
    path = again.add(band("a", seed=2))
    assert len(visible(library.folder)) == 8
    assert path.is_file()
    assert len(again.trash.clips) == 1
    assert np.array_equal(Library(library.folder).get("a").samples, band("a", seed=2).samples)


def test_notes_that_were_changed_stay_and_are_told_of_once(library: Library) -> None:
    path = library.add(band("a"))
    path.with_suffix(".mid").write_bytes(b"theirs")
    told: list[str] = []
    library.add(band("a", seed=2), told.append)
    assert path.with_suffix(".mid").read_bytes() == b"theirs"
    assert len(told) == 1
    assert "left alone" in told[0]


def test_a_file_name_follows_the_facts(tmp_path: Path) -> None:
    library = Library(tmp_path, layout=Layout(file_name=TEMPLATE))
    assert library.add(noise("a")).name == "124-a.wav"
    assert library.add(house("a")).name == "house-124-Fs-min-a.wav"  # type: ignore[arg-type]
    assert visible(tmp_path) == ["house-124-Fs-min-a.json", "house-124-Fs-min-a.wav"]


def test_keep_gb_deletes_own_files_alone(library: Library) -> None:
    first = library.add(noise("a", 1_000))
    theirs = [first.with_name("theirs.wav"), library.folder / "kit" / first.name]
    content = [user_wav(path) for path in theirs]
    shutil.copy(first.with_suffix(".json"), theirs[1].parent)  # a copy of a clip that they keep
    limited = Library(library.folder, keep_bytes=1, layout=library.layout)
    assert limited.names() == ["a"]
    limited.add(noise("b", 1_000))
    assert Library(library.folder).names() == ["b"]
    assert not first.exists()
    assert [path.read_bytes() for path in theirs] == content


def test_a_users_file_in_the_way_is_left_alone(library: Library) -> None:
    stem = library.layout.place(replace(noise("a").info, wrote=time.time())).stem
    theirs = library.folder / f"{stem}.wav"
    content = user_wav(theirs)
    with refusal(Code.EPATH):
        library.add(noise("a"))
    assert theirs.read_bytes() == content
    assert visible(library.folder) == [f"{stem}.wav"]
    assert library.get("a").info.name == "a"  # it plays from memory


def test_two_names_that_give_one_file_name_do_not_replace_each_other(tmp_path: Path) -> None:
    library = Library(tmp_path, layout=Layout(file_name="{name}-{style}"))
    library.add(noise("a-house"))
    with refusal(Code.EPATH):
        library.add(house("a"))  # type: ignore[arg-type]
    assert Library(tmp_path).names() == ["a-house"]


def test_a_link_is_no_folder_of_clips(tmp_path: Path) -> None:
    library = Library(tmp_path / "clips", layout=Layout("by-day"))
    outside = tmp_path / "outside"
    outside.mkdir()
    (library.folder / time.strftime("%Y-%m-%d")).symlink_to(outside)
    with refusal(Code.EPATH):
        library.add(noise("a"))
    assert list(outside.iterdir()) == []


def test_new_names_count_the_clips_of_all_folders(tmp_path: Path) -> None:
    Library(tmp_path, layout=Layout("by-day")).add(noise("generate-0007"))
    assert Library(tmp_path).next_name("generate") == "generate-0008"
    user_wav(tmp_path / time.strftime("%Y-%m-%d") / "generate-0008.wav")
    library = Library(tmp_path, layout=Layout("by-day"))
    if library.layout.directory(time.time()).startswith(time.strftime("%Y-%m-%d")):
        assert library.next_name("generate") == "generate-0009"


def test_takes_lie_in_the_folder_and_are_found_by_name(tmp_path: Path) -> None:
    folder = tmp_path.resolve()
    path = midi_files.write_new(folder, "2026-11-26/take-0001", BAND)
    assert midi_files.find(folder, "take-0001") == path
    assert midi_files.find(folder, "2026-11-26/take-0001.mid") == path
