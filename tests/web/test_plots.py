"""Check plots by their pixels: they show the audio, the line of a seam, and the same each time."""

import io

import numpy as np
import pytest
from PIL import Image

from msanii_live.web.plots import MelPanel, mel_grid_png, spectrogram_png

RATE = 44_100


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), np.int16)


def noise(seconds=1.0, level=0.1, channels=2):
    shape = (round(seconds * RATE), channels)
    return np.random.default_rng(0).normal(0, level, shape).astype(np.float32)


@pytest.mark.parametrize(("frames", "channels"), [(1, 1), (RATE, 2)])
def test_a_spectrogram_has_its_size_and_is_the_same_each_time(frames, channels):
    samples = noise(channels=channels)[:frames]
    png = spectrogram_png(samples, RATE, "noise", seam_seconds=0.5)
    assert pixels(png).shape == (400, 900, 3)
    assert png == spectrogram_png(samples, RATE, "noise", seam_seconds=0.5)


def test_a_spectrogram_is_bright_where_and_when_the_sound_is():
    time = np.arange(2 * RATE) / RATE
    sound = 0.5 * np.sin(2 * np.pi * 1_000 * time) * (time >= 1)
    image = pixels(spectrogram_png(sound[:, None].astype(np.float32), RATE, "late"))
    plot = image[130:340, 90:820].sum(axis=2)  # within the axes of the mel spectrogram
    silent, loud = plot[:, :330], plot[:, 400:]
    assert silent.max() < 100
    bright_rows = np.flatnonzero(loud.mean(axis=1) > 400)
    assert 0 < len(bright_rows) < 25
    assert 80 < bright_rows.mean() < 200  # 1 kHz is near the lower quarter of the mel scale
    waveform = image[40:80, 90:820]
    assert (waveform[5:-5, 400:].sum(axis=2) < 400).mean() > 0.2
    assert (waveform[5:-5, :330].sum(axis=2) < 400).mean() < 0.1


def test_a_seam_is_a_line_at_its_time():
    plain = pixels(spectrogram_png(noise(), RATE, "noise"))
    marked = pixels(spectrogram_png(noise(), RATE, "noise", seam_seconds=0.25))
    columns = np.flatnonzero(np.abs(marked - plain).sum(axis=(0, 2)))
    assert len(columns) <= 4
    left, right = 72, 824  # of the axes
    assert columns.mean() == pytest.approx(left + 0.25 * (right - left), abs=8)


def test_no_samples_are_an_error():
    with pytest.raises(ValueError, match="no samples"):
        spectrogram_png(np.zeros((0, 2), np.float32), RATE, "nothing")


def test_a_grid_shows_each_mel_on_one_scale():
    loud, quiet = np.zeros((40, 60)), np.full((40, 60), -8.0)  # ln: 70 dB apart
    png = mel_grid_png([[MelPanel("loud", loud), MelPanel("quiet", quiet)]], 0.01, 20.0, 8_000.0)
    image = pixels(png)
    assert image.shape[1] <= 1_200
    rows = slice(image.shape[0] // 3, image.shape[0] // 2)
    half = image.shape[1] // 2
    assert image[rows, half // 2].sum(axis=1).mean() > 500  # the brightest colour of the map
    assert image[rows, half + half // 2].sum(axis=1).mean() < 60
    assert len(Image.open(io.BytesIO(png)).getcolors()) <= 128
