"""What the notes tell of a sound and its mel does not: where partials lie, and that they go on.

A mel of 128 bands does not tell two neighbouring keys of the left hand apart, and nothing of phase.
A vocoder guesses both anew in each frame, and whenever a key is struck all that sounds stumbles:
ears and basic-pitch hear keys struck again. But whoever plays notes knows which keys are down. So
the magnitudes within a band are drawn towards their partials, and their phases run on as those of
sines do; what lies between partials stays the vocoder's.

The idea is that of sinusoidal modelling (McAulay & Quatieri 1986, doi:10.1109/TASSP.1986.1164910).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence

import torch

from msanii_live.dsp.mel import MelSpec
from msanii_live.notes import Note

TOP = 5_000.0  # Hz, above which partials lie too close to be worth it
RELEASE = 0.2  # s that partials sound on after a key is up
BETWEEN = 0.02  # weight of what lies between partials
STRUCK, BESIDE_DRUMS = 0.15, 0.5  # s after a drum is struck, and the least weight meanwhile
_REACH = 2  # bins to either side of a partial that its main lobe fills


class Partials:
    """Know the partials of notes."""

    def __init__(self, notes: Sequence[Note], spec: MelSpec) -> None:
        """Take the notes, times in s from the first sample; they may begin before it."""
        self._spec = spec
        self._keys = [note for note in notes if not note.drum]
        self._drums = [note for note in notes if note.drum]

    def weights(self, at: torch.Tensor) -> torch.Tensor:
        """Return how much of a band each of its bins may have, float32, (mel_frames, bins).

        at: samples on which frames are centred, int, (mel_frames,), rising.
        """
        spec = self._spec
        bins = torch.arange(spec.n_fft // 2 + 1, device=at.device)
        out = torch.zeros(len(at), len(bins), device=at.device)
        combs: dict[int, torch.Tensor] = {}
        for note, first, last in self._within(at, self._keys):
            if note.pitch not in combs:
                far = bins[:, None] - self._places(note.pitch).to(at.device)
                near = far.abs().clamp_max(_REACH)
                combs[note.pitch] = (near * math.pi / 4).cos().square().amax(1)
            out[first:last] = torch.maximum(out[first:last], combs[note.pitch])
        out = BETWEEN + (1 - BETWEEN) * out
        for _, first, last in self._within(at, self._drums):
            out[first:last] = out[first:last].clamp_min(BESIDE_DRUMS)
        edge = TOP * spec.n_fft / spec.sample_rate
        above = ((bins - 0.7 * edge) / (0.3 * edge)).clamp(0, 1)
        return out * (1 - above) + above

    def steadied(
        self, magnitude: torch.Tensor, bins: torch.Tensor, at: torch.Tensor
    ) -> torch.Tensor:
        """Return bins of a magnitude, with phases of partials where those are, else of `bins`.

        magnitude: float32, (mel_frames, bins). bins: complex64, the same shape. at: see `weights`.
        """
        lines = torch.zeros(magnitude.numel(), dtype=torch.complex64, device=at.device)
        frame, place, phase = self._lines(at)
        if len(frame):
            middle = place.round().long()
            size = magnitude[frame, middle]
            for offset in range(-_REACH, _REACH + 1):
                bin_ = middle + offset
                far = bin_ - place
                lobe = size * _lobe(far).float()
                turned = torch.remainder(phase - math.pi * far, 2 * math.pi).float()
                lines.index_add_(
                    0, frame * magnitude.shape[1] + bin_, torch.polar(lobe.abs(), turned)
                )
        steady = lines.view(magnitude.shape)
        strength = steady.abs()
        phases = torch.where(strength > 0, steady / strength.clamp_min(1e-12), _turns(bins))
        return magnitude * phases

    def _lines(self, at: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return frame, place in bins and phase at the frame's beginning of every partial."""
        spec = self._spec
        frames, places, phases = [], [], []
        for note, first, last in self._within(at, self._keys):
            place = self._places(note.pitch).to(at.device)
            if not len(place):
                continue
            begins = at[first:last].double() - spec.n_fft // 2 - note.start * spec.sample_rate
            turns = begins[:, None] * place / spec.n_fft + _begun(note.pitch, len(place)).to(place)
            frames.append(torch.arange(first, last, device=at.device).repeat_interleave(len(place)))
            places.append(place.repeat(last - first))
            phases.append(2 * math.pi * turns.flatten())
        if not frames:
            nothing = torch.zeros(0, device=at.device)
            return nothing.long(), nothing.double(), nothing.double()
        return torch.cat(frames), torch.cat(places), torch.cat(phases)

    def _places(self, pitch: int) -> torch.Tensor:
        """Return where a key's partials are, float64, in bins."""
        lowest = 440.0 * 2 ** ((pitch - 69) / 12)
        top = min(TOP, 0.45 * self._spec.sample_rate)
        count = int(top / lowest)
        numbers = torch.arange(1, count + 1, dtype=torch.float64)
        return numbers * (lowest * self._spec.n_fft / self._spec.sample_rate)

    def _within(self, at: torch.Tensor, notes: Sequence[Note]) -> Iterator[tuple[Note, int, int]]:
        """Give each note that sounds, its first frame, and the one after its last.

        A long piece is made span by span, and most of its notes are in none of one's frames.
        """
        centres = at.tolist()
        for note in notes:
            end = note.start + STRUCK if note.drum else note.end + RELEASE
            first = bisect_left(centres, note.start * self._spec.sample_rate - self._spec.hop)
            last = bisect_left(centres, end * self._spec.sample_rate)
            if first < last:
                yield note, first, last


def _begun(pitch: int, count: int) -> torch.Tensor:
    """Return at which turn each partial of a key begins, float64: the same for every stroke."""
    number = torch.arange(1, count + 1, dtype=torch.float64)
    return torch.frac(0.618034 * number * number + 0.381966 * pitch)


def _lobe(far: torch.Tensor) -> torch.Tensor:
    """Return the spectrum of a Hann window so many bins away from its middle, 1 there."""
    far = far.abs().clamp_min(1e-6)
    single = (far - 1).abs() < 1e-4
    safe = torch.where(single, 0.5, far)
    lobe = torch.sin(math.pi * safe) / (math.pi * safe * (1 - safe * safe))
    return torch.where(single, 0.5, lobe)


def _turns(bins: torch.Tensor) -> torch.Tensor:
    return bins / bins.abs().clamp_min(1e-12)
