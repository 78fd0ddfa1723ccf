"""Bells and electric pianos by frequency modulation.

Source: Chowning, "The synthesis of complex audio spectra by means of frequency modulation", Journal
of the AES 21(7), 1973: equation 1, and section 4 on bells.
"""

from __future__ import annotations

import math

import numpy as np

from msanii_live.rack.envelopes import decay_curve, strike_curve
from msanii_live.rack.voices import Instrument, StruckInstrument
from msanii_live.rack.waves import RATE, TOP, Mono, Stereo, pitch_hz


def _pair(
    hertz: float, ratio: float, index: float, frames: int, decay: float, spread: float
) -> Mono:
    """Return a sine that another one of `ratio` times its frequency modulates.

    index: greatest modulation index; it decays to none in `decay` seconds. spread: cents by which
    the carrier is off. The index is kept so small that sidebands above the hearing range are
    inaudible (Carson's rule).
    """
    carrier = hertz * 2.0 ** (spread / 1200)
    modulator = carrier * ratio
    most = max(0.0, (TOP - carrier) / modulator - 1.0)
    time = np.arange(frames, dtype=np.float64) / RATE
    depth = min(index, most) * decay_curve(frames, decay)
    phase = 2 * math.pi * carrier * time + depth * np.sin(2 * math.pi * modulator * time)
    wave: Mono = np.sin(phase).astype(np.float32)
    return wave


def _stereo(mids: list[Mono], sides: list[Mono]) -> Stereo:
    middle, side = sum(mids[1:], mids[0]), sum(sides[1:], sides[0])
    wave: Stereo = np.stack([middle + 0.5 * side, middle - 0.5 * side])
    return wave


def bell(pitch: int, force: float) -> Stereo:
    """Return a bell: the carrier and its modulator stand in an inharmonic ratio."""
    hertz = pitch_hz(pitch)
    seconds = float(np.clip(4.2 * (440.0 / hertz) ** 0.35, 1.2, 5.0))
    frames = round(seconds * RATE)
    body = _pair(hertz, 3.53, 0.8 + 3.2 * force, frames, 0.55 * seconds, 0.0)
    high = _pair(2.0 * hertz, 1.41, 0.3 + 1.2 * force, frames, 0.3 * seconds, 4.0)
    body *= strike_curve(frames, 0.001, seconds)
    high *= 0.35 * strike_curve(frames, 0.001, 0.5 * seconds)
    return _stereo([body, high], [_pair(hertz, 3.53, 0.4, frames, 0.4, 3.0) * 0.25 * np.abs(high)])


def electric_piano(pitch: int, force: float) -> Stereo:
    """Return an electric piano: a soft body and a tine that a hard touch brings out."""
    hertz = pitch_hz(pitch)
    seconds = float(np.clip(3.4 * (261.6 / hertz) ** 0.4, 0.9, 4.5))
    frames = round(seconds * RATE)
    body = _pair(hertz, 1.0, 0.25 + 2.0 * force**1.5, frames, 0.6 * seconds, -1.5)
    other = _pair(hertz, 1.0, 0.2 + 1.0 * force, frames, 0.6 * seconds, 2.5)
    tine = _pair(hertz, 14.0, 0.15 + 1.6 * force**2, frames, 0.35, 0.0)
    envelope = strike_curve(frames, 0.0015, seconds)
    bark = (0.15 + 0.5 * force) * strike_curve(frames, 0.001, 0.5)
    return _stereo([0.6 * body * envelope, 0.35 * other * envelope, 0.5 * tine * bark],
                   [0.5 * (body - other) * envelope])  # fmt: skip


def glockenspiel(pitch: int, force: float) -> Stereo:
    """Return a struck bar: few partials, the second at 2.76 times the first."""
    hertz = pitch_hz(pitch)
    seconds = float(np.clip(2.0 * (880.0 / hertz) ** 0.4, 0.6, 3.0))
    frames = round(seconds * RATE)
    bar = _pair(hertz, 1.0, 0.1 + 0.4 * force, frames, 0.1, 0.0)
    bar *= strike_curve(frames, 0.001, seconds)
    knock = _pair(min(2.76 * hertz, TOP / 2), 1.5, 1.5 * force, frames, 0.05, 0.0)
    knock *= (0.2 + 0.3 * force) * strike_curve(frames, 0.0005, 0.25 * seconds)
    return _stereo([bar, knock], [0.3 * knock])


BELLS: dict[str, Instrument] = {
    "bell": StruckInstrument(bell, release=1.6),
    "electric piano": StruckInstrument(electric_piano, release=0.25),
    "glockenspiel": StruckInstrument(glockenspiel, release=0.9),
}
