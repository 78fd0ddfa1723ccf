"""Measure the spectra of single notes, which the player of the composer adds up.

FluidSynth plays each program's keys one after another, all with one velocity, in its own room. Of
each note the mel of the middle channel is kept, and of each program how wide it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from msanii_live.dsp.mel import MelSpec
from msanii_live.engines.note_spectra.spectra import (
    EARLY,
    HELD,
    KEYS,
    PITCHES,
    RELEASED,
    STRUCK,
    NoteSpectra,
    encode,
    save,
)
from msanii_live.engines.notes.dynamics import REFERENCE
from msanii_live.engines.notes.instruments import KITS, PLAYED_PROGRAMS
from msanii_live.notes import Note, Score
from msanii_live.training.data.timbre_set import analyse, render_stereo

HOLD, REST = 260, 160  # mel frames that a tone is held, and from there to the next
STRIKE = 230  # mel frames from drum to drum
FIRST = 8  # mel frame of the first onset
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
    spec: MelSpec, pitches: Sequence[int], program: int, drum: bool, stride: int, hold: int
) -> Recording:
    """Record notes of a program or drum kit. stride, hold: in mel frames."""
    step = spec.hop / spec.sample_rate
    notes = tuple(
        Note((FIRST + stride * n) * step, (FIRST + stride * n + hold) * step, pitch,
             int(REFERENCE), program, drum)
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
    return record(spec, range(low, low + PITCHES), program, False, HOLD + REST, HOLD)


def record_kit(spec: MelSpec, kit: int) -> Recording:
    """Record the drums of a kit."""
    return record(spec, KEYS, kit, True, STRIKE, FIRST)


def spectra_of(
    spec: MelSpec, programs: dict[int, Recording], kits: dict[int, Recording]
) -> NoteSpectra:
    """Return what is kept of recordings."""
    return NoteSpectra(
        spec,
        tuple(programs),
        tuple(kits),
        tuple(lowest_pitch(program) for program in programs),
        np.stack([encode(each.at(HELD), spec) for each in programs.values()]),
        np.stack([each.levels_after(HOLD, RELEASED) for each in programs.values()]),
        np.stack([encode(each.at(STRUCK), spec) for each in kits.values()]),
        tuple(round(each.width, 1) for each in programs.values()),
    )


def build(path: Path, report: Report) -> NoteSpectra:
    """Record all programs and kits, and write their spectra.

    Raises: MissingTool: FluidSynth or the soundfont is not installed.
    """
    spec = MelSpec()
    programs: dict[int, Recording] = {}
    with ThreadPoolExecutor(WORKERS) as pool:
        recordings = pool.map(lambda program: record_program(spec, program), PLAYED_PROGRAMS)
        for program, each in zip(PLAYED_PROGRAMS, recordings, strict=True):
            programs[program] = each
            report(f"program {program}: {each.width:.1f} dB wide")
        kits = dict(zip(KITS, pool.map(lambda kit: record_kit(spec, kit), KITS), strict=True))
    spectra = spectra_of(spec, programs, kits)
    path.parent.mkdir(parents=True, exist_ok=True)
    save(path, spectra)
    return spectra
