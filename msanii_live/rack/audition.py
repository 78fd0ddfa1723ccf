"""One bar of each instrument and drum, as sound and as a picture, and a page of them all."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from scipy.signal import spectrogram

from msanii_live.errors import ConfigError
from msanii_live.notes import Note
from msanii_live.rack.drums.kits import KITS
from msanii_live.rack.filters import highpass, shelve
from msanii_live.rack.instruments import INSTRUMENTS
from msanii_live.rack.instruments.bass import BASSES
from msanii_live.rack.instruments.transitions import TRANSITIONS
from msanii_live.rack.levels import LEVELS
from msanii_live.rack.waves import RATE, Stereo

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BAR = 2.0  # s: a bar of four beats at 120 bpm
TAIL = 1.5  # s after it
_DRUM_KEYS = {
    "kick": 36, "snare": 38, "clap": 39, "rim": 37, "closed hat": 42, "pedal hat": 44,
    "open hat": 46, "crash": 49, "ride": 51, "ride bell": 53, "high tom": 50, "mid tom": 45,
    "low tom": 43, "cowbell": 56, "shaker": 70, "tambourine": 54, "high conga": 63,
    "low conga": 64,
}  # fmt: skip
_HEAD = '<!doctype html><html lang="en"><meta charset="utf-8"><title>The rack</title>'
_LONG_DRUMS = frozenset({"crash"})
_PADS = frozenset({"warm pad", "glass pad", "sweep pad", "choir", "string machine"})
# Riffs: beats of the bar, length in beats, semitones above the root, velocity.
_BASS_RIFF = (
    (0.0, 0.45, 0, 112), (0.5, 0.2, 12, 70), (0.75, 0.25, 0, 90), (1.0, 0.5, 3, 118),
    (1.5, 0.2, 0, 76), (1.75, 0.26, 7, 100), (2.0, 0.5, 5, 124), (2.5, 0.2, 0, 72),
    (2.75, 0.25, 12, 96), (3.0, 0.5, 0, 110), (3.5, 0.45, 10, 84),
)  # fmt: skip
_CHORDS = ((0.0, 1.4, (0, 3, 7, 10), 100), (1.5, 0.4, (0, 3, 7, 10), 78),
           (2.0, 1.4, (-2, 3, 5, 9), 104), (3.5, 0.4, (-2, 3, 5, 9), 82))  # fmt: skip


def sound_names() -> tuple[str, ...]:
    """Return the names of all that can be auditioned: instruments, then kits, then "KIT: DRUM"."""
    drums = [f"{kit}: {drum}" for kit in KITS for drum in KITS[kit].drums]
    return (*INSTRUMENTS, *KITS, *drums)


def bar_of(name: str) -> tuple[Note, ...]:
    """Return the notes of the bar that shows a sound.

    Raises: ConfigError: there is no such sound.
    """
    beat = BAR / 4
    if name in BASSES:
        return tuple(
            Note(at * beat, (at + length) * beat, 33 + step, velocity, part="bass")
            for at, length, step, velocity in _BASS_RIFF
        )
    if name in TRANSITIONS:
        return (Note(0.0, BAR, 48, 100, part="pad"),)
    if name in _PADS:
        return tuple(Note(0.0, BAR, 57 + step, 96, part="pad") for step in (0, 3, 7, 10))
    if name in INSTRUMENTS:
        return tuple(
            Note(at * beat, (at + length) * beat, 60 + step, velocity, part="chords")
            for at, length, steps, velocity in _CHORDS
            for step in steps
        )
    if name in KITS:
        return _kit_bar()
    kit, _, drum = name.partition(": ")
    if kit not in KITS or drum not in _DRUM_KEYS:
        raise ConfigError(
            f"the rack has no sound called {name!r}: `msanii-live rack list` prints them"
        )
    key = _DRUM_KEYS[drum]
    beats = (0.0,) if drum in _LONG_DRUMS else (0.0, 1.0, 1.5, 2.0, 3.0)
    forces = (110, 70, 50, 127, 95)
    return tuple(
        Note(at * beat, at * beat + 0.2, key, force, drum=True, part="drums")
        for at, force in zip(beats, forces, strict=False)
    )


def _kit_bar() -> tuple[Note, ...]:
    """Return a bar of a beat that uses most of a kit."""
    lines = {
        36: "9...9...9..59...",
        38: "....9..2....9..3",
        39: "............7...",
        42: "6464646464646464",
        46: "..6...6...6...7.",
        49: "7...............",
        56: "......4......4..",
        70: "3434343434343434",
    }
    step = BAR / 16
    return tuple(
        Note(place * step, place * step + 0.1, key, 14 * int(mark), drum=True, part="drums")
        for place in range(16)
        for key, line in lines.items()
        if (mark := line[place]) != "."
    )


def audition(name: str) -> Stereo:
    """Return the bar of a sound, dry, at the level of the mixer's input, float32, (2, frames)."""
    out = np.zeros((2, round((BAR + TAIL) * RATE)), dtype=np.float32)
    notes = bar_of(name)
    if name in INSTRUMENTS:
        INSTRUMENTS[name].play(notes, out)
        return highpass(out, 22.0) * np.float32(10 ** (LEVELS.get(name, 0.0) / 20))
    KITS[name.partition(": ")[0]].play(notes, out)
    return out


