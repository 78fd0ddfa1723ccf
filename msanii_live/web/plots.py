"""Plots of audio and of mel spectrograms, with matplotlib but without pyplot's global state."""

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
from msanii_live.web.mel_spectrogram import DECIBEL_RANGE, F_MAX, F_MIN, hertz_to_mel, mel_decibels
from msanii_live.web.mel_spectrogram import mel_to_hertz as mel_to_hertz

Array = NDArray[np.floating]

DPI = 100
FREQUENCY_TICKS = (100, 300, 1_000, 3_000, 10_000)  # Hz
SEAM_COLOUR = "#00e5ff"


def spectrogram_png(
    samples: Samples, sample_rate: int, title: str, seam_seconds: float | None = None
) -> bytes:
    """Plot the waveform and the mel spectrogram of audio. The same audio gives the same bytes.

    samples: float32, (frames, channels), one frame at least. sample_rate: Hz. seam_seconds: where
    to draw a vertical line, if not None. Returns a PNG of 900 by 400 pixels.
    Raises: ValueError: there are no samples.
    """
    if not samples.size:
        raise ValueError("there are no samples to draw")
    mono = samples.mean(axis=1, dtype=np.float64)
    seconds = len(mono) / sample_rate
    figure = Figure(figsize=(9, 4), dpi=DPI)
    # The colour bar has a column of its own, so that both plots keep the same time axis.
    grid = figure.add_gridspec(
        2, 2, height_ratios=(1, 4), width_ratios=(60, 1), hspace=0.06, wspace=0.03,
        left=0.08, right=0.93, top=0.92, bottom=0.12,
    )  # fmt: skip
    waveform, spectrogram = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[1, 0])
    _plot_waveform(waveform, mono, seconds)
    waveform.set_title(title, fontsize=10)
    top = min(F_MAX, sample_rate / 2)
    image = spectrogram.imshow(
        mel_decibels(mono, sample_rate),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        extent=(0, seconds, *hertz_to_mel(np.array([F_MIN, top]))),
        vmin=DECIBEL_RANGE[0],
        vmax=DECIBEL_RANGE[1],
        cmap="magma",
    )
    _label_frequencies(spectrogram, top)
    spectrogram.set_xlabel("time (s)", fontsize=9)
    bar = figure.colorbar(image, cax=figure.add_subplot(grid[1, 1]))
    bar.set_label("dB", fontsize=9)
    bar.ax.tick_params(labelsize=8)
    if seam_seconds is not None:
        for axes in (waveform, spectrogram):
            axes.axvline(seam_seconds, color=SEAM_COLOUR, linewidth=1.2, linestyle="--")
    return figure_png(figure)


def _plot_waveform(axes: Axes, mono: Array, seconds: float) -> None:
    columns = min(len(mono), 900)
    starts = np.linspace(0, len(mono), columns, endpoint=False).astype(int)
    time = (np.arange(columns) + 0.5) * seconds / columns
    low, high = np.minimum.reduceat(mono, starts), np.maximum.reduceat(mono, starts)
    axes.fill_between(time, low, high, color="#444444", linewidth=0.4)
    axes.set_xlim(0, seconds)
    axes.set_ylim(-1, 1)
    axes.set_yticks([-1, 0, 1])
    axes.tick_params(labelbottom=False, labelsize=7)


def _label_frequencies(axes: Axes, top: float) -> None:
    shown = [hertz for hertz in FREQUENCY_TICKS if hertz <= top]
    axes.set_yticks(hertz_to_mel(np.array(shown, np.float64)).tolist())
    axes.set_yticklabels([f"{hertz:,}" for hertz in shown])
    axes.set_ylabel("frequency (Hz)", fontsize=9)
    axes.tick_params(labelsize=8)


@dataclass(frozen=True)
class MelPanel:
    """One mel spectrogram of a grid: ln magnitudes, (mels, mel_frames), evenly spaced in mels."""

    title: str
    mel: Array
    seam_seconds: float | None = None


def mel_grid_png(
    panels: Sequence[Sequence[MelPanel]], frame_seconds: float, f_min: float, f_max: float
) -> bytes:
    """Plot rows of mel spectrograms on one colour scale of 70 dB below the loudest value.

    Returns a PNG of 128 colours, at most 1,200 pixels wide.
    """
    rows, columns = len(panels), max(len(row) for row in panels)
    size = (min(4.5 * columns, 12.0), 1.5 * rows + 0.4)
    figure = Figure(figsize=size, dpi=DPI, layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    decibels = 20 / np.log(10)
    loudest = max(float(panel.mel.max()) for row in panels for panel in row) * decibels
    for row, row_axes in zip(panels, grid, strict=True):
        for panel, axes in zip(row, row_axes, strict=False):
            axes.imshow(
                panel.mel * decibels,
                origin="lower",
                aspect="auto",
                interpolation="nearest",
                extent=(
                    0,
                    panel.mel.shape[1] * frame_seconds,
                    *hertz_to_mel(np.array([f_min, f_max])),
                ),
                vmin=loudest - 70,
                vmax=loudest,
                cmap="magma",
            )
            _label_frequencies(axes, f_max)
            axes.set_ylabel("Hz" if axes is row_axes[0] else "", fontsize=8)
            axes.set_title(panel.title, fontsize=9)
            if panel.seam_seconds is not None:
                axes.axvline(panel.seam_seconds, color=SEAM_COLOUR, linewidth=1.2, linestyle="--")
    for axes in grid[-1]:
        axes.set_xlabel("time (s)", fontsize=8)
    out = io.BytesIO()
    image = Image.open(io.BytesIO(figure_png(figure))).convert("RGB")
    image.quantize(128).save(out, format="png", optimize=True)
    return out.getvalue()


def figure_png(figure: Figure) -> bytes:
    """Return a figure as PNG bytes without metadata, so that equal figures give equal bytes."""
    out = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
