"""Check that a file exported again under its name is the new sound at once."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from msanii_live.library.library import Library
from tests.library.clips import noise


def export(path: Path, level: float, frames: int) -> None:
    """Write a file as a DAW would, at a later time than the last."""
    later = path.stat().st_mtime_ns + 10**9 if path.exists() else None
    soundfile.write(path, np.full((frames, 2), level), 44_100, subtype="PCM_24")
    if later is not None:
        os.utime(path, ns=(later, later))


@pytest.mark.parametrize("frames", [1_000, 2_000, 3_000])
@pytest.mark.parametrize("use", ["get", "refresh", "path"])
def test_a_loaded_file(library: Library, frames: int, use: str) -> None:
    wav = library.folder / "mine.wav"
    export(wav, 0.1, 2_000)
    library.load("mine.wav", bpm=99.0)
    export(wav, 0.5, frames)
    if use == "refresh":
        assert library.refresh("mine").frames == frames
    clip = library.get(str(wav) if use == "path" else "mine")
    assert np.abs(clip.samples - 0.5).max() < 1e-4
    assert (library.info("mine").frames, library.info("mine").bpm) == (frames, 99.0)
    again = Library(library.folder)
    assert again.info("mine").frames == frames
    assert np.abs(again.get("mine").samples - 0.5).max() < 1e-4


@pytest.mark.parametrize("frames", [1_000, 2_000, 3_000])
def test_a_clip_of_the_server(library: Library, frames: int) -> None:
    library.add(noise("a"))
    export(library.folder / "a.wav", 0.5, frames)
    clip = library.get("a")
    assert np.abs(clip.samples - 0.5).max() < 1e-4
    assert (clip.info.frames, clip.info.seed) == (frames, 0)
    before = (library.folder / "a.wav").read_bytes()
    assert library.get("a").samples is clip.samples
    assert (library.folder / "a.wav").read_bytes() == before


@pytest.mark.parametrize("frames", [1_000, 2_000, 3_000])
def test_a_file_that_is_no_clip(library: Library, frames: int) -> None:
    flac = library.folder / "b.flac"
    soundfile.write(flac, np.full((2_000, 2), 0.1), 44_100)
    library.get("b.flac")
    soundfile.write(flac, np.full((frames, 2), 0.5), 44_100)
    os.utime(flac, (2e9, 2e9))
    assert np.abs(library.get("b.flac").samples - 0.5).max() < 1e-4
    assert len(library.get("b.flac").samples) == frames


def test_a_touched_file_is_the_same_clip(library: Library) -> None:
    library.add(noise("a"))
    info = library.info("a")
    for time in (1e9, 2e9, 1.5e9):
        os.utime(library.folder / "a.wav", (time, time))
        clip = library.get("a")
        assert np.array_equal(clip.samples, noise("a").samples)
        assert (clip.info.seed, library.info("a").blake2b) == (5, info.blake2b)
