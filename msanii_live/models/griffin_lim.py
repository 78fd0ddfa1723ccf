"""Phase reconstruction: fast Griffin-Lim that can close a loop and keep samples that are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from msanii_live.models.mel import MelSpec, hann


@dataclass(frozen=True)
class Frames:
    """Place analysis frames on a signal, so that any hop and any end are one case.

    index: int64, (mel_frames, n_fft), the sample each window position reads; padding reads the
    last sample, `length`. window: float32, (n_fft,). length: samples.
    """

    index: torch.Tensor
    window: torch.Tensor
    length: int

    def analyse(self, wave: torch.Tensor) -> torch.Tensor:
        """Return the STFT. wave: (..., length) → complex (..., mel_frames, bins)."""
        padded = torch.nn.functional.pad(wave, (0, 1))
        bins: torch.Tensor = torch.fft.rfft(padded[..., self.index] * self.window)
        return bins

    def synthesise(self, bins: torch.Tensor) -> torch.Tensor:
        """Return the least-squares signal. bins: complex (..., mel_frames, bins) → (..., length).

        Source: Griffin & Lim 1984, eq. 6.
        """
        pieces = torch.fft.irfft(bins, n=len(self.window)) * self.window
        return self._add(pieces) / self._weight()

    def _add(self, pieces: torch.Tensor) -> torch.Tensor:
        flat = pieces.reshape(-1, self.index.numel())
        out = torch.zeros(len(flat), self.length + 1, dtype=flat.dtype, device=flat.device)
        out.index_add_(1, self.index.reshape(-1), flat)
        return out[:, :-1].reshape(*pieces.shape[:-2], self.length)

    def _weight(self) -> torch.Tensor:
        squared = (self.window**2).expand(self.index.shape[0], -1)
        return self._add(squared).clamp_min(1e-3)


def line_frames(spec: MelSpec, length: int, mel_frames: int, device: torch.device) -> Frames:
    """Place frames every hop on a line; samples beyond the ends are zero."""
    centres = torch.arange(mel_frames, device=device) * spec.hop
    index = centres[:, None] + torch.arange(spec.n_fft, device=device) - spec.n_fft // 2
    index = torch.where((index < 0) | (index >= length), length, index)
    return Frames(index, hann(spec.n_fft, device), length)


def loop_frames(spec: MelSpec, length: int, mel_frames: int, device: torch.device) -> Frames:
    """Place frames evenly around a loop whose end flows into its start.

    The hop is length / mel_frames rounded frame by frame, so that a loop may be any length.
    """
    centres = (torch.arange(mel_frames, device=device).double() * length / mel_frames).round()
    index = centres[:, None].long() + torch.arange(spec.n_fft, device=device) - spec.n_fft // 2
    return Frames(index % length, hann(spec.n_fft, device), length)


def griffin_lim(
    magnitude: torch.Tensor,
    frames: Frames,
    *,
    start: torch.Tensor,
    known: torch.Tensor | None = None,
    iterations: int = 32,
    momentum: float = 0.99,
    on_iteration: Callable[[int], None] = lambda _: None,
) -> torch.Tensor:
    """Find a signal whose STFT magnitudes are the given ones.

    magnitude: float32, (channels, mel_frames, bins). start: first guess of the signal, float32,
    (channels, length): noise, or something whose phase is worth keeping. known: bool, (length,),
    where `start` is right and is put back after each iteration; the last iteration leaves them, so
    that the caller can fade from the known samples into the result.
    Returns float32, (channels, length).
    Source: Perraudin et al. 2013, "A fast Griffin-Lim algorithm", algorithm 2.
    """
    wave = start
    previous = torch.zeros_like(frames.analyse(start[:1]))
    for iteration in range(iterations):
        bins = frames.analyse(wave)
        ahead = bins if iteration == 0 else bins + momentum * (bins - previous)
        previous = bins
        wave = frames.synthesise(magnitude * ahead / ahead.abs().clamp_min(1e-9))
        if known is not None and iteration < iterations - 1:
            wave = torch.where(known, start, wave)
        on_iteration(iteration + 1)
    return wave
