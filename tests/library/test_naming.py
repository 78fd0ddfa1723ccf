"""Check names of clips, and that an error says what to do."""

from pathlib import Path

import pytest

from msanii_live.errors import Code, CommandError
from msanii_live.library import naming


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("kick", "kick"),
        ("Kick 909 (dry)", "Kick-909-dry"),
        ("ünïcode", "unicode"),
        ("Café", "Cafe"),
        ("Cafe\u0301", "Cafe"),
        ("キック", "clip-7054a5"),
        ("бочка", "clip-e6d55a"),
        ("a" * 80, "a" * 64),
        ("???", "clip"),
        ("", "clip"),
        ("current", "clip"),
        ("last", "clip"),
    ],
)
def test_a_files_stem_gives_a_legal_name(stem: str, name: str) -> None:
    assert naming.default_name(stem) == name
    naming.check_name(name)


@pytest.mark.parametrize("name", ["", "a/b", "..", "a b", "x" * 65, "current", "input", "all"])
def test_illegal_names_are_refused(name: str) -> None:
    with pytest.raises(CommandError, match="1 to 64 letters") as caught:
        naming.check_name(name)
    assert caught.value.code is Code.ERANGE


@pytest.mark.parametrize(
    ("text", "is_bare"),
    [("kick", True), ("kick.wav", False), ("kick.WAV", False), ("a/b", False), ("v1.2", True)],
)
def test_a_bare_text_is_a_name_and_never_a_file(text: str, is_bare: bool) -> None:
    assert naming.is_bare(text) is is_bare


def test_the_highest_number_is_found_in_names_and_files(tmp_path: Path) -> None:
    for file in ("generate-0007.wav", "generate-12.wav", "generates-0099.wav", "generate-0031.mid"):
        (tmp_path / file).write_bytes(b"")
    assert naming.highest_number(tmp_path, "generate", []) == 31
    names = ["generate-0040", "outpaint-0050", "generate-9999999999"]
    assert naming.highest_number(tmp_path, "generate", names) == 40
    assert naming.highest_number(tmp_path / "nowhere", "generate", []) == 0
    assert naming.highest_number(tmp_path, "inpaint", names) == 0


def test_an_unknown_clip_hints_at_clips_and_files(tmp_path: Path) -> None:
    for file in ("snare.wav", "kick.wav", "notes.txt"):
        (tmp_path / file).write_bytes(b"")
    error = naming.unknown_clip_error(tmp_path, "kik", ["kick", "bass"])
    assert error.code is Code.ENOCLIP
    assert error.text.startswith("no clip or file is called 'kik'; the closest are kick, ")
    assert "notes" not in error.text
    assert "kick.wav" not in error.text  # it is the clip's own file
    assert "snare.wav" in error.text


def test_a_file_that_is_not_there_is_told_where_files_lie_and_not_of_stems(tmp_path: Path) -> None:
    for file in ("nother.wav", "nothere.chords.wav", "nothere.drums.wav"):
        (tmp_path / file).write_bytes(b"")
    error = naming.unknown_clip_error(tmp_path, "nothere.wav", ["bst"])
    assert ".chords" not in error.text
    assert "closest are nother.wav, bst; " in error.text
    assert error.text.endswith(f"files lie in the shared folder {tmp_path}")
    assert "nothere.drums" in naming.unknown_clip_error(tmp_path, "nothere.drum.drums", []).text


def test_without_names_there_is_no_hint(tmp_path: Path) -> None:
    assert naming.unknown_clip_error(tmp_path / "nowhere", "a", []).text == (
        "no clip or file is called 'a'"
    )


@pytest.mark.parametrize("count", [5_000])
def test_a_hint_compares_only_so_many_names(count: int) -> None:
    names = [f"generate-{n:04d}" for n in range(count)]
    error = naming.unknown_name_error("clip", names[-1], names)
    assert names[-1] not in error.text.partition(";")[2]


def test_errors_say_what_to_do_and_show_no_path() -> None:
    full = OSError(28, "No space left on device", "/home/someone/clips/a.wav")
    for error in (naming.write_error("a.wav", full), naming.memory_only_error("a", "full")):
        assert error.code is Code.EPATH
        assert "make room" in error.text
        assert "/home" not in error.text
    assert "No space left on device" in naming.write_error("a.wav", full).text
    assert "/msanii/clip/save a" in naming.foreign_file_error("a.wav", "a").text
    assert naming.error_reason(ValueError("why")) == "why"
