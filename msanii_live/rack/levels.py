"""The level of each instrument, by which all are equally loud before the faders."""

from __future__ import annotations

# dB, such that the bar of `audition` has LOUDNESS; a test measures it.
LOUDNESS = -16.0
LEVELS: dict[str, float] = {
    "sub": -10.5,
    "long sub": -12.8,
    "acid": -10.7,
    "acid square": -11.7,
    "reese": -15.2,
    "plucked bass": -9.6,
    "pluck": -5.6,
    "square lead": -20.9,
    "saw lead": -15.3,
    "pulse lead": -17.0,
    "flute lead": -18.4,
    "supersaw": -18.4,
    "string machine": -19.6,
    "choir": -22.5,
    "warm pad": -17.2,
    "glass pad": -17.7,
    "sweep pad": -18.5,
    "organ": -20.8,
    "stab": -11.8,
    "dub chord": -6.4,
    "bell": -20.5,
    "electric piano": -15.2,
    "glockenspiel": -17.0,
    "riser": 1.4,
    "faller": 1.0,
    "impact": -1.1,
}
