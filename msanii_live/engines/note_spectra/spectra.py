"""Note spectra: the measured mels of single notes, of which the mel of a score is added up.

A network that is trained for hours blurs what it predicts, and knows few programs. What a single
note of a General MIDI program sounds like need not be learnt: FluidSynth plays it once, and its mel
is kept, at times that lie close at the onset and far apart later. The mels of notes that sound
together are added up part by part.

Source: a mix as a sum of the spectra of single sounds, Smaragdis & Brown 2003,
doi:10.1109/ASPAA.2003.1285860; here they are measured, and change over time.
"""

from __future__ import annotations

import io
import json
import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch

from msanii_live.dsp.mel import MelSpec, filter_bank
from msanii_live.engines.notes.dynamics import amplitude_of
from msanii_live.engines.notes.instruments import substitute_kit, substitute_program
from msanii_live.engines.notes.part_masks import PartNotes
from msanii_live.notes import Note

FORMAT = "msanii-live note-spectra 1"
PITCHES = 72  # of each program, from its lowest one on; others are shifted from the nearest
KEYS = range(27, 88)  # of drums
EARLY = 3  # mel frames before an onset or an end, in which it is heard: the frames overlap
_ONSET = (-3, -2.5, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 12, 16, 24, 32, 48)
# Mel frames after an onset, and after an end, at which spectra and levels are kept.
HELD = (*_ONSET, 64, 96, 128, 160, 192, 224, 255)
STRUCK = (*_ONSET, 64, 96, 128, 160, 192)  # of drums, which ring whatever their length
RELEASED = (-3, -2, -1, 0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
TOGETHER = 1.75  # exponent by which the magnitudes of notes that sound together add up
STEP = 1 / 8  # nats of a unit of the bytes that are kept
PHASES = 4  # places of an onset within a mel frame, that are told apart
_BETWEEN = 0.5  # exponent of the magnitudes that are interpolated: their onsets are nearly straight
_HATS = frozenset({42, 44, 46})  # drums that end each other
_CHOKE = 1.0  # nats a mel frame by which they do
_SILENT = -12.0  # nats
_CACHED = 512  # curves in memory


@dataclass(frozen=True, eq=False)
class NoteSpectra:
    """The spectra of notes of some programs and drum kits at the velocity REFERENCE.

    programs, kits: of General MIDI. lowest: the first pitch of each program. held: uint8,
    (programs, PITCHES, HELD, mels), steps of STEP above ln of the floor. released: ln of the level
    after the end of a note over that at its end, float32, (programs, PITCHES, RELEASED). struck:
    uint8, (kits, KEYS, STRUCK, mels). widths: of the side of each program over its middle, dB.
    """

    spec: MelSpec
    programs: tuple[int, ...]
    kits: tuple[int, ...]
    lowest: tuple[int, ...]
    held: np.ndarray
    released: np.ndarray
    struck: np.ndarray
    widths: tuple[float, ...]
    _curves: dict[tuple[object, ...], torch.Tensor] = field(default_factory=dict, repr=False)

    def mels(self, parts: PartNotes, mel_frames: int, seconds_per_frame: float) -> torch.Tensor:
        """Return the mel of each part, ln magnitudes, float32, (parts, mel_frames, mels).

        seconds_per_frame: near the spectra's own. The first mel frame is at second 0.
        """
        out = torch.zeros(len(parts), mel_frames, self.spec.mels)
        for row, notes in zip(out, parts.values(), strict=True):
            for note, end in _with_ends(notes):
                onset, last = note.start / seconds_per_frame, end / seconds_per_frame
                (self._strike if note.drum else self._hold)(row, note, onset, last)
        return out.clamp_min(self.spec.floor**TOGETHER).log() / TOGETHER

    def width(self, program: int) -> float:
        """Return the width of a program, dB."""
        return self.widths[self._number(program)]

    def _number(self, program: int) -> int:
        known = program in self.programs
        return self.programs.index(program if known else substitute_program(program))

    def _hold(self, row: torch.Tensor, note: Note, onset: float, end: float) -> None:
        """Add a tone to a part. row: powers, (mel_frames, mels). onset, end: in mel frames."""
        number = self._number(note.program)
        whole, phase = _place(onset)
        first, last = max(0, whole - EARLY), min(len(row), math.ceil(end) + RELEASED[-1])
        if last <= first:
            return
        curve = self._tone(number, note.pitch, phase)
        until = max(0, math.floor(end) - whole + EARLY)  # the row at which the note ends
        rows = torch.arange(first, last) - (whole - EARLY)
        level = torch.full((last - first,), amplitude_of(note.velocity))
        begin = max(first, math.floor(end) - EARLY)
        if begin < last:
            frames = torch.arange(begin, last, dtype=torch.float32)
            level[begin - first :] += _at(self._fall(number, note.pitch), frames - end + EARLY)
        made = curve[rows.clamp(0, min(until, len(curve) - 1))]
        row[first:last] += made * (TOGETHER * level).exp()[:, None]

    def _strike(self, row: torch.Tensor, note: Note, onset: float, end: float) -> None:
        """Add a drum to a part; as `_hold`. end: where another one ends it."""
        kit = self.kits.index(substitute_kit(note.program, self.kits))
        whole, phase = _place(onset)
        curve = self._drum(kit, min(max(note.pitch, KEYS[0]), KEYS[-1]), phase)
        first = max(0, whole - EARLY)
        last = min(len(row), whole - EARLY + len(curve))
        if math.isfinite(end):
            last = min(last, math.ceil(end - _SILENT / _CHOKE))
        if last <= first:
            return
        frames = torch.arange(first, last, dtype=torch.float32)
        level = amplitude_of(note.velocity) - _CHOKE * (frames - end).clamp_min(0)
        made = curve[first - (whole - EARLY) : last - (whole - EARLY)]
        row[first:last] += made * (TOGETHER * level).exp()[:, None]

    def _tone(self, number: int, pitch: int, phase: int) -> torch.Tensor:
        key = ("tone", number, pitch, phase)
        if key not in self._curves:
            place = min(max(pitch - self.lowest[number], 0), PITCHES - 1)
            moved = pitch - self.lowest[number] - place
            values = _shifted(self._decoded(self.held[number, place]), moved, self.spec)
            self._keep(key, _dense(values, HELD, phase / PHASES))
        return self._curves[key]

    def _drum(self, kit: int, pitch: int, phase: int) -> torch.Tensor:
        key = ("drum", kit, pitch, phase)
        if key not in self._curves:
            values = self._decoded(self.struck[kit, pitch - KEYS[0]])
            self._keep(key, _dense(values, STRUCK, phase / PHASES))
        return self._curves[key]

    def _fall(self, number: int, pitch: int) -> torch.Tensor:
        """Return the level at each mel frame from EARLY ones before the end of a note on."""
        key = ("fall", number, pitch)
        if key not in self._curves:
            place = min(max(pitch - self.lowest[number], 0), PITCHES - 1)
            at = np.arange(RELEASED[0], RELEASED[-1] + 1)
            levels = np.interp(at, RELEASED, self.released[number, place].astype(np.float32))
            self._keep(key, torch.from_numpy(levels.astype(np.float32)))
        return self._curves[key]

    def _keep(self, key: tuple[object, ...], curve: torch.Tensor) -> None:
        if len(self._curves) >= _CACHED:
            self._curves.pop(next(iter(self._curves)), None)
        self._curves[key] = curve

    def _decoded(self, values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(values.astype(np.float32)) * STEP + math.log(self.spec.floor)


def _place(onset: float) -> tuple[int, int]:
    """Return the mel frame at or before an onset, and how far in it the onset is, in PHASES."""
    place = round(onset * PHASES)
    return place // PHASES, place % PHASES


def _dense(values: torch.Tensor, at: Sequence[float], phase: float) -> torch.Tensor:
    """Return powers at every mel frame from EARLY ones before an onset on, float32.

    values: ln magnitudes at some times after the onset, (len(at), mels). phase: of the onset,
    after the mel frame before it.
    """
    frames = torch.arange(-EARLY, at[-1] + 1, dtype=torch.float32) - phase
    known = torch.tensor(at, dtype=torch.float32)
    frames = frames.clamp(known[0], known[-1])
    upper = torch.bucketize(frames, known).clamp(1, len(at) - 1)
    share = ((frames - known[upper - 1]) / (known[upper] - known[upper - 1]))[:, None]
    roots = (_BETWEEN * values).exp()
    return torch.lerp(roots[upper - 1], roots[upper], share).pow(TOGETHER / _BETWEEN)


def _at(curve: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
    """Return a curve between its values; beyond its ends, its first and last. Both (n,)."""
    place = place.clamp(0, len(curve) - 1)
    lower = place.long().clamp_max(len(curve) - 2)
    return torch.lerp(curve[lower], curve[lower + 1], place - lower)


def _shifted(values: torch.Tensor, semitones: int, spec: MelSpec) -> torch.Tensor:
    """Return spectra moved in pitch, (times, mels)."""
    if not semitones:
        return values
    bank = filter_bank(spec)
    hertz = torch.arange(len(bank)) * (spec.sample_rate / spec.n_fft)
    centres = (hertz @ bank) / bank.sum(0).clamp_min(1e-12)
    wanted = centres / 2 ** (semitones / 12)
    upper = torch.bucketize(wanted, centres).clamp(1, len(centres) - 1)
    share = (wanted - centres[upper - 1]) / (centres[upper] - centres[upper - 1])
    return torch.lerp(values[:, upper - 1], values[:, upper], share.clamp(0, 1))


def _with_ends(notes: Sequence[Note]) -> list[tuple[Note, float]]:
    """Return notes and when they end, s: drums ring, but a hat ends the one before it."""
    hats = sorted(note.start for note in notes if note.drum and note.pitch in _HATS)
    found = []
    for note in notes:
        end = note.end
        if note.drum:
            later = bisect_right(hats, note.start + 0.01)
            ends = note.pitch in _HATS and later < len(hats)
            end = hats[later] if ends else math.inf
        found.append((note, end))
    return found


def encode(mel: np.ndarray, spec: MelSpec) -> np.ndarray:
    """Return ln magnitudes as they are kept, uint8."""
    steps = np.round((mel.astype(np.float32) - math.log(spec.floor)) / STEP)
    return steps.clip(0, 255).astype(np.uint8)


def save(path: Path, spectra: NoteSpectra) -> None:
    """Write the spectra, compressed: each time is kept as its difference from the one before."""
    held, struck = (np.diff(each, axis=2, prepend=0) for each in (spectra.held, spectra.struck))
    content = io.BytesIO()
    np.savez_compressed(
        content,
        format=np.array(FORMAT),
        spec=np.array(json.dumps(asdict(spectra.spec))),
        programs=np.array(spectra.programs, np.uint8),
        kits=np.array(spectra.kits, np.uint8),
        lowest=np.array(spectra.lowest, np.uint8),
        held=held.astype(np.uint8),
        released=spectra.released.astype(np.float16),
        struck=struck.astype(np.uint8),
        widths=np.array(spectra.widths, np.float32),
    )
    part = path.with_name(path.name + ".part")
    part.write_bytes(content.getvalue())
    part.replace(path)


def load(path: Path) -> NoteSpectra:
    """Read spectra.

    Raises: FileNotFoundError; ValueError: the file is damaged or of another format.
    """
    try:
        content = io.BytesIO(path.read_bytes())
        with np.load(content, allow_pickle=False) as file:
            tables = {name: file[name] for name in file.files}
        if str(tables["format"]) != FORMAT:
            raise ValueError(f"its format is {tables['format']}")
        spec = MelSpec(**json.loads(str(tables["spec"])))
        held, struck = (
            np.cumsum(tables[name], axis=2, dtype=np.uint8) for name in ("held", "struck")
        )
        programs, kits, lowest, widths = (
            tuple(tables[name].tolist()) for name in ("programs", "kits", "lowest", "widths")
        )
        released = tables["released"].astype(np.float32)
    except FileNotFoundError:
        raise
    except (BadZipFile, KeyError, EOFError, ValueError, TypeError, OSError) as error:
        raise ValueError(f"{path} holds no note spectra: {error}") from None
    return NoteSpectra(spec, programs, kits, lowest, held, released, struck, widths)
