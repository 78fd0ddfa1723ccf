"""Drums as analogue machines of the eighties made them: oscillators, noise, short envelopes.

Each takes a force from 0 to 1 and a generator of random numbers, and returns float32, (2, frames).
Force changes the sound and not only its level, which `kits` sets.
"""

from __future__ import annotations

import numpy as np

from msanii_live.rack.drums.hits import (
    Noise,
    banded_noise,
    click,
    falling_tone,
    frames_of,
    layered,
    metal,
    modes,
    noise,
    struck_plates,
    wide_noise,
)
from msanii_live.rack.envelopes import strike_curve
from msanii_live.rack.filters import bandpass, highpass, lowpass
from msanii_live.rack.waves import Mono, Stereo, oscillator


def _driven(wave: Mono, drive: float) -> Mono:
    driven: Mono = np.tanh(wave * np.float32(drive)) / np.float32(np.tanh(drive))
    return driven


def kick(force: float, rng: Noise) -> Stereo:
    """Return a kick with a hard click, for the floor: 230 to 50 Hz, half a second."""
    body = falling_tone(190.0 + 60.0 * force, 50.0, 0.16, 0.6)
    body = _driven(body * strike_curve(len(body), 0.0006, 0.55), 1.2 + 1.4 * force)
    return layered(0.95 * body, (0.08 + 0.36 * force) * click(rng, 0.009, 1_500.0))


def long_kick(force: float, rng: Noise) -> Stereo:
    """Return a kick that rings for a second, soft at its start."""
    body = falling_tone(150.0 + 50.0 * force, 47.0, 0.14, 1.25)
    body = _driven(body * strike_curve(len(body), 0.001, 1.3), 1.1 + 0.8 * force)
    return layered(0.9 * body, (0.04 + 0.16 * force) * click(rng, 0.006, 1_800.0))


def deep_kick(force: float, rng: Noise) -> Stereo:
    """Return a round kick of house: short, with more knock than click."""
    body = falling_tone(160.0 + 45.0 * force, 54.0, 0.2, 0.5)
    body = _driven(body * strike_curve(len(body), 0.0008, 0.42), 1.3 + 0.7 * force)
    knock = falling_tone(420.0, 180.0, 0.05, 0.08)
    knock = knock * strike_curve(len(knock), 0.0005, 0.05) * np.float32(0.1 + 0.15 * force)
    return layered(0.95 * body, knock, 0.2 * force * click(rng, 0.007, 1_800.0))


def snare(force: float, rng: Noise) -> Stereo:
    """Return a snare: two tones and a rattle of noise."""
    low = falling_tone(250.0, 178.0, 0.06, 0.22) * strike_curve(frames_of(0.22), 0.0006, 0.2)
    high = falling_tone(420.0, 330.0, 0.05, 0.16) * strike_curve(frames_of(0.16), 0.0006, 0.13)
    rattle = highpass(noise(rng, 0.32), 1_300.0) * strike_curve(frames_of(0.32), 0.0008, 0.28)
    wide = bandpass(wide_noise(rng, 0.3), 2_500.0, 9_000.0)
    wide = wide * strike_curve(frames_of(0.3), 0.001, 0.24)
    crack = bandpass(wide_noise(rng, 0.12), 700.0, 3_600.0)
    crack = crack * strike_curve(frames_of(0.12), 0.0006, 0.09)
    snap = 0.35 + 0.65 * force
    return layered(
        0.55 * low, 0.35 * high, 0.26 * snap * rattle, 0.22 * snap * wide, 0.6 * snap * crack
    )


def clap(force: float, rng: Noise) -> Stereo:
    """Return hands that clap not quite together: three bursts and a tail."""
    seconds = 0.42
    source = bandpass(wide_noise(rng, seconds), 750.0, 2_300.0 + 1_500.0 * force)
    envelope = np.zeros(frames_of(seconds), dtype=np.float32)
    for start, length, level in ((0.0, 0.012, 0.7), (0.011, 0.012, 0.8), (0.022, 0.014, 0.9),
                                 (0.034, 0.3, 1.0)):  # fmt: skip
        first = frames_of(start)
        burst = strike_curve(len(envelope) - first, 0.0006, length * 1.6)
        envelope[first:] = np.maximum(envelope[first:], level * burst)
    bright = source + np.float32(0.12 * force) * highpass(source, 4_000.0)
    return layered(bright * envelope)


def closed_hat(force: float, rng: Noise) -> Stereo:
    """Return a closed hat: metal and noise above 7 kHz, a tenth of a second."""
    return _hat(force, rng, 0.05 + 0.05 * force, 0.2)


def pedal_hat(force: float, rng: Noise) -> Stereo:
    """Return a hat closed by the foot."""
    return _hat(0.6 * force, rng, 0.05, 0.15)


def open_hat(force: float, rng: Noise) -> Stereo:
    """Return an open hat that rings for half a second."""
    return _hat(force, rng, 0.5 + 0.25 * force, 0.95)


