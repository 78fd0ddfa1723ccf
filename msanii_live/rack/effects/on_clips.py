"""Drive and space on a finished clip of any engine, and on its stems alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from msanii_live.audio import Clip, Samples, last_stem, limiting_gain, rms_dbfs

MOST_PUSH = 4.0  # octaves of gain before the clipper at a drive of 1
SHORTEST, LONGEST = 0.6, 3.0  # s that the room rings at a space of 0 and 1
WET = 0.8
_FADE = 441  # frames at the end of a clip that is no loop
_QUIET = -90.0  # dBFS, below which there is nothing to level


def with_effects(clip: Clip, drive: float, space: float, is_limited: bool = True) -> Clip:
    """Return a clip with saturation and a room, as loud as before; its stems still sum to it.

    Saturation is a gain of each sample, which the stems get as well, and a room is linear.
    drive, space: 0 to 1. is_limited: bring peaks under the ceiling; False where the caller does.
    """
    if drive <= 0.0 and space <= 0.0:
        return clip
    waves = {"": clip.samples.astype(np.float32), **clip.stems}
    before = rms_dbfs(clip.samples)
    if drive > 0.0:
        bend = _saturating_gain(clip.samples, drive)
        waves = {part: wave * bend for part, wave in waves.items()}
    if space > 0.0:
        # A server without it starts without scipy.signal: half a second and 50 MB less.
        from msanii_live.rack.effects.space import convolve, room_response

        response = room_response(round(SHORTEST + (LONGEST - SHORTEST) * space, 1))
        amount = np.float32(WET * space)
        waves = {
            part: wave + amount * convolve(wave.T, response, clip.info.loops).T
            for part, wave in waves.items()
        }
    after = rms_dbfs(waves[""])
    gain = np.float32(10 ** ((before - after) / 20)) if before > _QUIET else np.float32(1.0)
    waves = {part: np.ascontiguousarray(wave * gain) for part, wave in waves.items()}
    moving = limiting_gain(waves[""]) if is_limited else None
    if moving is not None:
        waves = {part: wave * moving[:, None] for part, wave in waves.items()}
    if space > 0.0 and not clip.info.loops:
        ramp = np.linspace(1.0, 0.0, min(_FADE, clip.info.frames), dtype=np.float32)[:, None]
        for wave in waves.values():
            wave[len(wave) - len(ramp) :] *= ramp
    mix = waves.pop("")
    if waves:
        last, rest = last_stem(mix, waves)
        waves[last] = rest
    return replace(clip, samples=mix, stems=waves)


def _saturating_gain(samples: Samples, drive: float) -> Samples:
    """Return the gain by which each sample becomes that of a soft clipper."""
    push = np.float32(2.0 ** (MOST_PUSH * drive))
    pushed = push * samples
    small = np.abs(pushed) < 1e-3
    safe = np.where(small, np.float32(1.0), pushed)
    gain: Samples = np.where(small, push, push * np.tanh(safe) / safe).astype(np.float32)
    return gain
