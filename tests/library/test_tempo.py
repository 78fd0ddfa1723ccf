"""Check the tempo that a file declares: by chunk, tag, name and loop."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from msanii_live.library.tempo import Tempo, read_tempo, tempo_in_name


def write(path: Path, chunks: bytes = b"", form: str = "WAV") -> Path:
    """Write two seconds of sound with more chunks at the end."""
    with path.open("wb") as file:
        soundfile.write(file, np.full((88_200, 2), 0.1), 44_100, format=form, subtype="PCM_16")
    path.write_bytes(path.read_bytes() + chunks)
    return path


def acid(bpm: float, beats: int = 4, flags: int = 0) -> bytes:
    return struct.pack("<4sIIHHfIHHf", b"acid", 24, flags, 60, 0x8000, 0.0, beats, 4, 4, bpm)


def smpl(first: int, last: int) -> bytes:
    head = struct.pack("<4sI9I", b"smpl", 60, 0, 0, 22_676, 60, 0, 0, 0, 1, 0)
    return head + struct.pack("<6I", 0, 0, first, last, 0, 0)


def id3(text: bytes, encoding: int = 3) -> bytes:
    frame = b"TBPM" + struct.pack(">IH", len(text) + 1, 0) + bytes([encoding]) + text
    return b"ID3\3\0\0" + bytes([0, 0, 0, len(frame)]) + frame


@pytest.mark.parametrize("bpm", [20.0, 92.5, 174.0, 300.0])
def test_an_acid_chunk_gives_the_tempo(tmp_path: Path, bpm: float) -> None:
    assert read_tempo(write(tmp_path / "a.wav", acid(bpm)), 2.0) == Tempo(bpm, loops=True)
    one_shot = read_tempo(write(tmp_path / "a.wav", acid(bpm, flags=1)), 2.0)
    assert one_shot == Tempo(bpm, loops=False)


@pytest.mark.parametrize(("beats", "bpm"), [(4, 120.0), (5, 150.0), (8, 240.0), (0, 0.0)])
def test_beats_of_an_acid_chunk_give_a_tempo_that_it_lacks(
    tmp_path: Path, beats: int, bpm: float
) -> None:
    assert read_tempo(write(tmp_path / "a.wav", acid(0.0, beats)), 2.0).bpm == bpm


@pytest.mark.parametrize("bpm", [float("nan"), float("inf"), -5.0, 1e30, 19.0, 301.0])
def test_an_impossible_tempo_is_none(tmp_path: Path, bpm: float) -> None:
    assert read_tempo(write(tmp_path / "a.wav", acid(bpm, beats=0)), 2.0).bpm == 0.0


@pytest.mark.parametrize(
    ("loop", "bpm"), [((0, 88_199), 120.0), ((100, 88_299), 120.0), ((0, 44_099), 120.0)]
)
def test_the_length_of_a_smpl_loop_is_a_guess(
    tmp_path: Path, loop: tuple[int, int], bpm: float
) -> None:
    found = read_tempo(write(tmp_path / "a.wav", smpl(*loop)), 2.0)
    assert found.bpm == pytest.approx(bpm, abs=0.01)
    assert (found.loops, found.is_guess) == (True, True)
    named = read_tempo(write(tmp_path / "90bpm.wav", smpl(*loop)), 2.0)
    assert named == Tempo(90.0, loops=True)


@pytest.mark.parametrize(
    ("text", "encoding", "bpm"),
    [
        (b"128", 0, 128.0), (b"92.5", 3, 92.5), ("174".encode("utf-16"), 1, 174.0), (b"x", 0, 0.0),
    ],
)  # fmt: skip
def test_id3_gives_the_tempo(tmp_path: Path, text: bytes, encoding: int, bpm: float) -> None:
    tag = id3(text, encoding)
    mp3 = tmp_path / "a.mp3"
    mp3.write_bytes(tag + b"\xff\xfb" + bytes(500))
    assert read_tempo(mp3, 2.0).bpm == bpm
    chunk = b"id3 " + struct.pack("<I", len(tag)) + tag
    assert read_tempo(write(tmp_path / "a.wav", chunk), 2.0).bpm == bpm
    chunk = b"ID3 " + struct.pack(">I", len(tag)) + tag
    assert read_tempo(write(tmp_path / "a.aiff", chunk, "AIFF"), 2.0).bpm == bpm


@pytest.mark.parametrize("comment", [b"BPM=128", b"bpm=128.0", b"TEMPO=128"])
def test_vorbis_comments_give_the_tempo(tmp_path: Path, comment: bytes) -> None:
    flac = tmp_path / "a.flac"
    flac.write_bytes(b"fLaC\x04\0\0\x20" + comment + b"\0" * 50)
    assert read_tempo(flac, 2.0).bpm == 128.0


@pytest.mark.parametrize(
    ("name", "bpm"),
    [
        ("loop_128bpm.wav", 128.0), ("92.5 BPM keys.wav", 92.5), ("bpm140-dub.wav", 140.0),
        ("174-bpm.wav", 174.0), ("take 3.wav", 0.0), ("1128bpm.wav", 0.0), ("5bpm.wav", 0.0),
        ("999bpm.wav", 0.0), ("キック_120bpm.wav", 120.0),
    ],
)  # fmt: skip
def test_a_name_gives_the_tempo(tmp_path: Path, name: str, bpm: float) -> None:
    assert tempo_in_name(name) == bpm
    assert read_tempo(write(tmp_path / name), 2.0) == Tempo(bpm)


@pytest.mark.parametrize(
    ("name", "seconds", "bpm"),
    [
        ("drums_174.wav", 8 * 60 / 174, 174.0),
        ("97.wav", 16 * 60 / 97, 97.0),
        ("TL 03 - 128 - Am.wav", 4 * 60 / 128, 128.0),
        ("drums_174.wav", 7 * 60 / 174, 0.0),  # no whole bars
        ("take100b.wav", 2.4, 0.0),
        ("v1.120.wav", 2.0, 0.0),
        ("loop 44 kHz.wav", 4 * 60 / 44, 0.0),
    ],
)
def test_a_bare_number_in_a_name_is_the_tempo_if_the_length_is_whole_bars_of_it(
    tmp_path: Path, name: str, seconds: float, bpm: float
) -> None:
    assert read_tempo(write(tmp_path / name), seconds).bpm == bpm


@pytest.mark.parametrize("length", [0, 1, 11, 40, 60, 90])
def test_a_file_cut_anywhere_has_no_tempo_and_no_error(tmp_path: Path, length: int) -> None:
    whole = b"RIFF\0\0\0\0WAVE" + acid(120.0) + smpl(0, 88_199)
    (tmp_path / "a.wav").write_bytes(whole[:length])
    assert read_tempo(tmp_path / "a.wav", 2.0).bpm in (0.0, 120.0)
    assert read_tempo(tmp_path / "gone.wav", 2.0) == Tempo()
