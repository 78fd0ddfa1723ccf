"""Ensembles: many detuned oscillators as one loop, made by an inverse Fourier transform.

The frequencies are moved to the nearest multiple of 1 / LOOP_SECONDS Hz, so that the sum repeats
without a seam. A note reads the loop from a place of its own, which costs no oscillator at all.
Each loop comes in several brightnesses of the same phases, between which a note may move.

Source: Nasca, "The PADsynth algorithm", 2005, has the idea; here phases of an oscillator agree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft

from msanii_live.rack.waves import RATE, TOP, amplitudes, pitch_hz

LOOP_SECONDS = 4.0
LOOP_FRAMES = round(LOOP_SECONDS * RATE)


@dataclass(frozen=True)
class EnsembleSpec:
    """The oscillators of an ensemble and its brightnesses.

    shape: see `waves.amplitudes`; "drawbars" takes `drawbars` instead. detune: cents of each
    oscillator. octaves: shift of each. levels: of each, 0 to 1. width: 0 is mono, 1 spreads the
    oscillators over the stage. cutoffs: Hz, of each brightness, dark to bright; tracking: how much
    they follow the pitch, 0 to 1, from middle C on. slope: dB an octave above the cutoff. drawbars:
    multiples of the fundamental, and their levels. formants: centre in Hz and gain of peaks.
    """

    shape: str = "saw"
    detune: tuple[float, ...] = (0.0,)
    octaves: tuple[float, ...] = (0.0,)
    levels: tuple[float, ...] = (1.0,)
    width: float = 1.0
    cutoffs: tuple[float, ...] = (12_000.0,)
    tracking: float = 0.5
    slope: float = 24.0
    drawbars: tuple[tuple[float, float], ...] = ()
    formants: tuple[tuple[float, float], ...] = ()


@lru_cache(maxsize=40)
def ensemble_loop(spec: EnsembleSpec, pitch: int) -> NDArray[np.float32]:
    """Return the loop of a pitch, float32, (brightnesses, 2, LOOP_FRAMES); its oscillators' RMS
    is that of one oscillator.
    """
    rng = np.random.default_rng([pitch, len(spec.detune), 7])
    bins = LOOP_FRAMES // 2 + 1
    spectra = np.zeros((2, bins), dtype=np.complex64)
    count = len(spec.detune)
    gain = 1.0 / math.sqrt(sum(level**2 for level in spec.levels))
    for number in range(count):
        hertz = pitch_hz(pitch + spec.detune[number] / 100 + 12 * spec.octaves[number])
        place, values = _partials(spec, hertz)
        if not len(place):  # the whole oscillator is too high
            continue
        phase = rng.random() if count > 1 else 0.25
        side = (number / (count - 1) - 0.5) * 2 * (-1) ** number if count > 1 else 0.0
        angle = math.pi / 4 * (1 + spec.width * side)
        for channel, pan in enumerate((math.cos(angle), math.sin(angle))):
            turn = np.exp(2j * np.pi * phase * place / max(place[0], 1))
            level = gain * spec.levels[number] * pan * math.sqrt(2)
            np.add.at(spectra[channel], place, (values * turn * level).astype(np.complex64))
    hertz_of = np.arange(bins, dtype=np.float32) / np.float32(LOOP_SECONDS)
    return np.stack([_voiced(spec, cutoff, pitch, spectra, hertz_of) for cutoff in spec.cutoffs])


def _partials(spec: EnsembleSpec, hertz: float) -> tuple[NDArray[np.int64], NDArray[np.complex128]]:
    """Return the bins of an oscillator's partials, and their amplitudes."""
    if spec.drawbars:
        chosen = [(ratio, level) for ratio, level in spec.drawbars if ratio * hertz < TOP]
        places = np.array([round(ratio * hertz * LOOP_SECONDS) for ratio, _ in chosen])
        return places, np.array([-0.5j * level for _, level in chosen])
    base = max(1, round(hertz * LOOP_SECONDS))
    count = int(TOP * LOOP_SECONDS / base)
    return base * np.arange(1, count + 1), amplitudes(spec.shape, count)


def _voiced(
    spec: EnsembleSpec,
    cutoff: float,
    pitch: int,
    spectra: NDArray[np.complex64],
    hertz: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return the loop of one brightness, (2, LOOP_FRAMES)."""
    moved = cutoff * 2.0 ** (spec.tracking * (pitch - 60) / 12)
    response = 1.0 / np.sqrt(1.0 + (hertz / moved) ** (spec.slope / 3.0))
    for centre, peak in spec.formants:
        response = response * (1.0 + peak * np.exp(-(((hertz - centre) / (0.16 * centre)) ** 2)))
    loop: NDArray[np.float32] = irfft(spectra * response, LOOP_FRAMES, axis=1) * LOOP_FRAMES
    return loop.astype(np.float32)


def read_loop(
    loop: NDArray[np.float32], start: int, frames: int, brightness: NDArray[np.float32] | float
) -> NDArray[np.float32]:
    """Return frames of a loop from `start` on, float32, (2, frames).

    brightness: 0 is the darkest, 1 the brightest; a number, or one for each frame.
    """
    layers = len(loop)
    if layers == 1:
        return _span(loop[0], start, frames)
    position = np.clip(np.asarray(brightness, dtype=np.float32), 0.0, 1.0) * (layers - 1)
    out = np.zeros((2, frames), dtype=np.float32)
    for number in range(layers):
        weight = np.maximum(0.0, 1.0 - np.abs(position - number))
        if float(np.max(weight)) > 0.0:
            out += weight * _span(loop[number], start, frames)
    return out


def _span(loop: NDArray[np.float32], start: int, frames: int) -> NDArray[np.float32]:
    start %= LOOP_FRAMES
    if start + frames <= LOOP_FRAMES:
        return loop[:, start : start + frames]
    turns, rest = divmod(start + frames - LOOP_FRAMES, LOOP_FRAMES)
    # `np.tile` would hold the interpreter's lock all the while.
    return np.concatenate([loop[:, start:], *[loop] * turns, loop[:, :rest]], axis=1)
