"""A drum loop and a few piano notes, made of nothing, for the paper's figures."""

from __future__ import annotations

import numpy as np

from msanii_live.audio import Samples

RATE = 44_100
BEAT = RATE // 2  # frames: 120 bpm


def drum_loop(frames: int) -> Samples:
    """Return kick, snare and hats at 120 bpm, float32, (frames, 2)."""
    rng = np.random.default_rng(1)
    out = np.zeros((frames + BEAT, 2))
    for step in range(-(-frames // (BEAT // 2))):
        at = step * BEAT // 2
        hits = [(_hat(rng), 0.25, 0.4)]
        if step % 4 == 0:
            hits.append((_kick(), 0.8, 0.0))
        if step % 4 == 2:
            hits.append((_snare(rng), 0.5, -0.2))
        for wave, gain, pan in hits:
            sides = gain * np.array([1 - pan, 1 + pan]) / (1 + abs(pan))
            out[at : at + len(wave)] += wave[: len(out) - at, None] * sides
    return _levelled(out[:frames])


def piano_notes(frames: int) -> Samples:
    """Return broken chords of struck strings at 120 bpm, float32, (frames, 2)."""
    out = np.zeros((frames + 4 * BEAT, 2))
    roots = (60, 57, 53, 55)
    for step in range(-(-frames // (BEAT // 2))):
        root = roots[step // 8 % 4]
        pitch = root + (0, 7, 12, 16, 19, 16, 12, 7)[step % 8]
        wave = _string(440 * 2 ** ((pitch - 69) / 12))
        at = step * BEAT // 2
        pan = (pitch - 66) / 40
        sides = 0.3 * np.array([1 - pan, 1 + pan])
        out[at : at + len(wave)] += wave[: len(out) - at, None] * sides
    return _levelled(out[:frames])


def _levelled(wave: np.ndarray) -> Samples:
    """Bring the peak to -3 dBFS."""
    return np.asarray(wave * (0.708 / np.abs(wave).max()), dtype=np.float32)


def _seconds(length: float) -> np.ndarray:
    return np.arange(round(length * RATE)) / RATE


def _kick() -> np.ndarray:
    t = _seconds(0.25)
    return np.asarray(np.sin(2 * np.pi * (50 * t + 6 * (1 - np.exp(-t * 30)))) * np.exp(-t * 14))


def _snare(rng: np.random.Generator) -> np.ndarray:
    t = _seconds(0.2)
    noise = rng.standard_normal(len(t))
    return np.asarray((0.6 * noise + np.sin(2 * np.pi * 190 * t)) * np.exp(-t * 22) * 0.6)


def _hat(rng: np.random.Generator) -> np.ndarray:
    t = _seconds(0.06)
    return np.asarray(np.diff(rng.standard_normal(len(t) + 1)) * np.exp(-t * 70) * 0.5)


def _string(hertz: float) -> np.ndarray:
    t = _seconds(1.5)
    wave = np.zeros(len(t))
    for partial in range(1, 13):
        stretched = hertz * partial * np.sqrt(1 + 3e-4 * partial**2)
        if stretched < RATE / 2:
            decay = np.exp(-t * (1.5 + 0.8 * partial))
            wave += np.sin(2 * np.pi * stretched * t) * decay / partial**1.3
    return np.asarray(wave * np.minimum(1, t * 500))
