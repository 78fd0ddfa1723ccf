"""Check that damaged and unusual MIDI files play what is in them, and say what is missing."""

import io
import random
import struct
from pathlib import Path

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msanii_live.errors import Code, CommandError
from msanii_live.library import midi_files
from msanii_live.midi import files
from msanii_live.midi.smf import read_smf
from tests.midi.smf_bytes import (
    BEAT,
    END,
    header,
    meta,
    metre,
    number,
    off,
    on,
    pitches,
    read,
    song,
    spans,
    tempo,
    track,
    tune,
)

TUNE = [60, 64, 67, 72]
PART = tune(*TUNE)
WHOLE = song(tempo(120) + PART)


def chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack(">L", len(data)) + data


def riff(content: bytes, *, before: bytes = b"", after: bytes = b"", length: int = 0) -> bytes:
    data = b"data" + struct.pack("<L", length or len(content)) + content
    body = b"RMID" + before + data + b"\0" * (len(content) % 2) + after
    return b"RIFF" + struct.pack("<L", len(body)) + body


INFO = b"LIST" + struct.pack("<L", 10) + b"INFOIARL\0\0"

COMPLETE = {  # nothing of the music is missing: it plays, and there is nothing to tell
    "a text that is empty": song(meta(1, b"") + PART),
    "a channel prefix without data": song(meta(0x20, b"") + PART),
    "an end with data": header() + track(PART + b"\0\xff\x2f\x01\0"),
    "a sequencer's own event": song(meta(0x7F, b"\0\0\x41" * 50) + PART),
    "a meta event of no known kind": song(meta(0x6E, b"abc") + PART + meta(0x11, b"")),
    "a tempo with a byte too many": song(meta(0x51, b"\x07\xa1\x20\0") + PART),
    "a metre without its last bytes": song(meta(0x58, b"\x04\x02") + PART),
    "a system exclusive message": song(b"\0\xf0\x05\x7e\x7f\x09\x01\xf7" + PART),
    "an escape, and a clock message": song(b"\0\xf7\x01\xf8" + b"\0\xf8" + PART),
    "a foreign chunk before the tracks": header() + chunk(b"XFIH", b"MT") + track(PART + END),
    "foreign chunks after them": WHOLE + chunk(b"XFKM", b"words") + chunk(b"CASM", b""),
    "a track a few bytes too long": header() + track(PART + END, 7),
    "a track a few bytes too short": header() + track(PART + END, -3),
    "a track that says it has no length": header() + track(PART + END, -len(PART + END)),
    "a first track too long, then another": header(1, 2)
    + track(tempo(120) + END, 3)
    + track(PART + END),
    "a first track too short, then another": header(1, 2)
    + track(tempo(120) + END, -2)
    + track(PART + END),
    "a track whose length counts the next": header(1, 2)
    + track(tempo(120) + END, len(track(PART + END)))
    + track(PART + END),
    "a track whose length is the file's": header(1, 3)
    + track(tempo(120) + END, len(track(END) + track(PART + END)))
    + track(END, len(track(PART + END)))
    + track(PART + END),
    "tracks on even places": header(1, 2) + track(END + b"\0", -1) + track(PART + END),
    "no end of track": header() + track(PART),
    "zeros after its end": header() + track(PART + END + b"\0" * 40),
    "fewer tracks told than there are": header(1, 1) + track(END) + track(PART + END),
    "no tracks told": header(0, 0) + track(PART + END),
    "a header with more in it": b"MThd" + struct.pack(">LHHHL", 10, 1, 1, 480, 7) + WHOLE[14:],
    "running status over a meta event": song(
        b"\0\x90\x3c\x5a" + b"".join(meta(1, b"x") + number(480) + b"\x3c\0" for _ in range(1))
        + b"".join(b"\0" + bytes([p, 90]) + number(480) + bytes([p, 0]) for p in TUNE[1:])
    ),
    "a RIFF wrapper": riff(WHOLE),
    "a RIFF wrapper with words around": riff(WHOLE, before=INFO, after=INFO),
    "a RIFF wrapper with a wrong length": riff(WHOLE, length=9_999),
    "words before it": b"Content-Type: audio/midi\r\n\r\n" + WHOLE,
    "a MacBinary header before it": b"\0\x04SONG" + b"\0" * 122 + WHOLE,
    "a byte order mark before it": b"\xef\xbb\xbf" + WHOLE,
}  # fmt: skip


@pytest.mark.parametrize("name", COMPLETE)
def test_what_is_unusual_but_complete_just_plays(tmp_path: Path, name: str) -> None:
    score = read(tmp_path, COMPLETE[name])
    assert pitches(score) == TUNE
    assert spans(score) == [(0.0, 0.5)]
    assert score.warnings == ()


