"""Check which notes a render command plays, and what the musician is told."""

from dataclasses import replace
from pathlib import Path

import pytest

from msanii_live.engines.base import Context, standalone_context
from msanii_live.engines.scores import requested_score
from msanii_live.errors import Code, CommandError
from msanii_live.notes import Note, Score
from msanii_live.protocol.commands import Render
from tests.midi.smf_bytes import BEAT, meta, metre, off, on, read, song, tempo, tune


def context(score: Score, warnings: list[str]) -> Context:
    base = standalone_context(score=lambda name: score)
    return replace(base, warn=warnings.append, tempo=100.0, beats=5)


def rendered(score: Score, command: Render, max_seconds: float = 600.0) -> tuple[Score, list[str]]:
    warnings: list[str] = []
    return requested_score(command, context(score, warnings), max_seconds), warnings


@pytest.mark.parametrize(("beats", "tick"), [(3, 0), (3, 1), (5, 2), (6, 10)])
@pytest.mark.parametrize("bpm", [None, 60.0, 150.0])
def test_bars_are_those_of_the_files_own_metre_and_tempo(
    tmp_path: Path, beats: int, tick: int, bpm: float | None
) -> None:
    content = song(metre(beats, wait=tick) + tempo(90), tune(*[60] * 40))
    score, warnings = rendered(read(tmp_path, content), Render(midi="x", bars=2.0, bpm=bpm))
    assert score.seconds == pytest.approx(2 * beats * 60 / (bpm or 90), abs=0.01)
    assert score.is_loop
    assert not warnings


@pytest.mark.parametrize("changes", [(120, 60), (80, 81), (30, 240)])
def test_a_tempo_over_a_tempo_map_scales_it_and_says_so(
    tmp_path: Path, changes: tuple[int, int]
) -> None:
    whole = read(tmp_path, song(b"".join(tempo(each) + tune(*[60] * 8) for each in changes)))
    score, warnings = rendered(whole, Render(midi="x", bpm=60.0))
    assert score.seconds == pytest.approx(whole.seconds * changes[0] / 60, rel=1e-3)
    assert len(warnings) == 1
    assert "begins at bpm 60" in warnings[0]
    assert rendered(whole, Render(midi="x"))[1] == []


@pytest.mark.parametrize("bpm", [40.0, 120.0, 200.0])
def test_a_tempo_without_effect_is_told(tmp_path: Path, bpm: float) -> None:
    whole = read(tmp_path, song(tune(60, length=1_000), division=-25 << 8 | 40))
    score, warnings = rendered(whole, Render(midi="x", bpm=bpm))
    assert score.notes == whole.notes
    assert warnings == [f"'x' has no tempo, so that bpm {bpm:g} has no effect"]


def test_a_file_without_a_tempo_of_its_own_takes_the_transports_bars(tmp_path: Path) -> None:
    whole = read(tmp_path, song(tune(60, 62, length=9_000), division=-25 << 8 | 40))
    for bars in (1, 2, 4):
        assert rendered(whole, Render(midi="x", bars=bars))[0].seconds == pytest.approx(bars * 3.0)


@pytest.mark.parametrize(
    "command", [Render(midi="x", bars=2.0), Render(midi="x", seconds=3.0), Render(midi="x")]
)
def test_silence_at_the_start_is_named_as_such(tmp_path: Path, command: Render) -> None:
    whole = read(tmp_path, song(on(60, 16 * BEAT) + off(60, BEAT)))
    with pytest.raises(CommandError, match=r"silent in its first . s.*after 8\.0 s") as caught:
        rendered(whole, command, max_seconds=5.0)
    assert caught.value.code is Code.EPATH
    assert "no notes" not in str(caught.value)


def test_nothing_to_play_is_said(tmp_path: Path) -> None:
    for score in (Score((), 0.0), Score((), 4.0, bpm=120.0)):
        with pytest.raises(CommandError, match="no notes to play"):
            rendered(score, Render(midi="x", bars=2.0, bpm=90.0))


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (song(b"\0\xe0\0\x7f" + tune(60)), "pitch bend was left out: it is not played here"),
        (song(meta(0x59, b"\x08\0") + tune(60)), "key signature"),
        (song(tune(60) + tune(62))[:-6], "cut short"),
        (song(tune(60), tune(62), form=2), "one after another"),
        (song(tune(60) + on(62, 2**27)), "what comes after 3,600 s was left out"),
    ],
)
def test_the_musician_is_told_what_is_missing(tmp_path: Path, content: bytes, word: str) -> None:
    score, warnings = rendered(read(tmp_path, content), Render(midi="x"))
    assert score.notes[0].pitch == 60
    assert [word in each for each in warnings] == [True]


def test_what_is_too_long_is_cut_and_a_program_is_for_all_but_drums() -> None:
    notes = (Note(0.0, 9.0, 60, 90), Note(1.0, 9.0, 36, 90, drum=True), Note(8.0, 9.0, 62, 90))
    score, warnings = rendered(Score(notes, 9.0), Render(midi="x", program=19), max_seconds=5.0)
    assert [(n.end, n.program) for n in score.notes] == [(5.0, 19), (5.0, 0)]
    assert warnings == ["only the first 5 s of 9 s are played"]


def test_the_live_take_has_its_length_already() -> None:
    whole = Score((Note(0.0, 1.0, 60, 90),), 8.0, bpm=120.0, beats=4.0, is_loop=True)
    for bars in (1.0, 4.0, 8.0):
        assert rendered(whole, Render(midi="take", bars=bars))[0].seconds == 8.0
