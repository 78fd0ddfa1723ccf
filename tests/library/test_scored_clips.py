"""Check clips that get notes after they were made: theirs, and those of files of the user's."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from msanii_live.errors import Code
from msanii_live.library.library import Library
from msanii_live.notes import Note, Score
from tests.library.clips import noise, refusal

HEARD = Score((Note(0.0, 0.02, 60, 90, part="chords"),), 2_000 / 44_100, bpm=90.0, bar=0.25)


def fail(text: str) -> None:
    raise AssertionError(text)


def test_notes_lie_beside_the_clip_and_are_read_again(library: Library) -> None:
    library.add(noise("a"))
    library.add(noise("b"))
    info = library.set_score(library.get("a"), HEARD, fail)
    assert library.names() == ["b", "a"]  # listening makes no clip newer
    assert info == library.info("a") == library.get("a").info
    assert info.bpm == 124.0  # it was known before
    assert (library.folder / "a.mid").is_file()
    again = Library(library.folder).get("a")
    assert again.score is not None
    assert [n.pitch for n in again.score.notes] == [60]
    assert np.array_equal(again.samples, library.get("a").samples)


def test_notes_replace_those_before_and_no_file_of_the_user(library: Library) -> None:
    library.add(noise("a"))
    (library.folder / "a.mid").write_bytes(b"the user's")
    warned: list[str] = []
    library.set_score(library.get("a"), HEARD, warned.append)
    assert (library.folder / "a.mid").read_bytes() == b"the user's"
    assert len(warned) == 1
    other = replace(HEARD, notes=(Note(0.0, 0.02, 72, 90, part="lead"),))
    library.set_score(library.get("a"), other, fail)
    found = sorted(path.name for path in library.folder.glob("*.mid"))
    assert found == ["a-2.mid", "a.mid"]
    again = Library(library.folder).get("a").score
    assert again is not None
    assert [n.pitch for n in again.notes] == [72]


def test_a_file_of_the_user_keeps_its_notes_until_it_changes(tmp_path: Path) -> None:
    wave = np.random.default_rng(1).normal(0, 0.1, (2_000, 2)).astype(np.float32)
    soundfile.write(tmp_path / "loop.wav", wave, 44_100, subtype="FLOAT")
    library = Library(tmp_path)
    library.load("loop.wav")
    info = library.set_score(library.get("loop"), HEARD, fail)
    assert (info.bpm, info.bar_offset) == (90.0, 0.25)
    other = replace(HEARD, bpm=120.0, bar=0.0)
    info = library.set_score(library.get("loop"), other, fail)
    assert (info.bpm, info.bar_offset) == (120.0, 0.0)  # what was heard is heard anew
    library.set_score(library.get("loop"), HEARD, fail)
    again = Library(tmp_path)
    clip = again.get("loop")
    assert clip.score is not None
    assert clip.info.bpm == 90.0
    soundfile.write(tmp_path / "loop.wav", 0.5 * wave, 44_100, subtype="FLOAT")
    assert Library(tmp_path).get("loop").score is None


def test_a_clip_that_changed_or_went_meanwhile_is_left_alone(library: Library) -> None:
    library.add(noise("a"))
    before = library.get("a")
    library.add(noise("a", frames=3_000))
    assert library.set_score(before, HEARD, fail) == library.info("a")
    assert library.get("a").score is None
    library.free("a")
    with refusal(Code.ENOCLIP):
        library.set_score(before, HEARD, fail)
