"""Drums that sound recorded: modes of skins and bronze, wires, and the first echoes of a room.

Source: the modes of a circular membrane and of a drum with air, Fletcher and Rossing, "The Physics
of Musical Instruments", 2nd edition, sections 3.5 and 18.4.
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
    modes,
    noise,
    plate,
    struck_plates,
    wide_noise,
)
from msanii_live.rack.envelopes import strike_curve
from msanii_live.rack.filters import bandpass, highpass, lowpass
from msanii_live.rack.waves import Stereo

MEMBRANE = (1.0, 1.594, 2.136, 2.296, 2.653, 2.918)  # modes 01, 11, 21, 02, 31, 12
_ROOM = ((0.0071, 0.22, 0.0), (0.0113, 0.16, 1.0), (0.0173, 0.13, 0.2), (0.0261, 0.09, 0.8))


def _in_room(dry: Stereo, amount: float) -> Stereo:
    """Return a sound with its first echoes."""
    out = np.pad(dry, ((0, 0), (0, frames_of(0.05))))
    dark = lowpass(dry, 5_000.0)
    for delay, level, side in _ROOM:
        first = frames_of(delay)
        for channel, share in enumerate((1.0 - 0.7 * side, 0.3 + 0.7 * side)):
            out[channel, first : first + dry.shape[1]] += amount * level * share * dark[channel]
    return out.astype(np.float32)


def kick(force: float, rng: Noise) -> Stereo:
    """Return a bass drum with a felt beater: its skin bends from 160 to 58 Hz."""
    skin = falling_tone(165.0 + 55.0 * force, 58.0, 0.12, 0.45)
    skin *= strike_curve(len(skin), 0.001, 0.36)
    shell = modes((96.0, 141.0, 210.0), (0.25, 0.16, 0.1), (0.16, 0.12, 0.08), 0.3)
    shell *= strike_curve(len(shell), 0.002, 5.0)
    beater = bandpass(noise(rng, 0.03), 1_800.0, 5_000.0) * strike_curve(
        frames_of(0.03), 0.0006, 0.02
    )
    return _in_room(layered(0.95 * skin, 0.7 * shell, (0.08 + 0.4 * force) * beater), 0.5)


def snare(force: float, rng: Noise) -> Stereo:
    """Return a snare drum: a skin of 190 Hz, and wires that answer it."""
    hertz = [190.0 * ratio for ratio in MEMBRANE]
    skin = modes(hertz, (0.6, 0.45, 0.3, 0.25, 0.2, 0.15), (0.16, 0.2, 0.14, 0.1, 0.09, 0.07),
                 0.28, bend=1.0 + force)  # fmt: skip
    skin *= strike_curve(len(skin), 0.0007, 5.0)
    wires = banded_noise(
        rng, ((800.0, 2_500.0, 0.55, 0.22), (2_500.0, 7_000.0, 0.5, 0.26),
              (7_000.0, 15_000.0, 0.2 + 0.3 * force, 0.16)), 0.36,
    ) * strike_curve(frames_of(0.36), 0.0015, 4.0)  # fmt: skip
    return _in_room(
        layered(0.5 * skin, 0.85 * wires, 0.3 * force * click(rng, 0.005, 2_500.0)), 0.9
    )


def rim(force: float, rng: Noise) -> Stereo:
    """Return a stick laid over the snare: wood, and a little of the shell."""
    wood = modes((870.0, 1_640.0, 2_480.0, 3_300.0), (0.5, 0.5, 0.3, 0.15),
                 (0.07, 0.05, 0.035, 0.02), 0.14)  # fmt: skip
    wood *= strike_curve(len(wood), 0.0004, 3.0)
    return _in_room(layered(0.7 * wood, 0.2 * force * click(rng, 0.006, 2_000.0)), 0.8)


def clap(force: float, rng: Noise) -> Stereo:
    """Return several people who clap in a room: each a short burst of its own colour."""
    out = np.zeros((2, frames_of(0.4)), dtype=np.float32)
    for _ in range(7):
        first = frames_of(abs(rng.normal(0.0, 0.009)))
        centre = rng.uniform(1_000.0, 2_200.0)
        hand = bandpass(noise(rng, 0.09), 0.7 * centre, 1.6 * centre)
        hand *= strike_curve(len(hand), 0.0005, 0.035 + 0.02 * force)
        pan = rng.uniform(0.25, 0.75)
        out[0, first : first + len(hand)] += hand * np.float32(1 - pan)
        out[1, first : first + len(hand)] += hand * np.float32(pan)
    tail = bandpass(wide_noise(rng, 0.4), 900.0, 3_000.0) * strike_curve(frames_of(0.4), 0.01, 0.3)
    return _in_room(layered(out, 0.16 * tail), 0.9)


def closed_hat(force: float, rng: Noise) -> Stereo:
    """Return two small plates pressed together."""
    return _hat(force, rng, 0.07 + 0.05 * force, 0.25)


def pedal_hat(force: float, rng: Noise) -> Stereo:
    """Return two small plates that the foot brings together."""
    return _hat(0.5 * force, rng, 0.06, 0.2)


def open_hat(force: float, rng: Noise) -> Stereo:
    """Return two small plates that ring against each other."""
    return _hat(force, rng, 0.7 + 0.3 * force, 1.1)


def _hat(force: float, rng: Noise, decay: float, seconds: float) -> Stereo:
    bronze = highpass(plate(rng, 60, 3_000.0, 16_000.0, seconds, 2.0 * decay), 5_500.0, 2)
    hiss = highpass(wide_noise(rng, seconds), 7_000.0, 2)
    return struck_plates(1.6 * bronze, (0.1 + 0.12 * force) * hiss, 0.0005, decay)


def crash(force: float, rng: Noise) -> Stereo:
    """Return a crash cymbal: dense modes under a wash that takes a moment to open."""
    bronze = plate(rng, 90, 700.0, 16_000.0, 3.0, 4.0) * strike_curve(frames_of(3.0), 0.004, 20.0)
    wash = banded_noise(
        rng, ((3_000.0, 7_000.0, 0.35, 2.6), (7_000.0, 16_000.0, 0.5 + 0.4 * force, 2.0)), 2.6
    ) * strike_curve(frames_of(2.6), 0.006, 12.0)  # fmt: skip
    return layered(highpass(0.45 * bronze, 900.0), 1.5 * wash)


def ride(force: float, rng: Noise) -> Stereo:
    """Return a ride cymbal: the tick of a stick, a few clear partials, and a dark wash."""
    wash = highpass(plate(rng, 60, 500.0, 12_000.0, 1.8, 2.4), 900.0)
    ping = modes((2_630.0, 3_890.0, 5_240.0, 7_010.0), (0.3, 0.3, 0.2, 0.15), (0.9, 0.7, 0.4, 0.3),
                 0.9)  # fmt: skip
    ping *= strike_curve(len(ping), 0.0005, 8.0)
    return layered(
        0.6 * wash, (0.25 + 0.45 * force) * ping, 0.3 * force * click(rng, 0.012, 5_000.0)
    )


def bell_of_ride(force: float, rng: Noise) -> Stereo:
    """Return the bell of a ride cymbal."""
    partials = (940.0, 1_830.0, 2_790.0, 4_120.0, 5_560.0)
    bell = modes(partials, (0.4, 0.5, 0.45, 0.35, 0.2), (1.6, 1.3, 1.0, 0.7, 0.5), 1.7)
    bell *= strike_curve(len(bell), 0.0005, 9.0)
    return layered(0.6 * bell, 0.15 * plate(rng, 30, 600.0, 9_000.0, 1.2, 1.4))


def tom(hertz: float, force: float, rng: Noise) -> Stereo:
    """Return a tom of a frequency: a skin whose pitch settles, and its shell."""
    skin = modes([hertz * ratio for ratio in MEMBRANE], (0.9, 0.3, 0.18, 0.16, 0.1, 0.08),
                 (0.6, 0.35, 0.25, 0.2, 0.15, 0.12), 0.65, bend=1.0 + 2.0 * force)  # fmt: skip
    skin *= strike_curve(len(skin), 0.001, 6.0)
    return _in_room(layered(0.75 * skin, 0.3 * force * click(rng, 0.01, 1_200.0)), 0.6)


def cowbell(force: float, rng: Noise) -> Stereo:
    """Return a bell of sheet metal."""
    partials = (587.0, 845.0, 1_390.0, 2_210.0, 3_640.0)
    metal = modes(partials, (0.6, 0.6, 0.3, 0.2, 0.12), (0.3, 0.24, 0.15, 0.1, 0.06), 0.35)
    metal *= strike_curve(len(metal), 0.0005, 4.0)
    return _in_room(layered(0.5 * metal, 0.15 * force * click(rng, 0.006, 3_000.0)), 0.5)


def shaker(force: float, rng: Noise) -> Stereo:
    """Return seeds in a gourd: many small collisions."""
    seconds = 0.15
    grains = np.zeros(frames_of(seconds), dtype=np.float32)
    places = rng.triangular(0.0, 0.035, seconds, 120)
    grains[(places * 44_100).astype(int)] = rng.standard_normal(120)
    body = bandpass(grains, 4_500.0, 9_000.0) * strike_curve(len(grains), 0.012, 0.3)
    return layered((2.2 + 1.2 * force) * body)


def tambourine(force: float, rng: Noise) -> Stereo:
    """Return a tambourine: jingles of bronze, struck a little apart."""
    out = np.zeros((2, frames_of(0.4)), dtype=np.float32)
    for number in range(5):
        first = frames_of(0.006 * number + abs(rng.normal(0.0, 0.004)))
        jingle = plate(rng, 12, 4_500.0, 14_000.0, 0.3, 0.35)
        out[:, first : first + jingle.shape[1]] += jingle * np.float32(rng.uniform(0.4, 1.0))
    return layered((0.5 + 0.4 * force) * highpass(out, 4_000.0))


def conga(hertz: float, force: float, rng: Noise) -> Stereo:
    """Return a conga of a frequency: a thick skin, and the slap of the hand."""
    skin = modes((hertz, 1.47 * hertz, 2.09 * hertz, 2.6 * hertz), (0.8, 0.3, 0.2, 0.1),
                 (0.45, 0.22, 0.14, 0.1), 0.5, bend=1.2 * force)  # fmt: skip
    skin *= strike_curve(len(skin), 0.001, 6.0)
    slap = bandpass(noise(rng, 0.03), 900.0, 3_500.0) * strike_curve(frames_of(0.03), 0.0006, 0.02)
    return _in_room(layered(0.8 * skin, 0.5 * force * slap), 0.5)
