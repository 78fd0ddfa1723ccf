"""Measure the spectra of single notes, which the player of the composer adds up, and drum hits.

FluidSynth plays each program's keys one after another, all with one velocity, in its own room. Of
each note the mel of the middle channel is kept, and of each program how wide it is; of each drum
the waveform.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from msanii_live.dsp.mel import MelSpec
from msanii_live.engines.note_spectra.drum_hits import KEYS, LONGEST, RATE, DrumHits
from msanii_live.engines.note_spectra.drum_hits import encode as encode_hit
from msanii_live.engines.note_spectra.spectra import (
    EARLY,
    HELD,
    PITCHES,
    RELEASED,
    NoteSpectra,
    encode,
    save,
)
from msanii_live.engines.notes.dynamics import REFERENCE
from msanii_live.engines.notes.instruments import KITS, PLAYED_PROGRAMS
from msanii_live.notes import Note, Score
from msanii_live.training.data.timbre_set import analyse, render_stereo

HOLD, REST = 260, 160  # mel frames that a tone is held, and from there to the next
STRIKE = 6.0  # s from drum to drum
FIRST = 8  # mel frame of the first onset
QUIET = -60.0  # dB under the loudest 10 ms of a hit, at which it ends
ALIKE = 0.97  # correlation from which hits of two kits are one
PEAK = 0.9  # of a hit as it is kept
SOFTEST = -20.0  # ln of a level that is no longer told from silence
WORKERS = 2
FILE = "note-spectra.npz"
_LOW, _USUAL = 24, 33  # the lowest pitches of basses and keyboards, and of other programs
Report = Callable[[str], None]


@dataclass(frozen=True)
class Recording:
    """Notes of equal distance, each alone.

    mels: ln magnitudes, float16, (notes, mel_frames, mels), from EARLY mel frames before the onset.
    between: the same, half a mel frame later. width: of the side over the middle, dB.
    """

    mels: np.ndarray
    between: np.ndarray
    width: float

    def at(self, places: Sequence[float]) -> np.ndarray:
        """Return the mels at mel frames after the onset, (notes, len(places), mels)."""
        rows = [
            (self.mels if place == int(place) else self.between)[:, int(place // 1) + EARLY]
            for place in places
        ]
        return np.stack(rows, axis=1)

    def levels_after(self, end: int, places: Sequence[int]) -> np.ndarray:
        """Return ln of the levels at mel frames after `end` over that just before it."""
        power = np.exp(2 * self.mels[:, EARLY:].astype(np.float32)).sum(-1)
        before = power[:, end + places[0] - 1, None]
        after = power[:, [end + place for place in places]]
        levels: np.ndarray = 0.5 * np.log(np.maximum(after, 1e-9) / np.maximum(before, 1e-9))
        return levels.clip(SOFTEST, 2.0)


def lowest_pitch(program: int) -> int:
    """Return the first pitch that is kept of a program."""
    return _LOW if program < 8 or 32 <= program < 40 or program == 43 else _USUAL


def record(
    spec: MelSpec, pitches: Sequence[int], program: int, stride: int, hold: int
) -> Recording:
    """Record notes of a program. stride, hold: in mel frames."""
    step = spec.hop / spec.sample_rate
    notes = tuple(
        Note((FIRST + stride * n) * step, (FIRST + stride * n + hold) * step, pitch,
             int(REFERENCE), program)
        for n, pitch in enumerate(pitches)
    )  # fmt: skip
    score = Score(notes, (FIRST + stride * (len(pitches) + 1)) * step, bpm=120.0)
    wave = render_stereo(score, in_room=True)
    middle, side = wave.mean(1), 0.5 * (wave[:, 0] - wave[:, 1])
    width = 10 * np.log10((side**2).mean() / max(float((middle**2).mean()), 1e-12) + 1e-6)
    starts = FIRST - EARLY + stride * np.arange(len(pitches))
    rows = starts[:, None] + np.arange(stride)
    mels, between = (analyse(middle[late:], spec)[rows] for late in (0, spec.hop // 2))
    return Recording(mels, between[:, : 4 * EARLY + 4], float(width))


def record_program(spec: MelSpec, program: int) -> Recording:
    """Record the tones of a program."""
    low = lowest_pitch(program)
    return record(spec, range(low, low + PITCHES), program, HOLD + REST, HOLD)


def record_kit(kit: int) -> list[np.ndarray]:
    """Record the drums of a kit, one hit of each of KEYS, float32, (2, frames)."""
    starts = [0.1 + STRIKE * number for number in range(len(KEYS))]
    notes = tuple(
        Note(start, start + 0.1, key, int(REFERENCE), kit, drum=True)
        for start, key in zip(starts, KEYS, strict=True)
    )
    wave = render_stereo(Score(notes, starts[-1] + STRIKE, bpm=120.0), in_room=True).T
    return [single_hit(wave, round(start * RATE)) for start in starts]


def single_hit(wave: np.ndarray, onset: int) -> np.ndarray:
    """Return the hit at a frame, from its first sound to its end. wave: float32, (2, frames).

    FluidSynth begins notes every 64 frames, so the first sound is up to so much beside the onset.
    """
    hit = wave[:, max(0, onset - 64) : onset + round((LONGEST - 0.1) * RATE)]
    level = np.abs(hit).max(0)
    peak = float(level.max(initial=0.0))
    if peak < 1e-3:
        return np.zeros((2, 0), np.float32)
    hit = hit[:, int(np.argmax(level > 1e-3 * peak)) :]
    block = RATE // 100
    power = (hit[:, : hit.shape[1] // block * block] ** 2).mean(0).reshape(-1, block).mean(1)
    heard = np.flatnonzero(power > power.max() * 10 ** (QUIET / 10))
    hit = hit[:, : (int(heard[-1]) + 1) * block].copy()
    hit[:, -block:] *= np.linspace(1.0, 0.0, block, dtype=np.float32)
    return hit


def hits_of(kits: dict[int, list[np.ndarray]]) -> DrumHits:
    """Return what is kept of the drums of kits: equal ones once, with a gain."""
    kept: dict[int, list[tuple[int, np.ndarray]]] = {}
    encoded: list[bytes] = []
    numbers = np.full((len(kits), len(KEYS)), -1, np.int16)
    gains = np.zeros((len(kits), len(KEYS)), np.float32)
    for row, hits in enumerate(kits.values()):
        for place, hit in enumerate(hits):
            if not hit.shape[1]:
                continue
            for number, known in kept.setdefault(place, []):
                likeness, gain = _compared(hit, known)
                if likeness > ALIKE:
                    numbers[row, place], gains[row, place] = number, gain
                    break
            else:
                gain = float(np.abs(hit).max()) / PEAK
                numbers[row, place], gains[row, place] = len(encoded), gain
                kept[place].append((len(encoded), hit / gain))
                encoded.append(encode_hit((hit / gain).astype(np.float32)))
    return DrumHits(tuple(kits), numbers, gains, tuple(encoded))


def _compared(hit: np.ndarray, known: np.ndarray) -> tuple[float, float]:
    """Return the correlation of two hits, and the gain that makes the second like the first."""
    frames = min(hit.shape[1], known.shape[1])
    first, second = hit[:, :frames], known[:, :frames]
    common, power = float((first * second).sum()), float((second**2).sum())
    return common / max(np.sqrt(float((first**2).sum()) * power), 1e-12), common / max(power, 1e-12)


def spectra_of(
    spec: MelSpec, programs: dict[int, Recording], kits: dict[int, list[np.ndarray]]
) -> NoteSpectra:
    """Return what is kept of recordings."""
    return NoteSpectra(
        spec,
        tuple(programs),
        tuple(lowest_pitch(program) for program in programs),
        np.stack([encode(each.at(HELD), spec) for each in programs.values()]),
        np.stack([each.levels_after(HOLD, RELEASED) for each in programs.values()]),
        tuple(round(each.width, 1) for each in programs.values()),
        hits_of(kits),
    )


def build(
    path: Path,
    report: Report,
    numbers: Sequence[int] = PLAYED_PROGRAMS,
    kit_numbers: Sequence[int] = KITS,
) -> NoteSpectra:
    """Record programs and kits, and write their spectra.

    numbers: of the programs. kit_numbers: 0, the standard kit, must be among them.
    Raises: MissingTool: FluidSynth or the soundfont is not installed.
    """
    spec = MelSpec()
    programs: dict[int, Recording] = {}
    with ThreadPoolExecutor(WORKERS) as pool:
        recordings = pool.map(lambda program: record_program(spec, program), numbers)
        for program, each in zip(numbers, recordings, strict=True):
            programs[program] = each
            report(f"program {program}: {each.width:.1f} dB wide")
        kits = dict(zip(kit_numbers, pool.map(record_kit, kit_numbers), strict=True))
    spectra = spectra_of(spec, programs, kits)
    path.parent.mkdir(parents=True, exist_ok=True)
    save(path, spectra)
    return spectra
