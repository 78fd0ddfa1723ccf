"""Rooms and delays. Both are linear and depend on no time, so that stems of a mix share them."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from msanii_live.rack.filters import highpass, lowpass
from msanii_live.rack.waves import RATE, Mono, Stereo

_WHOLE = 2**20  # frames that are convolved at once, 24 s
_PIECE = 2**17
_BANDS = ((0.0, 400.0, 0.75), (400.0, 2_500.0, 1.0), (2_500.0, 9_000.0, 0.55))
# Seed of the early echoes whose spectrum is the flattest of 6,000: each third of an octave from
# 200 Hz to 16 kHz is within 1.5 dB of their mean.
_FLATTEST = 3_874
_ECHOES, _FIRST, _LAST = 14, 0.0007, 0.02  # how many, and s of the first and the last
_ECHOES_FALL = 12.0  # dB, from the first to the last


@lru_cache(maxsize=16)
def room_response(seconds: float, predelay: float = 0.012) -> Stereo:
    """Return the impulse response of a room, float32, (2, frames), with energy 1 in each channel.

    seconds: in which it falls by 60 dB at 1 kHz; the bass and the high end fall sooner. predelay: s
    before the diffuse part. Early echoes are sparse, late ones dense noise that differs between the
    channels.
    """
    rng = np.random.default_rng(round(seconds * 1_000))
    frames = round((predelay + 1.1 * seconds) * RATE)
    time = np.arange(frames, dtype=np.float32) / np.float32(RATE)
    noise = rng.standard_normal((2, frames), dtype=np.float32)
    response = np.zeros((2, frames), dtype=np.float32)
    for low, high, share in _BANDS:
        band = lowpass(noise, high)
        band = highpass(band, low) if low else band
        response += band * np.exp(np.float32(-6.9 / (share * seconds)) * time)
    rise = np.clip((time - predelay) / max(0.02, 0.03 * seconds), 0.0, 1.0)
    response *= rise
    for _ in range(12):
        place = round((0.003 + 0.045 * rng.random()) * RATE)
        if place < frames:
            response[rng.integers(2), place] += 3.0 * (1 - place / (0.05 * RATE))
    response = highpass(response, 180.0)
    response *= np.linspace(1.0, 0.0, frames, dtype=np.float32) ** 0.25
    energy = np.sqrt((response.astype(np.float64) ** 2).sum(1, keepdims=True))
    shaped: Stereo = (response / energy).astype(np.float32)
    return shaped


def convolve(send: NDArray[np.float32], response: Stereo, is_loop: bool = False) -> Stereo:
    """Return a signal in a room, as long as the signal, float32, (2, frames).

    send: (frames,) or (2, frames), of which the channels are added. is_loop: the end rings into the
    start.
    """
    mono = send if send.ndim == 1 else send.mean(0)
    frames, taps = len(mono), response.shape[1]
    if is_loop and taps > frames:
        turns = -(-taps // frames)
        padded = np.pad(response, ((0, 0), (0, turns * frames - taps)))
        response = padded.reshape(2, turns, frames).sum(1)
        taps = frames
    if not is_loop and frames > _WHOLE:
        return _convolved_by_pieces(mono, response)
    size = frames if is_loop else next_fast_len(frames + taps - 1, real=True)
    spectrum = rfft(mono.astype(np.float32), size)
    out = np.stack([irfft(spectrum * rfft(channel, size), size)[:frames] for channel in response])
    wet: Stereo = out.astype(np.float32)
    return wet


def _convolved_by_pieces(mono: Mono, response: Stereo) -> Stereo:
    """Return what `convolve` does, to rounding, by transforms that stay in the cache."""
    frames, taps = len(mono), response.shape[1]
    step = max(_PIECE, 2 * taps)
    size = next_fast_len(step + taps - 1, real=True)
    spectra = rfft(response, size)
    wet = np.zeros((2, frames + size), dtype=np.float32)
    for first in range(0, frames, step):
        piece = mono[first : first + step].astype(np.float32, copy=False)
        wet[:, first : first + size] += irfft(rfft(piece, size) * spectra, size)
    return wet[:, :frames]


def early_side(middle: Mono, low: float) -> Mono:
    """Return a side for a sound in the middle: its early echoes of either sign, (frames,).

    The sum of both channels does not change at all by it. The echoes come at irregular times, so
    that no tone of the side is much louder than others ("velvet noise").
    middle: float32, (frames,). low: Hz, below which there is none.
    Source: Alary, Politis and Välimäki, "Velvet-noise decorrelator", DAFx 2017.
    """
    middle, frames = highpass(middle, low, 1), len(middle)
    side = np.zeros(frames, dtype=np.float32)
    for at, gain in _early_echoes():
        if at < frames:
            side[at:] += np.float32(gain) * middle[: frames - at]
    return side


@lru_cache(maxsize=1)
def _early_echoes() -> tuple[tuple[int, float], ...]:
    """Return the frame and the gain of each echo; together they have an energy of 1."""
    rng = np.random.default_rng(_FLATTEST)
    edges = np.linspace(_FIRST, _LAST, _ECHOES + 1)
    at = np.array([first + (last - first) * rng.random() for first, last in pairwise(edges)])
    gains = rng.choice([-1.0, 1.0], _ECHOES) * 10 ** (-_ECHOES_FALL / 20 * at / _LAST)
    gains /= np.sqrt((gains**2).sum())
    return tuple(zip(np.round(at * RATE).astype(int).tolist(), gains.tolist(), strict=True))


def tempo_delay(send: Stereo, seconds: float, feedback: float, echoes: int = 7) -> Stereo:
    """Return the echoes of a signal, which change sides and grow darker, float32, (2, frames).

    seconds: between echoes. feedback: level from one to the next, 0 to 1. echoes: how
    many there are at most.
    """
    step, frames = max(1, round(seconds * RATE)), send.shape[1]
    out = np.zeros_like(send)
    wave, level = highpass(send.mean(0), 250.0), 1.0
    for number in range(1, echoes + 1):
        wave = lowpass(wave, 4_500.0, 1)
        level *= feedback if number > 1 else 1.0
        if level < 0.02:
            break
        near, far = (0, 1) if number % 2 else (1, 0)
        for channel, share in ((near, 1.0), (far, 0.35)):
            echo = np.float32(level * share) * wave
            if number * step < frames:
                out[channel, number * step :] += echo[: frames - number * step]
    return out
