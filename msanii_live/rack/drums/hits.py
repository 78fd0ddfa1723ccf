"""What drum sounds are made of: falling tones, modes, bands of noise, rings of metal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from msanii_live.rack.envelopes import decay_curve, fade_out, strike_curve
from msanii_live.rack.filters import bandpass, highpass
from msanii_live.rack.waves import RATE, Mono, Stereo, oscillator, swept_phase

Noise = np.random.Generator


def frames_of(seconds: float) -> int:
    """Return a length in frames."""
    return round(seconds * RATE)


def noise(rng: Noise, seconds: float) -> Mono:
    """Return white noise of RMS 1, float32, (frames,)."""
    return rng.standard_normal(frames_of(seconds), dtype=np.float32)


def wide_noise(rng: Noise, seconds: float) -> Stereo:
    """Return white noise that differs between the channels, float32, (2, frames)."""
    return rng.standard_normal((2, frames_of(seconds)), dtype=np.float32)


def falling_tone(start: float, end: float, fall: float, seconds: float) -> Mono:
    """Return a sine whose frequency falls from start to end, Hz, by 60 dB of the way in `fall` s.

    It begins at a phase of 0 and has no envelope.
    """
    frames = frames_of(seconds)
    hertz = end + (start - end) * decay_curve(frames, fall).astype(np.float64)
    tone: Mono = np.sin(2 * np.pi * swept_phase(hertz)).astype(np.float32)
    return tone


def modes(
    hertz: Sequence[float], levels: Sequence[float], decays: Sequence[float], seconds: float,
    bend: float = 0.0,
) -> Mono:  # fmt: skip
    """Return decaying sines, the modes of a struck body.

    decays: s to fall by 60 dB. bend: semitones that all are higher at the strike.
    """
    frames = frames_of(seconds)
    time = np.arange(frames, dtype=np.float64) / RATE
    if bend:
        time = np.cumsum(np.exp2(bend / 12 * decay_curve(frames, 0.12).astype(np.float64))) / RATE
    wave = np.zeros(frames, dtype=np.float32)
    for frequency, level, decay in zip(hertz, levels, decays, strict=True):
        if frequency < 0.45 * RATE:
            wave += level * np.sin(2 * np.pi * frequency * time) * decay_curve(frames, decay)
    return wave


def metal(seconds: float, base: float = 1.0) -> Mono:
    """Return six square waves in no harmonic relation, the ring of analogue cymbals.

    base: factor of their frequencies.
    """
    frames = frames_of(seconds)
    wave = np.zeros(frames, dtype=np.float32)
    for number, hertz in enumerate((205.3, 304.4, 369.6, 522.7, 540.0, 800.0)):
        wave += oscillator("square", hertz * base, frames, phase=0.37 * number)
    return wave / np.float32(6.0)


def plate(rng: Noise, count: int, low: float, high: float, seconds: float, decay: float) -> Stereo:
    """Return the dense modes of a bronze plate, float32, (2, frames): the high ones decay sooner.

    decay: s of the lowest.
    """
    frames = frames_of(seconds)
    hertz = np.exp(rng.uniform(np.log(low), np.log(high), count))
    time = np.arange(frames, dtype=np.float32) / np.float32(RATE)
    wave = np.zeros((2, frames), dtype=np.float32)
    for frequency in hertz:
        span = decay * (low / frequency) ** 0.35 * rng.uniform(0.6, 1.1)
        length = min(frames, frames_of(span * 1.2))
        phase = np.float32(2 * np.pi * rng.random())
        tone = np.sin(np.float32(2 * np.pi * frequency) * time[:length] + phase)
        tone *= decay_curve(length, span) * np.float32(rng.uniform(0.3, 1.0))
        pan = rng.uniform(0.2, 0.8)
        wave[0, :length] += tone * np.float32(np.cos(pan * np.pi / 2))
        wave[1, :length] += tone * np.float32(np.sin(pan * np.pi / 2))
    return wave / np.float32(np.sqrt(count))


def banded_noise(
    rng: Noise, bands: Sequence[tuple[float, float, float, float]], seconds: float
) -> Stereo:
    """Return noise whose bands decay each in their own time, float32, (2, frames).

    bands: low and high in Hz, level, and s to fall by 60 dB.
    """
    source = wide_noise(rng, seconds)
    out = np.zeros_like(source)
    for low, high, level, decay in bands:
        band = bandpass(source, low, min(high, 20_000.0), 2)
        out += level * band * decay_curve(source.shape[1], decay)
    return out


def click(rng: Noise, seconds: float, above: float) -> Mono:
    """Return a burst of noise above a frequency, Hz, that lasts so many seconds."""
    burst = noise(rng, max(seconds, 0.004)) * strike_curve(
        frames_of(max(seconds, 0.004)), 0.0003, seconds
    )
    return highpass(burst, above)


def struck_plates(
    ring: Mono | Stereo, hiss: Stereo, attack: float, decay: float, *more: Mono | Stereo
) -> Stereo:
    """Return a hat: a ring and a hiss under one envelope, and what else is heard of the strike.

    attack: s. decay: s to fall by 60 dB.
    """
    envelope = strike_curve(hiss.shape[1], attack, decay)
    return layered((ring + hiss) * envelope, *more)


def layered(*waves: Mono | Stereo) -> Stereo:
    """Return the sum of sounds of any lengths and channels, without DC, faded at its end."""
    frames = max(wave.shape[-1] for wave in waves)
    out = np.zeros((2, frames), dtype=np.float32)
    for wave in waves:
        out[:, : wave.shape[-1]] += wave
    return fade_out(highpass(out, 22.0), 0.01).astype(np.float32)
