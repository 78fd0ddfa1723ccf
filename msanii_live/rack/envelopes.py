"""Envelopes: how level and brightness of a note change over its time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from msanii_live.rack.waves import RATE, Mono

_SILENT = 6.9  # time constants after which a decay counts as ended: -60 dB


@dataclass(frozen=True)
class Adsr:
    """An envelope of attack, decay, sustain and release.

    attack, decay, release: s; decay and release are the times to fall by 60 dB. sustain: 0 to 1.
    """

    attack: float
    decay: float
    sustain: float
    release: float

    def curve(self, held: float, shortest: float = 0.0) -> Mono:
        """Return the level of a note that is held for so many seconds, and of its release.

        It begins and ends at 0, so that no note clicks. shortest: s that it is held at least.
        """
        held = max(held, shortest, 2.0 / RATE)
        frames = round(held * RATE)
        rise = max(2, round(self.attack * RATE))
        level = np.full(frames, self.sustain, dtype=np.float32)
        ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(min(rise, frames)) / rise)
        level[:rise] = ramp
        if frames > rise:
            fall = decay_curve(frames - rise, self.decay)
            level[rise:] = self.sustain + (1.0 - self.sustain) * fall
        tail = round(self.release * RATE)
        end = level[-1] * decay_curve(tail, self.release)
        return np.concatenate([level, end * _fade(tail)])


def decay_curve(frames: int, seconds: float) -> Mono:
    """Return an exponential decay from 1 that falls by 60 dB in so many seconds."""
    curve: Mono = np.exp(np.arange(frames, dtype=np.float32) * np.float32(_rate(seconds)))
    return curve


def strike_curve(frames: int, attack: float, seconds: float) -> Mono:
    """Return a short rise and a decay by 60 dB, which ends at 0. attack, seconds: s."""
    curve = decay_curve(frames, seconds)
    rise = min(frames, max(2, round(attack * RATE)))
    curve[:rise] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(rise, dtype=np.float32) / rise)
    return curve * _fade(frames)


def sweep(frames: int, start: float, end: float, seconds: float) -> Mono:
    """Return a value that goes from start to end; after so many seconds 0.1 % of the way is left.

    In octaves or semitones this is the fall of an analogue envelope.
    """
    curve: Mono = end + (start - end) * decay_curve(frames, seconds)
    return curve


def fade_out(wave: np.ndarray, seconds: float = 0.005) -> np.ndarray:
    """Fade the last frames of a wave in place, so that it ends at 0; return it.

    wave: float32, (…, frames).
    """
    frames = min(wave.shape[-1], round(seconds * RATE))
    if frames:
        wave[..., -frames:] *= np.linspace(1.0, 0.0, frames, dtype=np.float32)
    return wave


def loudness_of(velocity: float, depth: float = 2.0) -> float:
    """Return the amplitude of a velocity, 1 at 100; depth: the power of the law."""
    return float((max(1.0, velocity) / 100.0) ** depth)


def _rate(seconds: float) -> float:
    return -_SILENT / max(seconds, 1e-4) / RATE


@lru_cache(maxsize=64)
def _fade(frames: int) -> Mono:
    """Return a curve of 1 that is taken to 0 along a cosine over its last fifth."""
    curve = np.ones(frames, dtype=np.float32)
    last = max(1, math.ceil(frames / 5)) if frames else 0
    if last:
        curve[-last:] = 0.5 + 0.5 * np.cos(np.pi * (np.arange(last) + 1) / last)
    curve.flags.writeable = False
    return curve
