"""Check what comes into the shared folder and out of it, and that nothing beyond is reached."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from msanii_live.errors import Code, CommandError
from msanii_live.library.library import Library
from tests.library.clips import noise, refusal


@pytest.mark.parametrize(
    "text", ["../secret.wav", "sub/../../secret.wav", "/etc/passwd", "link.wav", "a\0b.wav", "."]
)
def test_nothing_outside_is_reached(library: Library, text: str) -> None:
    secret = library.folder.parent / "secret.wav"
    soundfile.write(secret, np.zeros((100, 2)), 44_100)
    (library.folder / "link.wav").symlink_to(secret)
    library.add(noise("a"))
    with refusal(Code.EPATH):
        library.resolve(text)
    with refusal(Code.EPATH):
        library.load(text)
    with refusal(Code.EPATH):
        library.save("a", text)
    if text != ".":
        with refusal(Code.EPATH):
            library.get(text)


def test_a_clip_that_is_a_link_out_is_not_listed(library: Library) -> None:
    library.add(noise("a"))
    (library.folder / "a.wav").rename(library.folder.parent / "a.wav")
    (library.folder / "a.wav").symlink_to(library.folder.parent / "a.wav")
    assert Library(library.folder).names() == []


def test_absolute_paths_inside_are_taken(library: Library) -> None:
    library.add(noise("a"))
    assert library.get(str(library.folder / "a.wav")).info.name == "a"


def test_a_mono_file_at_48000_is_taken_in(library: Library) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)
    (library.folder / "loops").mkdir()
    soundfile.write(library.folder / "loops" / "Kick 909 (dry).wav", tone, 48_000)
    info = library.load("loops/Kick 909 (dry).wav", bpm=120.0)
    assert (info.name, info.sample_rate, info.channels) == ("Kick-909-dry", 44_100, 2)
    assert info.frames == 44_100
    assert info.bpm == 120.0
    samples = library.get("Kick-909-dry").samples
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(44_100) / 44_100)
    assert np.abs(samples[1_000:-1_000, 1] - expected[1_000:-1_000]).max() < 2e-3
    assert np.array_equal(Library(library.folder).get("Kick-909-dry").samples, samples)
    with refusal(Code.EPATH):  # never a clip lost to a file that happens to have its name
        library.load("loops/Kick 909 (dry).wav")
    assert library.load("loops/Kick 909 (dry).wav", clip="kick").name == "kick"


def test_a_file_of_the_folder_is_a_source(library: Library) -> None:
    soundfile.write(library.folder / "b.flac", np.full((900, 3), 0.25), 44_100)
    clip = library.get("b.flac")
    assert clip.samples.shape == (900, 2)
    assert clip.info.name == "b.flac"
    assert library.get("b.flac") is clip
    assert library.names() == []


def test_a_wav_that_lies_where_its_clip_would_is_left_as_it_is(library: Library) -> None:
    wav = library.folder / "mine.wav"
    soundfile.write(wav, np.full(4_800, 0.25), 48_000, subtype="PCM_24")
    before = wav.read_bytes()
    with refusal(Code.EPATH):
        library.add(noise("mine"))
    assert library.get("mine").info.frames == 2_000
    assert library.load("mine.wav").frames == 4_410
    assert wav.read_bytes() == before
    again = Library(library.folder)
    assert np.array_equal(again.get("mine").samples, library.get("mine").samples)


def write_bad(folder: Path, name: str) -> None:
    path = folder / name
    match name:
        case "many.wav":
            soundfile.write(path, np.zeros((10, 9)), 44_100)
        case "slow.wav":
            soundfile.write(path, np.zeros((10, 1)), 4_000)
        case "long.flac":
            soundfile.write(path, np.zeros(8_000 * 601, dtype=np.int16), 8_000)
        case "empty.wav":
            soundfile.write(path, np.zeros((0, 2)), 44_100)
        case "huge.wav":
            with path.open("wb") as file:
                file.truncate(2**29 + 1)
        case _:
            path.write_bytes(b"not a sound")


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("many.wav", "9 channels: at most 8"),
        ("slow.wav", "4000 Hz: 8000 to 192000"),
        ("long.flac", "more than 600 s"),
        ("empty.wav", "no samples"),
        ("huge.wav", "512 MiB: at most 512"),
        ("broken.ogg", "cannot be read as sound"),
        ("notes.txt", "cannot be read as sound"),
    ],
)
def test_unbearable_files_are_refused(library: Library, name: str, match: str) -> None:
    write_bad(library.folder, name)
    with pytest.raises(CommandError, match=match) as caught:
        library.load(name)
    assert caught.value.code is Code.EPATH
    assert str(library.folder) not in caught.value.text


def test_a_pipe_is_not_waited_for(library: Library) -> None:
    os.mkfifo(library.folder / "pipe.wav")
    with refusal(Code.ENOCLIP):
        library.get("pipe.wav")


def test_nan_does_not_come_in(library: Library) -> None:
    samples = np.full((100, 2), np.nan, dtype=np.float32)
    soundfile.write(library.folder / "nan.wav", samples, 44_100, subtype="FLOAT")
    assert not library.get("nan.wav").samples.any()


def test_save_copies_into_the_folder(library: Library) -> None:
    library.add(noise("a"))
    library.add(noise("b"))
    wav = library.save("a", "set/night/one.wav")
    assert np.array_equal(soundfile.read(wav, dtype="float32")[0], noise("a").samples)
    flac, _ = soundfile.read(library.save("a", "a.flac"), dtype="float32")
    assert np.abs(flac - noise("a").samples).max() <= 1.5 * 2**-23
    with refusal(Code.EPATH):
        library.save("a", "b.wav")
    with refusal(Code.EPATH):
        library.save("a", "a.mp3")
    with refusal(Code.EPATH):
        library.save("a", "a.wav/inside.wav")
