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
from functools import lru_cache

import torch
import torch.nn.functional as F

from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.phase import squared
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
        edge = MAX_HZ * spec.n_fft / spec.sample_rate
        bins = torch.arange(min(math.ceil(edge), spec.n_fft // 2 + 1), device=at.device)
        out = torch.zeros(len(at), len(bins), device=at.device)
        for note, first, last in self._sounding_notes(at, self._keys):
            comb = _comb(note.pitch, spec)[: len(bins)].to(at.device)
            out[first:last] = torch.maximum(out[first:last], comb)
        out = OFF_PARTIAL_WEIGHT + (1 - OFF_PARTIAL_WEIGHT) * out
        for _, first, last in self._sounding_notes(at, self._drums):
            out[first:last].clamp_min_(DRUM_MIN_WEIGHT)
        above = ((bins - 0.7 * edge) / (0.3 * edge)).clamp(0, 1)
        low = torch.lerp(out, torch.ones_like(out), above)
        return F.pad(low, (0, spec.n_fft // 2 + 1 - len(bins)), value=1.0)

    def with_partial_phases(
        self, magnitude: torch.Tensor, bins: torch.Tensor, at: torch.Tensor
    ) -> torch.Tensor:
        """Return bins of a magnitude: partials get continuous phases, the others those of `bins`.

        magnitude: float32, (mel_frames, bins). bins: complex64, the same shape. at: see `weights`.
        """
        out = bins * squared(bins).clamp_min_(1e-24).rsqrt_().mul_(magnitude)
        if self._keys:
            steady = self._steady_lines(magnitude, at)
            low = out[:, : steady.shape[1]]
            strength = squared(steady)
            phasors = steady * strength.clamp_min(1e-24).rsqrt_().mul_(
                magnitude[:, : steady.shape[1]]
            )
            low.copy_(torch.where(strength > 0, phasors, low))
        return out

    def _steady_lines(self, magnitude: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
        """Return the spectrum of the partials alone, complex64, (mel_frames, bins up to MAX_HZ)."""
        spec = self._spec
        spans: dict[int, list[tuple[Note, int, int]]] = {}
        for note, first, last in self._sounding_notes(at, self._keys):
            spans.setdefault(note.pitch, []).append((note, first, last))
        top = min(_lobe_bins(spec), magnitude.shape[1])
        lines = torch.zeros(2, len(magnitude), top, device=at.device)
        for pitch, notes in spans.items():
            lobes = _lobes(pitch, spec)[:, :top].to(at.device)
            place = _partial_bins(pitch, spec).to(at.device)
            if not len(place):
                continue
            frames = torch.cat([torch.arange(a, b, device=at.device) for _, a, b in notes])
            lengths = [b - a for _, a, b in notes]
            begins = torch.cat(
                [at[a:b].double() - (spec.n_fft // 2 + n.start * spec.sample_rate)
                 for n, a, b in notes]
            )  # fmt: skip
            turns = begins[:, None] * (place / spec.n_fft) + _initial_turns(pitch, len(place)).to(
                at.device
            )
            middle = place.round()
            phase = (2 * math.pi * (turns.frac() + (place - middle) / 2)).float()
            size = magnitude[frames[:, None], middle.long()]
            sines = torch.stack([size * phase.cos(), size * phase.sin()])
            for (_, a, b), made in zip(notes, torch.split(sines @ lobes, lengths, 1), strict=True):
                lines[:, a:b] += made
        return torch.complex(lines[0], lines[1])

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


def _lobe_bins(spec: MelSpec) -> int:
    """Return how many bins the lobes of partials reach."""
    return int(MAX_HZ * spec.n_fft / spec.sample_rate) + _LOBE_BINS + 2


def _partial_bins(pitch: int, spec: MelSpec) -> torch.Tensor:
    """Return the frequencies of a key's partials, float64, in bins."""
    lowest = 440.0 * 2 ** ((pitch - 69) / 12)
    count = int(min(MAX_HZ, 0.45 * spec.sample_rate) / lowest)
    numbers = torch.arange(1, count + 1, dtype=torch.float64)
    return numbers * (lowest * spec.n_fft / spec.sample_rate)


@lru_cache(maxsize=256)
def _comb(pitch: int, spec: MelSpec) -> torch.Tensor:
    """Return the weight of each bin by its distance from a key's partials, float32, (bins,)."""
    with torch.inference_mode(False):
        place = _partial_bins(pitch, spec)
        far = torch.arange(spec.n_fft // 2 + 1)[:, None] - place
        near = far.abs().clamp_max(_LOBE_BINS)
        return (near * math.pi / 4).cos().square().amax(1).float()


@lru_cache(maxsize=256)
def _lobes(pitch: int, spec: MelSpec) -> torch.Tensor:
    """Return the main lobe of each partial of a key, float32, (partials, `_lobe_bins`).

    The sign alternates from bin to bin, as the phase of a Hann window's spectrum does when it is
    seen from the start of the window.
    """
    with torch.inference_mode(False):
        place = _partial_bins(pitch, spec)
        lobes = torch.zeros(len(place), _lobe_bins(spec))
        for offset in range(-_LOBE_BINS, _LOBE_BINS + 1):
            bin_ = place.round().long() + offset
            lobe = _hann_spectrum(bin_ - place).abs().float() * (1 - 2 * (offset % 2))
            # The lobe of a lowest key reaches below bin 0, where there are no bins.
            here = (bin_ >= 0).nonzero().flatten()
            lobes[here, bin_[here]] = lobe[here]
        return lobes


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
