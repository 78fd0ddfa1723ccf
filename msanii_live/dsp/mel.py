"""Log-mel features at 44.1 kHz, their fixed normalisation, and the way back to magnitudes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise

import torch
import torch.nn.functional as F
import torchaudio

BLOCKS = 8  # of bands, in which the filters are applied: 4 times as fast as all at once


@dataclass(frozen=True)
class MelSpec:
    """The parameters of a mel representation.

    Frequencies in Hz, `n_fft` and `hop` in frames (samples in time), `floor` is the smallest mel
    magnitude that is distinguished from silence.
    """

    sample_rate: int = 44_100
    n_fft: int = 2_048
    hop: int = 512
    mels: int = 128
    f_min: float = 20.0
    f_max: float = 20_000.0
    floor: float = 1e-5

    def mel_frames(self, frames: int) -> int:
        """Return how many mel frames cover `frames` samples; mel frame i is centred on i * hop."""
        return -(-frames // self.hop)


@lru_cache(maxsize=4)
def filter_bank(spec: MelSpec) -> torch.Tensor:
    """Return the mel filters (Slaney's triangles), float32, (bins, mels)."""
    with torch.inference_mode(False):  # the result is cached, and training needs it too
        bank: torch.Tensor = torchaudio.functional.melscale_fbanks(
            spec.n_fft // 2 + 1,
            spec.f_min,
            spec.f_max,
            spec.mels,
            spec.sample_rate,
            norm="slaney",
            mel_scale="slaney",
        )
    return bank


@lru_cache(maxsize=8)
def hann_window(length: int, device: torch.device) -> torch.Tensor:
    """Return a periodic Hann window, float32, (length,)."""
    with torch.inference_mode(False):
        return torch.hann_window(length, device=device)


def mid_side(wave: torch.Tensor) -> torch.Tensor:
    """Convert left and right to mid and side.

    wave: (..., 2, frames). Returns the same shape, ((l + r) / 2, (l - r) / 2).
    """
    left, right = wave.unbind(-2)
    return torch.stack([(left + right) / 2, (left - right) / 2], dim=-2)


def left_right(wave: torch.Tensor) -> torch.Tensor:
    """Undo `mid_side`. wave: (..., 2, frames)."""
    mid, side = wave.unbind(-2)
    return torch.stack([mid + side, mid - side], dim=-2)


def stft_magnitudes(wave: torch.Tensor, spec: MelSpec) -> torch.Tensor:
    """Return STFT magnitudes, zero-padded at both ends.

    wave: float32, (..., frames). Returns (..., bins, mel_frames) with mel frame i centred on
    sample i * hop and `spec.mel_frames(frames)` of them.
    """
    mel_frames = spec.mel_frames(wave.shape[-1])
    tail = (mel_frames - 1) * spec.hop + spec.n_fft // 2 - wave.shape[-1]
    padded = F.pad(wave, (spec.n_fft // 2, max(tail, 0)))
    flat = padded.reshape(-1, padded.shape[-1])
    window = hann_window(spec.n_fft, wave.device)
    bins = torch.stft(flat, spec.n_fft, spec.hop, window=window, center=False, return_complex=True)[
        ..., :mel_frames
    ]
    if bins.requires_grad:
        bins = bins.abs()
    else:  # 3 times as fast on a CPU; but its gradient at zero is none
        real, imaginary = torch.view_as_real(bins).unbind(-1)
        bins = torch.addcmul(real * real, imaginary, imaginary).sqrt_()
    return bins.reshape(*wave.shape[:-1], *bins.shape[-2:])


def log_mel(magnitude: torch.Tensor, spec: MelSpec) -> torch.Tensor:
    """Return ln of mel magnitudes. magnitude: (..., bins, mel_frames) → (..., mels, mel_frames)."""
    bank = filter_bank(spec).to(magnitude.device)
    return torch.einsum("bm,...bt->...mt", bank, magnitude).clamp_min(spec.floor).log()


def mel_to_magnitude(
    mel: torch.Tensor, spec: MelSpec, iterations: int = 12, start: torch.Tensor | None = None
) -> torch.Tensor:
    """Find non-negative STFT magnitudes whose mel bands are the given ones.

    Multiplicative updates for the Kullback-Leibler divergence, so the result stays positive and
    bands are matched relative to their own level.

    mel: ln mel magnitudes, (..., mels, mel_frames). start: first guess of the magnitudes, whose
    shape within each band is kept as far as the mel allows. Returns (..., bins, mel_frames).
    Source: Lee & Seung 2001, "Algorithms for non-negative matrix factorization", eq. 5 with the
    basis held fixed.
    """
    forth, back = _band_blocks(spec, mel.device)
    bins = spec.n_fft // 2 + 1
    target = mel.exp().transpose(-1, -2).reshape(-1, spec.mels)  # bins last, as the STFT has them
    if start is None:
        # Each bin takes the mean of the bands that cover it, in magnitude a unit of band area.
        area = filter_bank(spec).to(mel.device).sum(0).clamp_min(1e-8)
        estimate = torch.cat([(target / area)[:, bands] @ part for bands, _, part in back], dim=1)
    else:
        estimate = start.transpose(-1, -2).reshape(-1, bins).clamp_min(1e-9)
    ratio = torch.empty_like(target)
    for _ in range(iterations):
        for bands, span, part in forth:
            torch.mm(estimate[:, span], part, out=ratio[:, bands])
        torch.div(target, ratio.clamp_min_(1e-9), out=ratio)
        for bands, span, part in back:
            estimate[:, span].mul_(ratio[:, bands] @ part)
    return estimate.reshape(*mel.shape[:-2], -1, bins).transpose(-1, -2)


_Block = tuple[slice, slice, torch.Tensor]
"""Some bands, some bins, and the weights between them: the filters elsewhere are zero."""


@lru_cache(maxsize=8)
def _band_blocks(spec: MelSpec, device: torch.device) -> tuple[list[_Block], list[_Block]]:
    """Return the filters as blocks, from bins to bands and, each bin's sum being one, back.

    A filter covers few bins, so that eight blocks are an eighth of the work of the whole matrix.
    """
    with torch.inference_mode(False):
        bank = filter_bank(spec)
        back = (bank / bank.sum(1).clamp_min(1e-8)[:, None]).T.contiguous()
        count = min(BLOCKS, spec.mels) if device.type == "cpu" else 1  # a GPU likes one large call
        edges = [spec.mels * i // count for i in range(count + 1)]
        forth_blocks, back_blocks = [], []
        for first, last in pairwise(edges):
            bands = slice(first, last)
            span = _covered(bank[:, bands].sum(1))
            forth_blocks.append((bands, span, bank[span, bands].contiguous().to(device)))
        starts = accumulate((span.start for _, span, _ in forth_blocks[1:]), max, initial=0)
        for first, last in pairwise([*starts, len(bank)]):
            span = slice(first, last)
            bands = _covered(back[:, span].sum(1))
            back_blocks.append((bands, span, back[bands, span].contiguous().to(device)))
    return forth_blocks, back_blocks


def _covered(weights: torch.Tensor) -> slice:
    """Return from where to where weights are above zero, (n,); all if none is."""
    rows = (weights > 0).nonzero().flatten().tolist()
    return slice(rows[0], rows[-1] + 1) if rows else slice(0, len(weights))