def loudness(wave: Stereo) -> float:
    """Return the level of a wave as the ear weighs it, dB.

    Source: the two filters of ITU-R BS.1770-5, annex 1, here of first and second order.
    """
    heard = shelve(highpass(wave, 38.0), 1_500.0, 4.0)
    return float(10 * np.log10(np.mean(heard**2) * len(wave) + 1e-12))


# -- pictures ------------------------------------------------------------------------------------


def draw(name: str, wave: Stereo, path: Path) -> None:
    """Write the spectrogram of a sound, under its waveform, as a PNG."""
    figure = _figure(4.2, 2.6)
    upper, lower = figure.subplots(2, 1, height_ratios=(1, 3), sharex=True)
    mono = wave.mean(0)
    upper.plot(np.arange(len(mono))[::20] / RATE, mono[::20], linewidth=0.5, color="#246")
    upper.set_axis_off()
    upper.set_title(name, fontsize=9, loc="left")
    _draw_spectrogram(lower, wave)
    lower.set_ylabel("Hz", fontsize=7)
    lower.set_xlabel("s", fontsize=7)
    lower.tick_params(labelsize=7)
    figure.savefig(path)


def draw_sheet(names: Sequence[str], path: Path, columns: int = 6) -> None:
    """Write the spectrograms of many sounds as one PNG: 30 Hz to 20 kHz, BAR and TAIL wide."""
    rows = -(-len(names) // columns)
    figure = _figure(1.9 * columns, 1.35 * rows)
    axes = np.atleast_1d(figure.subplots(rows, columns)).reshape(-1)
    for axis in axes:
        axis.set_axis_off()
    for name, axis in zip(names, axes, strict=False):
        _draw_spectrogram(axis, audition(name))
        axis.set_title(name, fontsize=8, pad=2)
    figure.savefig(path, format="png")
    with Image.open(path) as picture:  # 64 colours take a third of the room
        small = picture.convert("RGB").quantize(64)
    small.save(path, "PNG", optimize=True)


def _figure(width: float, height: float) -> Figure:
    """Return an empty figure, in inches, that no window shows."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _draw_spectrogram(axis: Axes, wave: Stereo) -> None:
    hertz, seconds, power = spectrogram(wave.mean(0), RATE, nperseg=2_048, noverlap=1_536)
    level = 10 * np.log10(power + 1e-14)
    top = float(level.max())
    axis.pcolormesh(
        seconds, hertz[1:], level[1:], vmin=top - 80, vmax=top, cmap="magma", rasterized=True
    )
    axis.set_yscale("log")
    axis.set_ylim(30, 20_000)
    axis.set_xlim(0, BAR + TAIL)


def file_stem(name: str) -> str:
    """Return the name of a sound's files.

    >>> file_stem("deep analogue: open hat")
    'deep-analogue-open-hat'
    """
    return name.replace(":", "").replace(" ", "-")


def is_contact_sheet(text: str) -> bool:
    """Return whether a page was written by `contact_sheet`."""
    return text.startswith(_HEAD)


def contact_sheet(names: Sequence[str]) -> str:
    """Return a page with the picture and a player of each sound, whose files lie beside it."""
    cells = "\n".join(
        f'<figure><img src="{file_stem(name)}.png" alt="spectrogram of {html.escape(name)}">'
        f'<audio controls preload="none" src="{file_stem(name)}.wav"></audio></figure>'
        for name in names
    )
    return (
        f"{_HEAD}\n"
        "<style>body{font-family:sans-serif;display:flex;flex-wrap:wrap;gap:8px}"
        "figure{margin:0;width:420px}audio{width:100%}</style>\n"
        f"{cells}\n</html>\n"
    )
