"""Phase search of Msanii (2023): fast Griffin-Lim, in chunks, real FFTs, all channels at once.

An STFT is linear, so the momentum step `STFT(w) - m STFT(v)` is `STFT(w - m v)`: one transform an
iteration, and only two waves are kept. With a hop of half a window each block of a wave belongs to
two frames only, so an iteration works through time in chunks that fit the cache. The chunks are
exact: each frame is computed once, from its neighbours of the same iteration.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

MOMENTUM = 0.99  # not in the paper; the release's
CHUNK = 64  # mel frames

Phases = Literal["circle", "quadrant"]


def griffin_lim(
    magnitude: Tensor,
    iterations: int = 200,
    *,
    momentum: float = MOMENTUM,
    phases: Phases = "circle",
    start: Tensor | None = None,
    generator: torch.Generator | None = None,
    chunk: int = CHUNK,
    on_iteration: Callable[[], None] = lambda: None,
) -> Tensor:
    """Return audio whose STFT has the given magnitudes, as nearly as the search finds.

    magnitude: linear, float32, 0 or more, (batch, channels, bins, mel_frames), from a periodic
        Hann window of n_fft = 2 (bins - 1) frames with a hop of half of it; 3 mel frames or more.
    iterations: rounds of phase recovery, 0 or more; the paper uses 200.
    momentum: 0 up to 1; 0 is the plain algorithm.
    phases: the first phases are drawn from the full circle; or as in the 2023 code, which drew
        real and imaginary parts from 0 to 1: from one quadrant, with lengths from 0 to √2.
    start: a wave whose phases are the first ones instead, float32, (batch, channels, frames) as
        the result.
    generator: draws the phases, on its own device; None for torch's global one of the magnitude's.
    chunk: mel frames in a chunk, at least 1; it changes only rounding.
    on_iteration: called after each; an exception from it ends the work.

    Returns float32, (batch, channels, hop * (mel_frames - 1)), at the magnitude's scale.

    Raises: ValueError: iterations or momentum is out of range, or magnitude or start has another
        shape.

    Source: Perraudin et al. 2013, "A fast Griffin-Lim algorithm"; Maina 2023, arXiv:2301.06468,
    section 5.1 and table 1. The momentum enters as m / (1 + m), subtracted, as in the release.
    """
    if iterations < 0 or not 0.0 <= momentum < 1.0 or chunk < 1:
        raise ValueError(
            f"need iterations >= 0, 0 <= momentum < 1 and chunk >= 1, "
            f"got {iterations}, {momentum} and {chunk}"
        )
    *outer, bins, mel_frames = magnitude.shape
    if mel_frames < 3 or bins < 3:
        raise ValueError(f"magnitude must have 3 mel frames or more, got {tuple(magnitude.shape)}")
    flat = magnitude.reshape(-1, bins, mel_frames)
    search = _Search(flat, chunk)
    if start is None:
        wave = search.synthesise(_random_phases(flat, phases, generator))
    else:
        wave = start.reshape(len(flat), -1)
        if wave.shape != (len(flat), search.frames):
            raise ValueError(f"start must have {search.frames} frames, got {tuple(start.shape)}")
        wave = search.project(wave)
    share = momentum / (1.0 + momentum)
    before = None
    for _ in range(iterations):
        ahead = wave if before is None else torch.add(wave, before, alpha=-share)
        before, wave = wave, search.project(ahead)
        on_iteration()
    return wave.reshape(*outer, search.frames)


def _random_phases(flat: Tensor, phases: Phases, generator: torch.Generator | None) -> Tensor:
    """Return the first phases as complex factors, of the shape of the magnitudes."""
    device = flat.device if generator is None else generator.device
    if phases == "quadrant":
        drawn = torch.rand(flat.shape, dtype=torch.complex64, generator=generator, device=device)
        return drawn.to(flat.device)
    angle = torch.rand(flat.shape, generator=generator, device=device).to(flat.device)
    angle = angle.mul_(2.0 * math.pi)
    return torch.polar(torch.ones_like(angle), angle)


class _Search:
    """The constants of a search, and its projection. flat: magnitudes, (rows, bins, mel_frames)."""

    def __init__(self, flat: Tensor, chunk: int) -> None:
        rows, bins, self.mel_frames = flat.shape
        self.hop, self.chunk = bins - 1, chunk
        self.frames = self.hop * (self.mel_frames - 1)
        # Each mel frame's bins side by side, as the transforms read and write them.
        self.magnitude = flat.transpose(1, 2).contiguous()
        self.window = torch.hann_window(2 * self.hop, dtype=flat.dtype, device=flat.device)
        squared = self.window.square()
        self.envelope = squared[: self.hop] + squared[self.hop :]  # the same in every block
        self._blank = flat.new_zeros(rows, 1, self.hop)

    def synthesise(self, factors: Tensor) -> Tensor:
        """Return the wave of the magnitudes times complex factors, (rows, bins, mel_frames)."""
        turned = factors.transpose(1, 2)
        return self._add(lambda a, b: self.magnitude[:, a:b] * turned[:, a:b])

    def project(self, wave: Tensor) -> Tensor:
        """Return the wave of the magnitudes with the phases of another, (rows, frames)."""
        blocks = self._blocks(wave)

        def bins(a: int, b: int) -> Tensor:
            halves = blocks[:, a : b + 1]
            pieces = torch.cat([halves[:, :-1], halves[:, 1:]], dim=-1)
            spectrum: Tensor = torch.fft.rfft(pieces.mul_(self.window))
            parts = torch.view_as_real(spectrum)
            length = parts.square().sum(-1).clamp_min_(1e-32).rsqrt_()
            spectrum *= length.mul_(self.magnitude[:, a:b])
            return spectrum

        return self._add(bins)

    def _blocks(self, wave: Tensor) -> Tensor:
        """Return the wave mirrored by a hop at either end, (rows, mel_frames + 1, hop)."""
        ahead = wave[:, 1 : self.hop + 1].flip(-1)
        after = wave[:, -self.hop - 1 : -1].flip(-1)
        mirrored = torch.cat([ahead, wave, after], dim=-1)
        return mirrored.reshape(len(wave), -1, self.hop)

    def _add(self, bins: Callable[[int, int], Tensor]) -> Tensor:
        """Overlap and add the frames of a spectrum; bins: returns a chunk of it."""
        out = self.window.new_empty(len(self._blank), self.mel_frames, self.hop)
        carried = self._blank
        for first in range(0, self.mel_frames, self.chunk):
            last = min(first + self.chunk, self.mel_frames)
            pieces = torch.fft.irfft(bins(first, last), n=2 * self.hop).mul_(self.window)
            early, late = pieces.split(self.hop, dim=-1)
            # Block b is the first half of frame b and the second half of the one before it.
            torch.add(early[:, :1], carried, out=out[:, first : first + 1])
            torch.add(early[:, 1:], late[:, :-1], out=out[:, first + 1 : last])
            carried = late[:, -1:].clone()
        # The first block lies before the wave; the last frame's second half after it.
        return out[:, 1:].div_(self.envelope).flatten(1)
