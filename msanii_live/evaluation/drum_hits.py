"""How near drums come to their source: attack, spectrum and decay of each kind of drum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from msanii_live.audio import Samples
from msanii_live.engines.base import standalone_context
from msanii_live.engines.note_spectra.engine import NoteSpectraEngine
from msanii_live.engines.notes.instruments import KITS
from msanii_live.notes import Note, Score
from msanii_live.protocol.commands import Render
from msanii_live.training.data.timbre_set import render_stereo

RATE = 44_100
DRUMS = {
    "kick": 36, "snare": 38, "rim": 37, "clap": 39, "closed hat": 42, "open hat": 46, "crash": 49,
    "ride": 51, "ride bell": 53, "high tom": 50, "low tom": 43, "cowbell": 56, "tambourine": 54,
}  # fmt: skip
ATTACK = 0.02  # s from the onset on, whose level is that of the attack
BANDS = tuple(62.5 * 2 ** (number / 2) for number in range(17))  # Hz, centres of half octaves
LOUD = 30.0  # dB under the loudest band or block, to which a difference counts
BLOCK = 0.05  # s over which the decay is measured
VELOCITIES = (100, 60)
_SPACE = 5.0  # s from hit to hit
_FIRST = 0.5  # s before the first one
_LENGTH = round((_SPACE - 0.1) * RATE) - 64  # frames of a hit
# Frames by which the source strikes later, to be beside itself: its chorus has moved on meanwhile.
_LATER = 64 * 1_171

Play = Callable[[Score], Samples]
"""Plays a score; float32, (frames, 2)."""


@dataclass(frozen=True)
class HitDifference:
    """How a hit differs from its source.

    attack: dB, of the level of the first ATTACK s. late: ms by which it reaches half of its peak
    later. spectrum: dB, mean over the half octaves within LOUD of the loudest. decay: dB, mean over
    blocks within LOUD of the loudest. rings: s until it is LOUD down; its source: rang.
    """

    attack: float
    late: float
    spectrum: float
    decay: float
    rings: float
    rang: float


def compare_hits(made: np.ndarray, source: np.ndarray) -> HitDifference:
    """Compare two hits, of which the source begins at frame 0. Both float32, (frames,).

    Their overall levels are made equal first, since a mixer sets them.
    """
    level = np.sqrt(float((source**2).sum()) / max(float((made**2).sum()), 1e-12))
    made = made * level
    attacks = [_decibels((wave[: round(ATTACK * RATE)] ** 2).mean()) for wave in (made, source)]
    halves = [int(np.argmax(np.abs(wave) > 0.5 * np.abs(wave).max())) for wave in (made, source)]
    spectra = [_spectrum(wave) for wave in (made, source)]
    decays = [_decay(wave) for wave in (made, source)]
    rings = [float(np.flatnonzero(each > each.max() - LOUD)[-1] + 1) * BLOCK for each in decays]
    return HitDifference(
        attacks[0] - attacks[1],
        1e3 * (halves[0] - halves[1]) / RATE,
        _mean_difference(*spectra),
        _mean_difference(*decays),
        *rings,
    )


def drum_score(kit: int, velocity: int) -> Score:
    """Return one hit of each of DRUMS, far apart."""
    notes = tuple(
        Note(_FIRST + _SPACE * n, _FIRST + _SPACE * n + 0.1, key, velocity, kit, True, "drums")
        for n, key in enumerate(DRUMS.values())
    )
    return Score(notes, _FIRST + _SPACE * len(notes), bpm=120.0)


def measure_drums(play: Play, source: Play, kit: int, velocity: int) -> dict[str, HitDifference]:
    """Return how each drum of a kit differs from its source."""
    score = drum_score(kit, velocity)
    made, true = (each(score).mean(1) for each in (play, source))
    found = {}
    for (name, _), note in zip(DRUMS.items(), score.notes, strict=True):
        first, onset = round(note.start * RATE), _source_onset(true, note)
        if onset is not None:  # None where the kit does not have this drum
            found[name] = compare_hits(made[first:][:_LENGTH], true[onset:][:_LENGTH])
    return found


def measure_floor(source: Play, kit: int, velocity: int) -> dict[str, HitDifference]:
    """Return how each drum of the source differs from itself, struck `_LATER` frames later."""
    score = drum_score(kit, velocity)
    shift = _LATER / RATE
    notes = (replace(n, start=n.start + shift, end=n.end + shift) for n in score.notes)
    moved = replace(score, notes=tuple(notes), seconds=score.seconds + shift)
    once, again = source(score).mean(1), source(moved).mean(1)[_LATER:]
    found = {}
    for (name, _), note in zip(DRUMS.items(), score.notes, strict=True):
        onset, other = (_source_onset(each, note) for each in (once, again))
        if onset is not None and other is not None:
            found[name] = compare_hits(again[other:][:_LENGTH], once[onset:][:_LENGTH])
    return found


def _source_onset(sound: np.ndarray, note: Note) -> int | None:
    """Return the frame at which a note of FluidSynth's begins; None if it is silent.

    FluidSynth begins notes at every 64th frame, so that its own onset counts.
    """
    first = max(0, round(note.start * RATE) - 64)
    hit = sound[first : first + _LENGTH]
    loudest = float(np.abs(hit).max(initial=0.0))
    return first + int(np.argmax(np.abs(hit) > 1e-3 * loudest)) if loudest >= 1e-3 else None


def report_drums() -> int:
    """Print the greatest differences of each drum over kits and velocities. Returns 0.

    Raises: MissingTool: FluidSynth or the soundfont is not installed.
    """
    player = NoteSpectraEngine("cpu")

    def play(score: Score) -> Samples:
        return player.run(Render(midi="drums"), standalone_context(lambda name: score)).samples

    def source(score: Score) -> Samples:
        return render_stereo(score, in_room=True)

    found: dict[str, list[HitDifference]] = {}
    floors: dict[str, list[HitDifference]] = {}
    for kit in KITS:
        for velocity in VELOCITIES:
            for name, each in measure_drums(play, source, kit, velocity).items():
                found.setdefault(name, []).append(each)
            for name, each in measure_floor(source, kit, velocity).items():
                floors.setdefault(name, []).append(each)
    print(f"{len(KITS)} kits at velocities {VELOCITIES}, beside FluidSynth; the greatest of each.\n"
          "In parentheses, FluidSynth beside itself: two strikes at other times.\n")  # fmt: skip
    print("| drum | hits | attack, dB | half of the peak, ms later | spectrum, dB | decay, dB |"
          " rings, s (source) |")  # fmt: skip
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name, hits in found.items():
        ours, floor = _greatest(hits), _greatest(floors[name])
        cells = [f"{made:.1f} ({same:.1f})" for made, same in zip(ours, floor, strict=True)]
        rings, rang = (np.median([getattr(hit, key) for hit in hits]) for key in ("rings", "rang"))
        print(f"| {name} | {len(hits)} | {' | '.join(cells)} | {rings:.2f} ({rang:.2f}) |")
    return 0


def _greatest(hits: Sequence[HitDifference]) -> list[float]:
    """Return the greatest attack, lateness, and differences of spectrum and decay of hits."""
    keys = ("attack", "late", "spectrum", "decay")
    return [max((getattr(hit, key) for hit in hits), key=abs) for key in keys]


def _spectrum(wave: np.ndarray) -> np.ndarray:
    """Return the level of each of BANDS, dB."""
    power = np.abs(np.fft.rfft(wave)) ** 2
    hertz = np.fft.rfftfreq(len(wave), 1 / RATE)
    edge = 2**0.25
    return np.array(
        [_decibels(power[(hertz >= c / edge) & (hertz < c * edge)].sum()) for c in BANDS]
    )


def _decay(wave: np.ndarray) -> np.ndarray:
    """Return the level of each block, dB."""
    frames = round(BLOCK * RATE)
    blocks = wave[: len(wave) // frames * frames].reshape(-1, frames)
    return np.array([_decibels(power) for power in (blocks**2).mean(1)])


def _mean_difference(made: np.ndarray, source: np.ndarray) -> float:
    loud = source > source.max() - LOUD
    return float(np.abs(made - source)[loud].mean())


def _decibels(power: float) -> float:
    return 10 * float(np.log10(max(float(power), 1e-12)))
