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
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch

from msanii_live.dsp.mel import MelSpec, filter_bank
from msanii_live.engines.note_spectra.drum_hits import DrumHits, decode
from msanii_live.engines.notes.dynamics import amplitude_of
from msanii_live.engines.notes.instruments import substitute_program
from msanii_live.engines.notes.part_masks import PartNotes
from msanii_live.notes import Note

FORMAT = "msanii-live note-spectra 2"
PITCHES = 72  # of each program, from its lowest one on; others are shifted from the nearest
EARLY = 3  # mel frames before an onset or an end, in which it is heard: the frames overlap
_ONSET = (-3, -2.5, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 12, 16, 24, 32, 48)
# Mel frames after an onset, and after an end, at which spectra and levels are kept.
HELD = (*_ONSET, 64, 96, 128, 160, 192, 224, 255)
RELEASED = (-3, -2, -1, 0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
TOGETHER = 1.75  # exponent by which the magnitudes of notes that sound together add up
STEP = 1 / 8  # nats of a unit of the bytes that are kept
PHASES = 4  # places of an onset within a mel frame, that are told apart
_BETWEEN = 0.5  # exponent of the magnitudes that are interpolated: their onsets are nearly straight
_CACHED = 512  # curves in memory


@dataclass(frozen=True, eq=False)
class NoteSpectra:
    """The spectra of notes of some programs at the velocity REFERENCE, and the hits of drums.

    programs: of General MIDI. lowest: the first pitch of each program. held: uint8,
    (programs, PITCHES, HELD, mels), steps of STEP above ln of the floor. released: ln of the level
    after the end of a note over that at its end, float32, (programs, PITCHES, RELEASED). widths: of
    the side of each program over its middle, dB. hits: of drums, which have no mels.
    """

    spec: MelSpec
    programs: tuple[int, ...]
    lowest: tuple[int, ...]
    held: np.ndarray
    released: np.ndarray
    widths: tuple[float, ...]
    hits: DrumHits
    _curves: dict[tuple[object, ...], torch.Tensor] = field(default_factory=dict, repr=False)

    def mels(self, parts: PartNotes, mel_frames: int, seconds_per_frame: float) -> torch.Tensor:
        """Return the mel of each part, ln magnitudes, float32, (parts, mel_frames, mels).

        parts: those of tones.
        seconds_per_frame: near the spectra's own. The first mel frame is at second 0.
        """
        out = torch.zeros(len(parts), mel_frames, self.spec.mels)
        for row, notes in zip(out, parts.values(), strict=True):
            for note in notes:
                self._hold(row, note, note.start / seconds_per_frame, note.end / seconds_per_frame)
        return out.clamp_min(self.spec.floor**TOGETHER).log() / TOGETHER

    def width(self, program: int) -> float:
        """Return the width of a program, dB."""
        return self.widths[self._number(program)]

    def _number(self, program: int) -> int:
        wanted = program if program in self.programs else substitute_program(program)
        if wanted not in self.programs:  # the spectra of a few programs alone
            wanted = min(self.programs, key=lambda known: abs(known - program))
        return self.programs.index(wanted)

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

    def _tone(self, number: int, pitch: int, phase: int) -> torch.Tensor:
        key = ("tone", number, pitch, phase)
        if key not in self._curves:
            place = min(max(pitch - self.lowest[number], 0), PITCHES - 1)
            moved = pitch - self.lowest[number] - place
            values = _shifted(self._decoded(self.held[number, place]), moved, self.spec)
            self._keep(key, _dense(values, HELD, phase / PHASES))
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


def encode(mel: np.ndarray, spec: MelSpec) -> np.ndarray:
    """Return ln magnitudes as they are kept, uint8."""
    steps = np.round((mel.astype(np.float32) - math.log(spec.floor)) / STEP)
    return steps.clip(0, 255).astype(np.uint8)


def save(path: Path, spectra: NoteSpectra) -> None:
    """Write the spectra, compressed: each time is kept as its difference from the one before."""
    held, hits = np.diff(spectra.held, axis=2, prepend=0), spectra.hits
    content = io.BytesIO()
    np.savez_compressed(
        content,
        format=np.array(FORMAT),
        spec=np.array(json.dumps(asdict(spectra.spec))),
        programs=np.array(spectra.programs, np.uint8),
        lowest=np.array(spectra.lowest, np.uint8),
        held=held.astype(np.uint8),
        released=spectra.released.astype(np.float16),
        widths=np.array(spectra.widths, np.float32),
        kits=np.array(hits.kits, np.uint8),
        hit_numbers=hits.numbers.astype(np.int16),
        hit_gains=hits.gains.astype(np.float32),
        hit_ends=np.cumsum([len(each) for each in hits.encoded]),
        hits=np.frombuffer(b"".join(hits.encoded), np.uint8),
    )
    part = path.with_name(path.name + ".part")
    part.write_bytes(content.getvalue())
    part.replace(path)


def load(path: Path) -> NoteSpectra:
    """Read spectra.

    Raises: FileNotFoundError; ValueError: the file is damaged or of another format.
    """
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            tables = {name: file[name] for name in file.files}
        if str(tables["format"]) != FORMAT:
            raise ValueError(f"its format is {tables['format']}")
        spec = MelSpec(**json.loads(str(tables["spec"])))
        held = np.cumsum(tables["held"], axis=2, dtype=np.uint8)
        programs, lowest, widths = (
            tuple(tables[name].tolist()) for name in ("programs", "lowest", "widths")
        )
        released = tables["released"].astype(np.float32)
        content, ends = tables["hits"].tobytes(), [0, *tables["hit_ends"].tolist()]
        encoded = tuple(content[first:last] for first, last in pairwise(ends))
        hits = DrumHits(
            tuple(tables["kits"].tolist()), tables["hit_numbers"], tables["hit_gains"], encoded
        )
        if encoded:
            decode(encoded[0])  # so that a libsndfile without Vorbis is told now
    except FileNotFoundError:
        raise
    except (BadZipFile, KeyError, EOFError, ValueError, TypeError, OSError) as error:
        raise ValueError(f"{path} holds no note spectra: {error}") from None
    return NoteSpectra(spec, programs, lowest, held, released, widths, hits)
