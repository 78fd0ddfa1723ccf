"""The layers of the band-wise vocoder, written as matrix products: features last, time before them.

They are the convolutions of MelGAN (Kumar et al. 2019, arXiv:1910.06711). A CPU's convolutions of
so few channels at audio rates run at a tenth of what its matrix products reach, and frozen filters
of a hundred taps are cheaper as spectra.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

SLOPE = 0.2  # of leaky rectifiers
DILATIONS = (1, 3, 9)


class Convolution(nn.Module):
    """Convolve over time, as long as before. kernel: odd."""

    def __init__(self, narrow: int, wide: int, kernel: int, dilation: int = 1) -> None:
        super().__init__()
        self.kernel, self.dilation = kernel, dilation
        self.mix = nn.Linear(narrow * kernel, wide)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (batch, length, wide). x: (batch, length, narrow)."""
        length = x.shape[1]
        side = self.kernel // 2 * self.dilation
        padded = F.pad(x, (0, 0, side, side))
        shifts = [padded[:, n * self.dilation :][:, :length] for n in range(self.kernel)]
        out: torch.Tensor = self.mix(torch.cat(shifts, dim=-1))
        return out


class Upsample(nn.Module):
    """Raise the rate by an even factor; each output hears the two nearest inputs."""

    def __init__(self, narrow: int, wide: int, factor: int) -> None:
        super().__init__()
        self.factor = factor
        self.mix = nn.Linear(narrow, 2 * factor * wide, bias=False)
        self.shift = nn.Parameter(torch.zeros(wide))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (batch, length * factor, wide). x: (batch, length, narrow)."""
        made = self.mix(x).unflatten(-1, (2, self.factor, -1))
        ahead, behind = made.unbind(2)
        added = F.pad(ahead, (0, 0, 0, 0, 0, 1)) + F.pad(behind, (0, 0, 0, 0, 1, 0))
        half = self.factor // 2
        out: torch.Tensor = added.flatten(1, 2)[:, half : half + x.shape[1] * self.factor]
        return out + self.shift.to(out.dtype)


class Downsample(nn.Module):
    """Lower the rate by an even factor; each output hears two factors of inputs around it."""

    def __init__(self, narrow: int, wide: int, factor: int) -> None:
        super().__init__()
        self.factor = factor
        self.mix = nn.Linear(2 * factor * narrow, wide)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (batch, length / factor, wide). x: (batch, length, narrow)."""
        half = self.factor // 2
        padded = F.pad(x, (0, 0, half, half))
        blocks = padded.reshape(len(x), -1, self.factor * x.shape[-1])
        out: torch.Tensor = self.mix(torch.cat([blocks[:, :-1], blocks[:, 1:]], dim=-1))
        return out


class ResidualStack(nn.Module):
    """Three dilated convolutions, each added to its input. Source: arXiv:1910.06711, figure 1."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.LeakyReLU(SLOPE),
                Convolution(width, width, 3, dilation),
                nn.LeakyReLU(SLOPE),
                nn.Linear(width, width),
            )
            for dilation in DILATIONS
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return what x is, and more, (batch, length, width)."""
        for layer in self.layers:
            x = x + layer(x)
        return x


def apply_filters(wave: torch.Tensor, bank: torch.Tensor) -> torch.Tensor:
    """Split a signal by filters. wave: (batch, frames). bank: (filters, taps), symmetric.

    Returns float32, (batch, frames, filters).
    """
    spectra = torch.fft.rfft(wave.float(), _size(wave.shape[1], bank))[:, None]
    spectra = spectra * _response(bank, wave.shape[1])
    return _cut(spectra, bank, wave.shape[1]).transpose(1, 2)


def filter_and_sum(excitations: torch.Tensor, bank: torch.Tensor) -> torch.Tensor:
    """Filter each excitation, (batch, frames, filters), and add them up, float32, (batch, frames).

    bank: (filters, taps), symmetric.
    """
    frames = excitations.shape[1]
    spectra = torch.fft.rfft(excitations.float().transpose(1, 2), _size(frames, bank))
    return _cut((spectra * _response(bank, frames)).sum(1), bank, frames)


def _size(frames: int, bank: torch.Tensor) -> int:
    """Return a length that a transform likes and in which nothing wraps round."""
    least = frames + bank.shape[1] - 1
    step = 1 << max(0, least.bit_length() - 4)
    return -(-least // step) * step


def _response(bank: torch.Tensor, frames: int) -> torch.Tensor:
    made: torch.Tensor = torch.fft.rfft(bank, _size(frames, bank))
    return made


def _cut(spectra: torch.Tensor, bank: torch.Tensor, frames: int) -> torch.Tensor:
    lead = bank.shape[1] // 2
    made: torch.Tensor = torch.fft.irfft(spectra, _size(frames, bank))[..., lead : lead + frames]
    return made
