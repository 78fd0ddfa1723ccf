"""Partials of known notes: their frequencies and continuous phases, which a mel does not hold.

A mel of 128 bands cannot separate two neighbouring low keys, and it holds no phase. A vocoder
estimates both again in every frame, so a new onset disturbs the notes that are held: listeners and
basic-pitch then detect repeated onsets. An engine that plays notes knows the keys. It therefore
shifts the magnitudes within a band towards the partials of these keys, and it gives the partials
the phases of continuous sines. Bins between partials keep what the vocoder estimated.

Source: sinusoidal modelling, McAulay & Quatieri 1986, doi:10.1109/TASSP.1986.1164910.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence

import torch

from msanii_live.dsp.mel import MelSpec
from msanii_live.notes import Note

MAX_HZ = 5_000.0  # above it, partials lie too close together to matter
RELEASE_SECONDS = 0.2  # time that partials sound after the key is released
OFF_PARTIAL_WEIGHT = 0.02  # weight of bins between partials
DRUM_SECONDS, DRUM_MIN_WEIGHT = (
    0.15,
    0.5,
)  # time after a drum onset, and the least weight within it
_LOBE_BINS = 2  # half width of a partial's main lobe


class Partials:
    """The partials of a set of notes, as weights and phases of STFT bins."""

    def __init__(self, notes: Sequence[Note], spec: MelSpec) -> None:
        """Take the notes; times are in seconds from the first sample and may be negative."""
        self._spec = spec
        self._keys = [note for note in notes if not note.drum]
        self._drums = [note for note in notes if note.drum]

    def weights(self, at: torch.Tensor) -> torch.Tensor:
        """Return the weight of each bin within its band, 0 to 1, float32, (mel_frames, bins).

        at: samples on which frames are centred, int, (mel_frames,), rising.
        """
        spec = self._spec
        bins = torch.arange(spec.n_fft // 2 + 1, device=at.device)
        out = torch.zeros(len(at), len(bins), device=at.device)
        combs: dict[int, torch.Tensor] = {}
        for note, first, last in self._sounding_notes(at, self._keys):
            if note.pitch not in combs:
                far = bins[:, None] - self._partial_bins(note.pitch).to(at.device)
                near = far.abs().clamp_max(_LOBE_BINS)
                combs[note.pitch] = (near * math.pi / 4).cos().square().amax(1)
            out[first:last] = torch.maximum(out[first:last], combs[note.pitch])
        out = OFF_PARTIAL_WEIGHT + (1 - OFF_PARTIAL_WEIGHT) * out
        for _, first, last in self._sounding_notes(at, self._drums):
            out[first:last] = out[first:last].clamp_min(DRUM_MIN_WEIGHT)
        edge = MAX_HZ * spec.n_fft / spec.sample_rate
        above = ((bins - 0.7 * edge) / (0.3 * edge)).clamp(0, 1)
        return out * (1 - above) + above

    def with_partial_phases(
        self, magnitude: torch.Tensor, bins: torch.Tensor, at: torch.Tensor
    ) -> torch.Tensor:
        """Return bins of a magnitude: partials get continuous phases, the others those of `bins`.

        magnitude: float32, (mel_frames, bins). bins: complex64, the same shape. at: see `weights`.
        """
        spec = self._spec
        top = int(MAX_HZ * spec.n_fft / spec.sample_rate) + _LOBE_BINS + 2  # above all lobes
        top = min(top, magnitude.shape[1])
        lines = torch.zeros(len(magnitude) * top, dtype=torch.complex64, device=at.device)
        frame, place, phase = self._sounding_partials(at)
        if len(frame):
            middle = place.round().long()
            size = magnitude[frame, middle]
            for offset in range(-_LOBE_BINS, _LOBE_BINS + 1):
                bin_ = middle + offset
                far = bin_ - place
                # The lobe of a lowest key reaches below bin 0, where there are no bins.
                lobe = size * _hann_spectrum(far).float() * (bin_ >= 0)
                turned = torch.remainder(phase - math.pi * far, 2 * math.pi).float()
                lines.index_add_(
                    0,
                    frame * top + bin_.clamp_min(0),
                    torch.polar(lobe.abs(), turned),
                )
        steady = lines.view(len(magnitude), top)
        strength = steady.abs()
        phases = _unit_phasors(bins)
        phases[:, :top] = torch.where(
            strength > 0, steady / strength.clamp_min(1e-12), phases[:, :top]
        )
        return magnitude * phases

    def _sounding_partials(
        self, at: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the frame, frequency in bins and phase at the frame's start of every partial."""
        spec = self._spec
        frames, places, phases = [], [], []
        for note, first, last in self._sounding_notes(at, self._keys):
            place = self._partial_bins(note.pitch).to(at.device)
            if not len(place):
                continue
            begins = at[first:last].double() - spec.n_fft // 2 - note.start * spec.sample_rate
            turns = begins[:, None] * place / spec.n_fft + _initial_turns(
                note.pitch, len(place)
            ).to(place)
            frames.append(torch.arange(first, last, device=at.device).repeat_interleave(len(place)))
            places.append(place.repeat(last - first))
            phases.append(2 * math.pi * turns.flatten())
        if not frames:
            nothing = torch.zeros(0, device=at.device)
            return nothing.long(), nothing.double(), nothing.double()
        return torch.cat(frames), torch.cat(places), torch.cat(phases)

    def _partial_bins(self, pitch: int) -> torch.Tensor:
        """Return the frequencies of a key's partials, float64, in bins."""
        lowest = 440.0 * 2 ** ((pitch - 69) / 12)
        top = min(MAX_HZ, 0.45 * self._spec.sample_rate)
        count = int(top / lowest)
        numbers = torch.arange(1, count + 1, dtype=torch.float64)
        return numbers * (lowest * self._spec.n_fft / self._spec.sample_rate)

    def _sounding_notes(
        self, at: torch.Tensor, notes: Sequence[Note]
    ) -> Iterator[tuple[Note, int, int]]:
        """Yield each note that sounds in these frames, its first frame, and the one after its last.

        A long piece is vocoded span by span, and most of its notes lie outside a given span.
        """
        centres = at.tolist()
        for note in notes:
            end = note.start + DRUM_SECONDS if note.drum else note.end + RELEASE_SECONDS
            first = bisect_left(centres, note.start * self._spec.sample_rate - self._spec.hop)
            last = bisect_left(centres, end * self._spec.sample_rate)
            if first < last:
                yield note, first, last


def _initial_turns(pitch: int, count: int) -> torch.Tensor:
    """Return the initial phase of each partial of a key, turns, float64; equal for all onsets."""
    number = torch.arange(1, count + 1, dtype=torch.float64)
    return torch.frac(0.618034 * number * number + 0.381966 * pitch)


def _hann_spectrum(far: torch.Tensor) -> torch.Tensor:
    """Return the spectrum of a Hann window at an offset in bins; 1 at the centre."""
    far = far.abs().clamp_min(1e-6)
    single = (far - 1).abs() < 1e-4
    safe = torch.where(single, 0.5, far)
    lobe = torch.sin(math.pi * safe) / (math.pi * safe * (1 - safe * safe))
    return torch.where(single, 0.5, lobe)


def _unit_phasors(bins: torch.Tensor) -> torch.Tensor:
    return bins / bins.abs().clamp_min(1e-12)
