"""Check that MIDI files are read as they sound, and that none of them can do harm."""

import io
import struct
import time
from pathlib import Path

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msanii_live.errors import Code
from msanii_live.midi import files
from msanii_live.notes import Note, Score
from tests.library.clips import refusal

BEAT = 480


def song(*tracks: list[mido.Message], **how: int) -> mido.MidiFile:
    midi = mido.MidiFile(ticks_per_beat=BEAT, **how)
    midi.tracks.extend(mido.MidiTrack(track) for track in tracks)
    return midi


def note(pitch: int, wait: int, length: int, channel: int = 0) -> list[mido.Message]:
    on = mido.Message("note_on", note=pitch, velocity=70, time=wait, channel=channel)
    return [on, mido.Message("note_off", note=pitch, time=length, channel=channel)]


def saved(folder: Path, name: str, midi: mido.MidiFile) -> Path:
    midi.save(folder / name)
    return folder / name


def test_tempo_changes_are_followed_across_tracks() -> None:
    tempo = [
        mido.MetaMessage("set_tempo", tempo=500_000),
        mido.MetaMessage("set_tempo", tempo=1_000_000, time=2 * BEAT),
    ]
    score = files.score_from_midi(song(tempo, note(60, BEAT, 2 * BEAT)))
    assert score.notes == (Note(0.5, 2.0, 60, 70),)
    assert score.bpm == 0.0
    assert score.seconds == pytest.approx(3.0)


def test_whole_bars_stay_whole_and_anything_else_rings_on() -> None:
    end = mido.MetaMessage("end_of_track", time=7 * BEAT)
    loop = files.score_from_midi(song([*note(60, 0, BEAT), end]))
    assert (loop.seconds, loop.bpm) == (4.0, 120.0)
    piece = files.score_from_midi(song(note(60, 0, 3 * BEAT)))
    assert piece.seconds == 2.5


def test_programs_drums_and_parts_are_told_apart() -> None:
    organ = [mido.Message("program_change", program=19, channel=3), *note(50, 0, BEAT, 3)]
    score = files.score_from_midi(song(organ, note(36, 0, BEAT, 9)))
    assert [(n.pitch, n.program, n.drum) for n in score.notes] == [(36, 0, True), (50, 19, False)]


def test_a_score_survives_being_written(tmp_path: Path) -> None:
    notes = (
        Note(0.0, 0.5, 40, 3, 19),
        Note(0.1, 0.7, 60, 90, 0),
        Note(0.25, 1.0, 61, 127, 56),
        Note(0.3, 0.4, 36, 99, 0, drum=True),
    )
    score = Score(notes, 4.0, bpm=120.0, is_loop=True)
    (tmp_path / "riff.mid").write_bytes(files.to_midi(score))
    again = files.read(tmp_path / "riff.mid", "riff")
    assert (again.seconds, again.bpm) == (pytest.approx(4.0), 120.0)
    assert len(again.notes) == len(notes)
    for made, true in zip(again.notes, notes, strict=True):
        assert made.start == pytest.approx(true.start, abs=1e-4)
        assert made.end == pytest.approx(true.end, abs=1e-4)
        same = ("pitch", "velocity", "program", "drum")
        assert [getattr(made, x) for x in same] == [getattr(true, x) for x in same]


@pytest.mark.parametrize(("beats", "read"), [(3, 3), (3.5, 3.5), (0, 4), (4.1, 4.1)])
def test_the_metre_survives_where_it_can_be_said(tmp_path: Path, beats: float, read: float) -> None:
    score = Score((Note(0.0, 0.4, 60, 70),), 6.0, bpm=120.0, beats=beats)
    (tmp_path / "m.mid").write_bytes(files.to_midi(score))
    assert files.read(tmp_path / "m.mid", "m").beats == read


def whole(tracks: int, content: bytes, beat: int = 480) -> bytes:
    return (
        b"MThd" + struct.pack(">Lhhh", 6, 1, tracks, beat)
        + b"MTrk" + struct.pack(">L", len(content)) + content
    )  # fmt: skip


HOSTILE = {
    "empty": b"",
    "no midi": b"RIFF" * 100,
    "cut short": whole(1, b"\0\x90\x40\x40")[:-2],
    "no time": whole(1, b"\0\xff\x2f\0", beat=0),
    "smpte": whole(1, b"\0\xff\x2f\0", beat=-6_360),
    "an endless number": whole(1, b"\xff" * 900_000),
    "a text of two gigabytes": whole(1, b"\0\xff\x01\x88\x80\x80\x80\0"),
    "thirty thousand tracks": whole(30_000, b"\0\xff\x2f\0"),
    "too large": whole(1, b"\0\x90\x40\x40\1\x80\x40\0" * 150_000),
    "too many notes": whole(1, b"\0\x90\x40\x40" + b"\1\x40\x41" * 60_000),
    "a key that is none": whole(1, b"\0\x59\x02\x7f\x00"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_in_time(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.mid"
    path.write_bytes(HOSTILE[name])
    began = time.process_time()
    with refusal(Code.EPATH):
        files.read(path, "x.mid")
    assert time.process_time() - began < 20


def test_a_year_of_rest_is_cut() -> None:
    score = files.score_from_midi(song(note(60, 0, BEAT), note(62, 2**27, BEAT)))
    assert [n.pitch for n in score.notes] == [60]
    assert score.warnings


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_arbitrary_tracks_are_read_or_refused(content: bytes) -> None:
    try:
        midi = mido.MidiFile(file=io.BytesIO(whole(1, content)), clip=True)
    except Exception:
        return
    try:
        score = files.score_from_midi(midi)
    except ValueError:
        return
    assert all(0 <= n.start < n.end for n in score.notes)
