"""Risers and impacts: what leads from one section to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from msanii_live.notes import Note
from msanii_live.rack.envelopes import decay_curve, fade_out, loudness_of, strike_curve
from msanii_live.rack.filters import highpass, lowpass, moving_filter
from msanii_live.rack.voices import START, Instrument, NoteClock, StruckInstrument, add
from msanii_live.rack.waves import (
    RATE,
    Stereo,
    harmonic_count,
    pitch_hz,
    read_cycle,
    swept_phase,
    wave_bank,
)


@dataclass(frozen=True)
class Riser:
    """Noise and a tone that rise until their note ends, and end there.

    falls: the other way round: what begins at a section and falls.
    """

    falls: bool = False
    level: float = 1.0
    tail: float = 0.03

    def play(self, notes: Sequence[Note], out: Stereo, clock: NoteClock = START) -> None:
        """Add the sound of notes."""
        for note in notes:
            frames = max(2_000, round((note.end - note.start) * RATE))
            way = np.linspace(0.0, 1.0, frames, dtype=np.float32)
            way = way[::-1].copy() if self.falls else way
            wave = np.float32(self.level * loudness_of(note.velocity)) * self._rise(note, way)
            add(out, wave, round(note.start * RATE))

    def _rise(self, note: Note, way: np.ndarray) -> Stereo:
        rng = np.random.default_rng([note.pitch, len(way)])
        hertz = np.float32(300.0) * np.exp2(way * np.float32(4.6))
        noise = [
            moving_filter(rng.standard_normal(len(way)).astype(np.float32), hertz, 2.2, "bandpass")
            for _ in range(2)
        ]
        tone = pitch_hz(note.pitch - 12) * np.exp2(2.0 * way.astype(np.float64))
        bank = wave_bank("saw", 0.0, harmonic_count(float(tone.max())))
        saw = read_cycle(bank[40], swept_phase(tone))
        level = way**2 * (0.8 + 0.2 * np.sin(2 * np.pi * swept_phase(2.0 + 14.0 * way)))
        wave = (np.stack(noise) * 0.5 + 0.12 * saw) * level
        return highpass(fade_out(wave, 0.02), 120.0).astype(np.float32)


def impact(pitch: int, force: float) -> Stereo:
    """Return a low boom with a burst of noise and a long dark tail."""
    frames, rng = round(3.2 * RATE), np.random.default_rng(pitch)
    end = pitch_hz(24 + pitch % 12)
    boom = np.sin(2 * np.pi * swept_phase(end * (1.0 + 3.0 * decay_curve(frames, 0.35))))
    boom = boom.astype(np.float32) * strike_curve(frames, 0.002, 2.2)
    noise = rng.standard_normal((2, frames)).astype(np.float32)
    burst = lowpass(noise, 900.0 + 5_000.0 * force) * strike_curve(frames, 0.001, 0.5)
    tail = lowpass(noise[::-1], 700.0) * strike_curve(frames, 0.02, 2.8)
    wave: Stereo = highpass(0.8 * boom + 0.35 * burst + 0.2 * tail, 25.0)
    return fade_out(wave, 0.2).astype(np.float32)


TRANSITIONS: dict[str, Instrument] = {
    "riser": Riser(),
    "faller": Riser(falls=True),
    "impact": StruckInstrument(impact, release=3.0),
}
