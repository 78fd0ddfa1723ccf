"""How instruments turn notes into sound: struck, held, or as a line of one voice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np

from msanii_live.notes import Note
from msanii_live.rack.envelopes import Adsr, decay_curve, loudness_of, sweep
from msanii_live.rack.loops import EnsembleSpec, ensemble_loop, read_loop
from msanii_live.rack.waves import (
    RATE,
    Mono,
    Stereo,
    harmonic_count,
    pitch_hz,
    read_bank,
    read_cycle,
    swept_phase,
    wave_bank,
)

FORCES = 12  # velocities of which struck sounds are made; between them only the level changes
_MEETING = 0.012  # s within which two notes of a line meet, so that it slides
_TOGETHER = 0.02  # s between the starts of notes that are a chord


@dataclass(frozen=True)
class NoteClock:
    """The time that free-running oscillators and slow movements follow.

    origin: frame of the buffer at which the music begins. period: frames after which a loop
    repeats, and its movements with it; 0 for music that goes on.
    """

    origin: int = 0
    period: int = 0

    def at(self, frame: int) -> int:
        """Return the frame of the music at a frame of the buffer."""
        time = frame - self.origin
        return time % self.period if self.period else time


START = NoteClock()


class Instrument(Protocol):
    """A player of the notes of one part."""

    @property
    def tail(self) -> float:
        """The longest time that a note sounds after its end, s."""

    def play(self, notes: Sequence[Note], out: Stereo, clock: NoteClock = START) -> None:
        """Add the sound of notes to `out`, float32, (2, frames), which begins at second 0."""


@dataclass(frozen=True)
class StruckInstrument:
    """An instrument whose notes decay by themselves, such as a bell.

    strike: returns the whole sound of a key at a force from 0 to 1, float32, (2, frames); it is
    kept, so it must depend on nothing else. release: s to fall by 60 dB once a note ends. level: of
    velocity 100, linear.
    """

    strike: Callable[[int, float], Stereo]
    release: float
    level: float = 1.0

    @property
    def tail(self) -> float:
        """The longest time that a note sounds after its end, s."""
        return self.release

    def play(self, notes: Sequence[Note], out: Stereo, clock: NoteClock = START) -> None:
        """Add the sound of notes."""
        for note in notes:
            step = min(FORCES - 1, note.velocity * FORCES // 128)
            sound = _struck(self.strike, note.pitch, step)
            held = max(1, round((note.end - note.start) * RATE))
            frames = min(sound.shape[1], held + round(self.release * RATE))
            wave = sound[:, :frames] * np.float32(self.level * loudness_of(note.velocity))
            if frames > held:
                tail = decay_curve(frames - held, self.release)
                tail *= np.linspace(1.0, 0.0, len(tail), dtype=np.float32)
                wave[:, held:] *= tail
            add(out, wave, round(note.start * RATE))


@lru_cache(maxsize=72)
def _struck(strike: Callable[[int, float], Stereo], pitch: int, step: int) -> Stereo:
    return strike(pitch, (step + 0.5) / FORCES)


@dataclass(frozen=True)
class HeldInstrument:
    """An instrument of ensembles that sound as long as a key is held.

    amp: level of a note. bright: brightness of a note from 0 to 1: where it begins, where it
    settles, and in how many seconds. touch: by how much velocity changes the brightness. motion:
    depth and Hz of a slow movement of the brightness that all notes share. level: of velocity 100.
    transpose: semitones.
    """

    spec: EnsembleSpec
    amp: Adsr
    bright: tuple[float, float, float] = (1.0, 1.0, 1.0)
    touch: float = 0.3
    motion: tuple[float, float] = (0.0, 0.0)
    level: float = 1.0
    transpose: int = 0

    @property
    def tail(self) -> float:
        """The longest time that a note sounds after its end, s."""
        return self.amp.release

    def play(self, notes: Sequence[Note], out: Stereo, clock: NoteClock = START) -> None:
        """Add the sound of notes."""
        depth, rate = self.motion
        for note in notes:
            amp = self.amp.curve(note.end - note.start)
            amp *= np.float32(self.level * loudness_of(note.velocity))
            first = round(note.start * RATE)
            start, settled, seconds = self.bright
            touch = self.touch * (note.velocity - 90) / 60
            bright = sweep(len(amp), start, settled, seconds) + np.float32(touch)
            if depth:
                time = (clock.at(first) + np.arange(len(amp), dtype=np.float32)) / np.float32(RATE)
                bright += np.float32(depth) * np.sin(
                    2 * np.pi * np.float32(rate) * time + note.pitch
                )
            pitch = min(120, note.pitch + self.transpose)
            loop = ensemble_loop(self.spec, pitch)
            # The oscillators run freely: where a note enters depends on when it comes.
            wave = read_loop(loop, clock.at(first) + 7_919 * pitch, len(amp), bright)
            add(out, wave * amp, first)


@dataclass(frozen=True)
class LineInstrument:
    """An instrument of one oscillator with a filter that an envelope moves; lines slide.

    A note that begins before the one before it has ended, or as it ends, slides there and starts no
    new envelope. Chords are played as several voices.

    shape: see `waves.amplitudes`. resonance: 0 to 1. cutoff: Hz of the filter at rest. tracking:
    how much it follows the pitch. amount: octaves that the envelope opens it. decay: s in which the
    envelope ends. accent: octaves that a velocity of 127 opens it further than one of 90, and as
    much less below. glide: s of a slide; 0 for none. sub: level of a sine an octave below. second:
    cents of a second oscillator; 0 for none. vibrato: cents, and Hz. drive: 0 to 1.
    """

    shape: str
    amp: Adsr
    cutoff: float
    resonance: float = 0.0
    tracking: float = 0.3
    amount: float = 0.0
    decay: float = 0.3
    accent: float = 0.5
    glide: float = 0.0
    sub: float = 0.0
    second: float = 0.0
    vibrato: tuple[float, float] = (0.0, 5.5)
    drive: float = 0.0
    level: float = 1.0
    transpose: int = 0

    @property
    def tail(self) -> float:
        """The longest time that a note sounds after its end, s."""
        return self.amp.release

    def play(self, notes: Sequence[Note], out: Stereo, clock: NoteClock = START) -> None:
        """Add the sound of notes."""
        for phrase in slurred(notes) if self.glide else ([note] for note in notes):
            add(out, self._phrase(phrase), round(phrase[0].start * RATE))

    def _phrase(self, phrase: list[Note]) -> Stereo:
        """Return the sound of notes that slide into each other, (2, frames)."""
        first = phrase[0]
        amp = self.amp.curve(max(n.end for n in phrase) - first.start)
        octave, force = self._targets(phrase, len(amp))
        hertz = np.exp2(octave)
        cents, rate = self.vibrato
        if cents:
            time = np.arange(len(amp)) / RATE
            depth = cents / 1200 * np.minimum(1.0, np.maximum(0.0, time - 0.15) / 0.3)
            hertz = hertz * np.exp2(depth * np.sin(2 * np.pi * rate * time))
        accent = self.accent * (force - 90.0) / 37.0
        cutoff = np.log2(self.cutoff) + self.tracking * (octave - np.log2(261.6)) + accent
        if self.amount:
            cutoff = cutoff + self.amount * decay_curve(len(amp), self.decay)
        top = float(hertz.max())
        bank = wave_bank(self.shape, self.resonance, harmonic_count(top))
        phase = swept_phase(hertz)
        wave = read_bank(bank, phase, cutoff - octave)
        left = right = wave
        if self.second:
            ratio = 2.0 ** (self.second / 1200)
            other = read_bank(bank, phase * ratio + 0.37, cutoff - octave)
            left, right = 0.8 * wave + 0.4 * other, 0.4 * wave + 0.8 * other
        level = amp * np.float32(self.level) * ((force / 100.0) ** 2).astype(np.float32)
        sound = np.stack([left, right])
        if self.sub:
            sine = wave_bank("sine", 0.0, 1)[-1]
            sound += np.float32(self.sub) * read_cycle(sine, phase * 0.5)
        if self.drive:
            push = np.float32(1.0 + 6.0 * self.drive)
            sound = np.tanh(sound * push) / np.tanh(push * np.float32(0.6)) * np.float32(0.6)
        played: Stereo = (sound * level).astype(np.float32)
        return played

    def _targets(self, phrase: list[Note], frames: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the pitch, in octaves of Hz, and the velocity of each frame."""
        octave, force = np.empty(frames), np.empty(frames)
        before: float | None = None
        for number, note in enumerate(phrase):
            begin = round((note.start - phrase[0].start) * RATE)
            wanted = np.log2(pitch_hz(note.pitch + self.transpose))
            octave[begin:], force[begin:] = wanted, note.velocity
            if number and before is not None:
                octave[begin:] += (before - wanted) * decay_curve(frames - begin, 2 * self.glide)
                last = phrase[number - 1].velocity
                force[begin:] += (last - note.velocity) * decay_curve(frames - begin, 0.02)
            before = wanted
        return octave, force


def slurred(notes: Sequence[Note]) -> Iterator[list[Note]]:
    """Yield groups of notes, each of which slides from note to note."""
    phrase: list[Note] = []
    for note in sorted(notes, key=lambda n: (n.start, n.pitch)):
        if phrase and phrase[-1].start + _TOGETHER < note.start <= phrase[-1].end + _MEETING:
            phrase.append(note)
            continue
        if phrase:
            yield phrase
        phrase = [note]
    if phrase:
        yield phrase


def add(out: Stereo, wave: Stereo | Mono, first: int) -> None:
    """Add a wave to `out`, (2, frames), from a frame on; what lies outside is left out."""
    frames = min(wave.shape[-1], out.shape[1] - first)
    skipped = max(0, -first)
    if frames > skipped:
        out[:, max(0, first) : first + frames] += wave[..., skipped:frames]