def _hat(force: float, rng: Noise, decay: float, seconds: float) -> Stereo:
    ring = highpass(metal(seconds, 9.1), 7_000.0, 4)
    hiss = highpass(wide_noise(rng, seconds), 7_500.0, 3)
    tick = highpass(noise(rng, 0.02), 9_000.0) * strike_curve(frames_of(0.02), 0.0002, 0.012)
    hiss = (0.1 + 0.1 * force) * hiss
    return struck_plates(1.1 * ring, hiss, 0.0004, decay, 0.14 * force * tick)


def crash(force: float, rng: Noise) -> Stereo:
    """Return a crash of noise and metal, whose high end is gone first."""
    bands = ((2_500.0, 5_500.0, 0.35, 2.2), (5_500.0, 10_000.0, 0.4, 1.7),
             (10_000.0, 18_000.0, 0.4 + 0.3 * force, 1.1))  # fmt: skip
    wash = banded_noise(rng, bands, 2.6)
    ring = highpass(metal(2.2, 5.3), 3_500.0) * strike_curve(frames_of(2.2), 0.002, 1.8)
    return layered(wash * strike_curve(wash.shape[1], 0.002, 4.0), 0.3 * ring)


def ride(force: float, rng: Noise) -> Stereo:
    """Return a ride: a ping of metal over a thin wash."""
    ring = highpass(metal(1.2, 7.2), 4_500.0) * strike_curve(frames_of(1.2), 0.0006, 1.1)
    ping = modes((3_140.0, 4_730.0, 6_090.0), (0.3, 0.25, 0.2), (0.5, 0.4, 0.25), 0.6)
    wash = highpass(wide_noise(rng, 1.0), 8_000.0) * strike_curve(frames_of(1.0), 0.002, 0.8)
    return layered(0.7 * ring, (0.2 + 0.4 * force) * ping, 0.05 * wash)


def bell_of_ride(force: float, rng: Noise) -> Stereo:
    """Return the bell of a ride cymbal."""
    partials = (1_170.0, 2_210.0, 3_120.0, 4_750.0, 6_380.0)
    ping = modes(partials, (0.4, 0.5, 0.4, 0.3, 0.2), (1.2, 1.0, 0.8, 0.5, 0.3), 1.3)
    ping *= strike_curve(len(ping), 0.0005, 9.0)
    return layered(0.7 * ping, 0.2 * force * click(rng, 0.01, 6_000.0))


def tom(hertz: float, force: float, rng: Noise) -> Stereo:
    """Return a tom of a frequency: a tone that falls by a third."""
    body = falling_tone(hertz * (1.25 + 0.25 * force), hertz, 0.25, 0.6)
    body = _driven(body * strike_curve(len(body), 0.0008, 0.55), 1.2)
    skin = lowpass(noise(rng, 0.1), 2_000.0) * strike_curve(frames_of(0.1), 0.0008, 0.07)
    return layered(0.8 * body, 0.25 * force * skin)


def rim(force: float, rng: Noise) -> Stereo:
    """Return a stick on the rim: two short tones."""
    knock = modes((1_720.0, 520.0, 2_640.0), (0.6, 0.4, 0.25), (0.045, 0.06, 0.03), 0.12)
    knock *= strike_curve(len(knock), 0.0003, 3.0)
    return layered(0.9 * knock, 0.25 * force * click(rng, 0.008, 3_000.0))


def cowbell(force: float, rng: Noise) -> Stereo:
    """Return a cowbell: two square waves of 540 and 800 Hz."""
    frames = frames_of(0.4)
    pair = oscillator("square", 540.0, frames) + oscillator("square", 800.0, frames, 0.2)
    pair = bandpass(pair, 500.0, 2_400.0 + 1_600.0 * force)
    strike = strike_curve(frames, 0.0005, 0.05) + 0.45 * strike_curve(frames, 0.0005, 0.38)
    return layered(0.35 * pair * strike)


def shaker(force: float, rng: Noise) -> Stereo:
    """Return a shake: noise that takes a moment to rise."""
    seconds = 0.13
    grains = bandpass(noise(rng, seconds), 5_000.0, 11_000.0)
    soft = strike_curve(frames_of(seconds), 0.03 - 0.016 * force, 0.1)
    return layered(0.7 * grains * soft)


def tambourine(force: float, rng: Noise) -> Stereo:
    """Return jingles: two shakes of thin metal."""
    jingle = highpass(metal(0.35, 14.3), 6_500.0) + 0.3 * highpass(noise(rng, 0.35), 8_000.0)
    strike = strike_curve(len(jingle), 0.002, 0.16)
    first = frames_of(0.028)
    strike[first:] += 0.5 * strike_curve(len(jingle) - first, 0.002, 0.12)
    return layered(np.float32(0.5 + 0.3 * force) * jingle * strike)


def conga(hertz: float, force: float, rng: Noise) -> Stereo:
    """Return a conga of a frequency: a skin that is a little higher where it is struck."""
    skin = modes((hertz, 1.51 * hertz, 2.08 * hertz), (0.8, 0.25 * force, 0.15 * force),
                 (0.38, 0.16, 0.1), 0.42, bend=1.5 * force)  # fmt: skip
    skin *= strike_curve(len(skin), 0.0007, 6.0)
    return layered(0.8 * skin, 0.3 * force * click(rng, 0.01, 900.0))
