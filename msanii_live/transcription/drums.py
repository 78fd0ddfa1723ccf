"""The sounds of a drum kit that the transcriber tells apart."""

from __future__ import annotations

# General MIDI keys: kick, stick, snare, clap, closed hat, open hat, crash, ride, tambourine,
# cowbell, conga, shaker, claves, high, middle and low tom.
DRUM_SOUNDS = (36, 37, 38, 39, 42, 46, 49, 51, 54, 56, 63, 70, 75, 50, 47, 43)
_NEAREST = {
    31: 37, 34: 37, 35: 36, 40: 38, 41: 43, 44: 42, 45: 47, 48: 50, 52: 49, 53: 51, 55: 49, 57: 49,
    58: 70, 59: 51, 60: 63, 61: 63, 62: 63, 64: 63, 65: 63, 66: 63, 67: 56, 68: 56, 69: 70, 71: 75,
    72: 75, 73: 70, 74: 70, 76: 75, 77: 75, 78: 63, 79: 63, 80: 56, 81: 56, 82: 70,
}  # fmt: skip


def drum_sound(key: int) -> int:
    """Return the place in DRUM_SOUNDS of what a General MIDI drum key sounds like.

    >>> DRUM_SOUNDS[drum_sound(40)], DRUM_SOUNDS[drum_sound(120)]
    (38, 42)
    """
    nearest = _NEAREST.get(key, key)
    return DRUM_SOUNDS.index(nearest if nearest in DRUM_SOUNDS else 42)
