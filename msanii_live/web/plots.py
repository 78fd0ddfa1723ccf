"""Draw spectrograms: of audio, and grids of mels. Matplotlib without pyplot's global state."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from msanii_live.audio import Samples
from msanii_live.web.mel_spectrogram import F_MAX, F_MIN, RANGE, mel_decibels, mel_of
from msanii_live.web.mel_spectrogram import hertz_of as hertz_of

Array = NDArray[np.floating]

DPI = 100
TICKS = (100, 300, 1_000, 3_000, 10_000)  # Hz
SEAM = "#00e5ff"


def spectrogram_png(
    samples: Samples, sample_rate: int, title: str, seam_seconds: float | None = None
) -> bytes:
    """Draw the waveform and the mel spectrogram of audio; the same audio gives the same bytes.

    samples: float32, (frames, channels), one frame at least. sample_rate: Hz. seam_seconds: where
    to draw a line, if anywhere. Returns a PNG of 900 by 400 pixels.
    Raises: ValueError: there are no samples.
    """
    if not samples.size:
        raise ValueError("there are no samples to draw")
    mono = samples.mean(axis=1, dtype=np.float64)
    seconds = len(mono) / sample_rate
    figure = Figure(figsize=(9, 4), dpi=DPI)
    # Two columns, so that the colour bar takes no width from one of two axes that share time.
    grid = figure.add_gridspec(
        2, 2, height_ratios=(1, 4), width_ratios=(60, 1), hspace=0.06, wspace=0.03,
        left=0.08, right=0.93, top=0.92, bottom=0.12,
    )  # fmt: skip
    wave, picture = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[1, 0])
    _draw_wave(wave, mono, seconds)
    wave.set_title(title, fontsize=10)
    top = min(F_MAX, sample_rate / 2)
    image = picture.imshow(
        mel_decibels(mono, sample_rate),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        extent=(0, seconds, *mel_of(np.array([F_MIN, top]))),
        vmin=RANGE[0],
        vmax=RANGE[1],
        cmap="magma",
    )
    _name_frequencies(picture, top)
    picture.set_xlabel("time (s)", fontsize=9)
    bar = figure.colorbar(image, cax=figure.add_subplot(grid[1, 1]))
    bar.set_label("dB", fontsize=9)
    bar.ax.tick_params(labelsize=8)
    if seam_seconds is not None:
        for axes in (wave, picture):
            axes.axvline(seam_seconds, color=SEAM, linewidth=1.2, linestyle="--")
    return png(figure)


def _draw_wave(axes: Axes, mono: Array, seconds: float) -> None:
    columns = min(len(mono), 900)
    starts = np.linspace(0, len(mono), columns, endpoint=False).astype(int)
    time = (np.arange(columns) + 0.5) * seconds / columns
    low, high = np.minimum.reduceat(mono, starts), np.maximum.reduceat(mono, starts)
    axes.fill_between(time, low, high, color="#444444", linewidth=0.4)
    axes.set_xlim(0, seconds)
    axes.set_ylim(-1, 1)
    axes.set_yticks([-1, 0, 1])
    axes.tick_params(labelbottom=False, labelsize=7)


def _name_frequencies(axes: Axes, top: float) -> None:
    shown = [hertz for hertz in TICKS if hertz <= top]
    axes.set_yticks(mel_of(np.array(shown, np.float64)).tolist())
    axes.set_yticklabels([f"{hertz:,}" for hertz in shown])
    axes.set_ylabel("frequency (Hz)", fontsize=9)
    axes.tick_params(labelsize=8)


@dataclass(frozen=True)
class MelPanel:
    """Show one mel in a grid: ln magnitudes, (mels, mel_frames), spread evenly on the mel scale."""

    title: str
    mel: Array
    seam_seconds: float | None = None


def mel_grid_png(
    panels: Sequence[Sequence[MelPanel]], frame_seconds: float, f_min: float, f_max: float
) -> bytes:
    """Draw rows of mels on one colour scale, 70 dB below the loudest.

    Returns a PNG, at most 1,200 pixels wide, of 128 colours, which makes it a third as large.
    """
    rows, columns = len(panels), max(len(row) for row in panels)
    size = (min(4.5 * columns, 12.0), 1.5 * rows + 0.4)
    figure = Figure(figsize=size, dpi=DPI, layout="constrained")
    every = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    decibels = 20 / np.log(10)
    loudest = max(float(panel.mel.max()) for row in panels for panel in row) * decibels
    for row, line in zip(panels, every, strict=True):
        for panel, axes in zip(row, line, strict=False):
            axes.imshow(
                panel.mel * decibels,
                origin="lower",
                aspect="auto",
                interpolation="nearest",
                extent=(
                    0,
                    panel.mel.shape[1] * frame_seconds,
                    *mel_of(np.array([f_min, f_max])),
                ),
                vmin=loudest - 70,
                vmax=loudest,
                cmap="magma",
            )
            _name_frequencies(axes, f_max)
            axes.set_ylabel("Hz" if axes is line[0] else "", fontsize=8)
            axes.set_title(panel.title, fontsize=9)
            if panel.seam_seconds is not None:
                axes.axvline(panel.seam_seconds, color=SEAM, linewidth=1.2, linestyle="--")
    for axes in every[-1]:
        axes.set_xlabel("time (s)", fontsize=8)
    out = io.BytesIO()
    picture = Image.open(io.BytesIO(png(figure))).convert("RGB")
    picture.quantize(128).save(out, format="png", optimize=True)
    return out.getvalue()


def png(figure: Figure) -> bytes:
    """Return a figure as PNG bytes that tell nothing of when or by what they were made."""
    out = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