DAMAGED = {  # what is left, what is said
    "eight sharps": (song(meta(0x59, b"\x08\0") + PART), TUNE, "key signature"),
    "a mode that is none": (song(meta(0x59, b"\0\x02") + PART), TUNE, "key signature"),
    "a key without data": (song(meta(0x59, b"") + PART), TUNE, "key signature"),
    "a key far off": (song(meta(0x59, b"\x7f\xff") * 3 + PART), TUNE, r"key.*\(3 times\)"),
    "a metre of none": (song(metre(0) + PART), TUNE, "metre 0/4"),
    "a metre of no note": (song(metre(4, 200) + PART), TUNE, r"metre 4/2\^200"),
    "half a metre": (song(meta(0x58, b"\x04") + PART), TUNE, "metre cut short"),
    "no tempo": (song(meta(0x51, b"\0\0\0") + PART), TUNE, "tempo of 0"),
    "half a tempo": (song(meta(0x51, b"\x07") + PART), TUNE, "tempo cut short"),
    "a file cut in a note": (WHOLE[:-8], TUNE, "track 1 is cut short"),
    "a file cut at a note": (WHOLE[:-13], TUNE[:3], "track 1 is cut short"),
    "a file cut in a text": (header() + track(PART + meta(1, b"x" * 99))[:-9], TUNE, "cut short"),
    "a file cut between tracks": (header(1, 3) + track(PART + END), TUNE, "2 of its 3 tracks"),
    "a file cut in a track's head": (header(1, 2) + track(PART + END) + b"MTrk\0", TUNE, "track 2"),
    "a text longer than its track": (
        header(1, 2) + track(b"\0\xff\x01\x7fab" + END) + track(PART + END),
        TUNE,
        "track 1 is damaged",
    ),
    "a text of two gigabytes": (
        header(1, 2) + track(PART + b"\0\xff\x01\x88\x80\x80\x80\0") + track(tune(40)),
        [40, *TUNE],
        "track 1 is damaged",
    ),
    "running status lost": (song(b"\0\x3c\x5a" + PART), TUNE, "damaged bytes in track 1"),
    "a status without data": (song(b"\0\x90" + PART[1:]), TUNE, "damaged bytes in track 1"),
    "a number without end": (song(b"\xff" * 8 + b"\0\x90\x30\0" + PART), TUNE, "damaged bytes"),
    "no header": (WHOLE[14:], TUNE, "header is missing"),
    "half a header": (b"MThd\0\0\0\6\0\1" + track(PART + END), TUNE, "no unit of time"),
    "no unit of time": (song(PART, division=0), TUNE, "no unit of time"),
    "a format that is none": (song(PART, form=7), TUNE, "format, 7"),
    "a second piece": (WHOLE + song(tune(40)), TUNE, "second piece"),
    "notes after the end": (header() + track(PART + END + tune(40, 41)), TUNE, "after its end"),
    "a RIFF wrapper cut short": (riff(WHOLE + WHOLE[:1])[:-10], TUNE, "cut short"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_is_damaged_plays_what_is_left_and_says_so(tmp_path: Path, name: str) -> None:
    content, left, words = DAMAGED[name]
    score = read(tmp_path, content)
    assert sorted(pitches(score)) == left
    with pytest.raises(AssertionError, match=words):
        raise AssertionError("; ".join(score.warnings))


@pytest.mark.parametrize("velocity", [0x80, 0xC8, 0xFF])
def test_a_velocity_beyond_the_loudest_is_the_loudest(tmp_path: Path, velocity: int) -> None:
    score = read(tmp_path, song(b"\0\x90\x3c" + bytes([velocity]) + off(60, BEAT) + PART))
    assert score.notes[0].velocity == 127
    assert pitches(score) == [60, *TUNE]


@pytest.mark.parametrize("name", ["song.mid", "song.rmi", "song.MIDI", "song.kar"])
def test_a_wrapper_is_known_by_its_content_not_its_suffix(tmp_path: Path, name: str) -> None:
    assert pitches(read(tmp_path, riff(WHOLE), name)) == TUNE
    assert midi_files.find(tmp_path, name).name == name


REFUSED = {
    "nothing": (b"", "the file is empty"),
    "zeros": (b"\0" * 500, "the file is empty"),
    "words": (b"this is not music at all", "not a MIDI file"),
    "a sound": (b"RIFF\0\0\0\0WAVEfmt ", "WAV sound"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "not a MIDI file"),
    "a header alone": (header(1, 4), "no track"),
    "a piece of a header": (b"MThd\0", "no track"),
    "a track without notes": (song(tempo(90)), "no notes"),
    "a track cut before its notes": (WHOLE[:30], "no notes; track 1 is cut short"),
    "notes after an hour": (song(on(60, 2**27)), "no notes; what comes after 3,600 s was left"),
    "only note-offs": (song(off(60, 9) + off(61, 9)), "no notes"),
    "too long": (b"MThd" + b"\0" * 2**20, "longer than 1 MiB"),
    "too many notes": (song(b"\0\x90\x40\x40" + b"\1\x40\x41" * 60_000), "more than 50,000 notes"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_in_a_musicians_words(tmp_path: Path, name: str) -> None:
    content, words = REFUSED[name]
    with pytest.raises(CommandError, match=words) as caught:
        read(tmp_path, content)
    assert caught.value.code is Code.EPATH
    for python in ("Error", "index", "struct", "bytes-like", "None", "b'"):
        assert python not in str(caught.value)


@pytest.mark.parametrize(
    ("division", "second"),
    [(-25 << 8 | 40, 1_000), (-24 << 8 | 4, 96), (-30 << 8 | 80, 2_400), (-29 << 8 | 100, 2_997)],
)
def test_time_code_is_played_in_its_own_seconds(tmp_path: Path, division: int, second: int) -> None:
    score = read(tmp_path, song(tempo(33) + tune(60, 62, length=second), division=division))
    assert spans(score, 62) == [(pytest.approx(1.0, abs=1e-3), pytest.approx(2.0, abs=1e-3))]
    assert (score.bpm, score.beats, score.tempo_map) == (0.0, 0.0, ())


def test_patterns_of_format_2_are_played_one_after_another(tmp_path: Path) -> None:
    rest = meta(6, b"end", 3 * BEAT)
    for patterns in ([tune(60)], [tune(60) + rest, tune(62)], [tune(60), tune(62), tune(64)]):
        score = read(tmp_path, song(*patterns, form=2))
        assert pitches(score) == [60, 62, 64][: len(patterns)]
        told = [f"its {len(patterns)} patterns are played one after another"]
        assert list(score.warnings) == (told if len(patterns) > 1 else [])
    assert [n.start for n in score.notes] == [0.0, 0.5, 1.0]
    score = read(tmp_path, song(tune(60) + rest, tempo(60) + tune(62, 64), form=2))
    assert [n.start for n in score.notes] == [0.0, 2.0, 3.0]


def test_damage_without_end_is_told_in_a_few_sentences(tmp_path: Path) -> None:
    broken = b"".join(track(b"\0\xff\x01\x7f") for _ in range(30_000))
    score = read(tmp_path, header(1, 30_001) + broken + track(PART + END))
    assert pitches(score) == TUNE
    assert len(score.warnings) < 12


def check(content: bytes, folder: Path) -> None:
    """Check that a file is played within the limits or refused in words."""
    try:
        score = read(folder, content)
    except CommandError as error:
        refused = error.code
    else:
        refused = None
    if refused is not None:
        assert refused is Code.EPATH
        return
    assert 0 < len(score.notes) <= files.MAX_NOTES
    assert all(0 <= n.start < n.end <= files.MAX_SECONDS + 60 for n in score.notes)
    assert all(0 <= n.pitch <= 127 and 1 <= n.velocity <= 127 for n in score.notes)
    assert 0 < score.seconds <= files.MAX_SECONDS + 60
    assert [each.start for each in score.tempo_map] == sorted(e.start for e in score.tempo_map)
    assert len(score.warnings) < 12


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([b"", header(), header() + track(b"", 300)]))
def test_any_bytes_are_played_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, before: bytes
) -> None:
    check(before + content, tmp_path_factory.getbasetemp())


BAND = song(
    tempo(100) + metre(3) + meta(3, b"band") + tempo(80, 5 * BEAT),
    b"\0\xc0\x13" + on(60) + on(64, 100) + off(60, 300) + off(64, 300) + PART,
    on(36, channel=9) + off(36, 30, channel=9) + b"\0\xb0\x40\x7f" + PART + b"\0\xb0\x40\0",
)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 2**32),
    st.integers(1, 6),
    st.sampled_from(["change", "drop", "insert", "cut", "repeat"]),
)
def test_any_damage_leaves_notes_or_words(
    tmp_path_factory: pytest.TempPathFactory, seed: int, times: int, how: str
) -> None:
    chance, content = random.Random(seed), bytearray(BAND)
    for _ in range(times):
        at = chance.randrange(len(content))
        match how:
            case "change":
                content[at] = chance.randrange(256)
            case "drop":
                del content[at]
            case "insert":
                content.insert(at, chance.randrange(256))
            case "cut":
                del content[max(at, 40) :]
            case "repeat":
                content[at:at] = content[at : at + chance.randrange(50)]
    check(bytes(content), tmp_path_factory.getbasetemp())


def test_one_wrong_byte_costs_little(tmp_path: Path) -> None:
    whole = len(read(tmp_path, BAND).notes)
    left = []
    for at in range(len(BAND)):
        try:
            score = read(tmp_path, BAND[:at] + bytes([BAND[at] ^ 0xFF]) + BAND[at + 1 :])
        except CommandError:
            left.append(0)
        else:
            left.append(len(score.notes))
    assert sum(left) / len(left) > 0.8 * whole
    assert left.count(0) <= 4


def test_a_valid_file_is_read_as_mido_reads_it() -> None:
    midi, damage = read_smf(BAND, 100)
    true = mido.MidiFile(file=io.BytesIO(BAND))
    kept = ("note_on", "note_off", "program_change", "control_change", "set_tempo")
    assert damage == ()
    assert [[m for m in timed(part) if m[1].type in kept] for part in midi.tracks] == [
        [m for m in timed(part) if m[1].type in kept] for part in true.tracks
    ]


def timed(part: mido.MidiTrack) -> list[tuple[int, mido.Message]]:
    tick, found = 0, []
    for message in part:
        tick += message.time
        found.append((tick, message.copy(time=0)))
    return found
