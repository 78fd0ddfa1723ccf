"""Check thumbnails: correct, bounded in size, and drawn without heavy libraries."""

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from msanii_live.web.thumbnails import MAX_COLUMNS, mel_thumbnail, waveform_outline

RATE = 44_100


def tone(hertz, seconds, level=0.5):
    t = np.arange(round(seconds * RATE)) / RATE
    return np.repeat((level * np.sin(2 * np.pi * hertz * t))[:, None], 2, axis=1).astype(np.float32)


def test_an_outline_is_the_lowest_and_highest_of_each_span():
    samples = tone(1_000, 2)
    samples[: len(samples) // 2] *= 0.5
    shape = waveform_outline(samples)
    assert len(shape["low"]) == len(shape["high"]) == MAX_COLUMNS
    assert set(shape["high"][: MAX_COLUMNS // 2 - 1]) == {25}
    assert set(shape["high"][MAX_COLUMNS // 2 + 1 :]) == {50}
    assert set(shape["low"][MAX_COLUMNS // 2 + 1 :]) == {-50}


@pytest.mark.parametrize("frames", [0, 1, 7])
def test_the_shortest_clips_have_thumbnails(frames):
    samples = np.full((frames, 2), 2.0, np.float32)
    assert waveform_outline(samples) == {"low": [127] * frames, "high": [127] * frames}
    assert Image.open(io.BytesIO(mel_thumbnail(samples, RATE))).size == (1, 160)


@pytest.mark.parametrize("seconds", [1, 190])
def test_a_mel_is_bounded_and_bright_where_the_sound_is(seconds):
    image = Image.open(io.BytesIO(mel_thumbnail(tone(440, seconds), RATE)))
    assert image.size[0] <= MAX_COLUMNS + 1
    assert image.size[1] == 160
    light = np.asarray(image.convert("L"), np.float64).mean(axis=1)
    brightest = 159 - int(light.argmax())  # the lowest frequency is at the bottom
    assert 14 <= brightest <= 18  # 440 Hz is at mel 6.6 of 58.6, and of 160 rows in the 16th
    assert light.max() > 2 * np.median(light)


def test_neither_matplotlib_nor_torch_is_loaded():
    code = (
        "import sys, msanii_live.web.thumbnails, msanii_live.web.snapshot\n"
        "print({'matplotlib', 'torch'} & {*sys.modules})"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
