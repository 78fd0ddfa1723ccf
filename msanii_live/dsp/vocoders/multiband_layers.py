"""The layers of the multi-band vocoder as matrix products; shapes are (batch, time, features).

They are the convolutions of MelGAN (Kumar et al. 2019, arXiv:1910.06711). On a CPU, convolutions of
few channels at audio rates reach a tenth of the speed of matrix products. Fixed filters of a
hundred taps are faster as FFTs.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

SLOPE = 0.2  # of leaky rectifiers
DILATIONS = (1, 3, 9)


class Convolution(nn.Module):
    """A convolution over time that keeps the length; `kernel` is odd.

    kernel: odd.
    """

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
    """A transposed convolution by an even factor; each output depends on the two nearest inputs."""

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
    """A strided convolution by an even factor; each output covers two factors of inputs."""

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
        """Apply the layers. x: (batch, length, width) → the same shape."""
        for layer in self.layers:
            x = x + layer(x)
        return x


def apply_filters(wave: torch.Tensor, bank: torch.Tensor) -> torch.Tensor:
    """Filter a signal by each filter. wave: (batch, frames). bank: (filters, taps), symmetric.

    Returns float32, (batch, frames, filters).
    """
    spectra = torch.fft.rfft(wave.float(), _fft_length(wave.shape[1], bank))[:, None]
    spectra = spectra * _frequency_response(bank, wave.shape[1])
    return _inverse_fft(spectra, bank, wave.shape[1]).transpose(1, 2)


def filter_and_sum(excitations: torch.Tensor, bank: torch.Tensor) -> torch.Tensor:
    """Filter each excitation and add up the results.

    excitations: (batch, frames, filters). bank: (filters, taps), symmetric.
    Returns float32, (batch, frames).
    """
    frames = excitations.shape[1]
    spectra = torch.fft.rfft(excitations.float().transpose(1, 2), _fft_length(frames, bank))
    return _inverse_fft((spectra * _frequency_response(bank, frames)).sum(1), bank, frames)


def _fft_length(frames: int, bank: torch.Tensor) -> int:
    """Return a fast FFT length that is long enough for a linear convolution."""
    least = frames + bank.shape[1] - 1
    step = 1 << max(0, least.bit_length() - 4)
    return -(-least // step) * step


def _frequency_response(bank: torch.Tensor, frames: int) -> torch.Tensor:
    made: torch.Tensor = torch.fft.rfft(bank, _fft_length(frames, bank))
    return made


def _inverse_fft(spectra: torch.Tensor, bank: torch.Tensor, frames: int) -> torch.Tensor:
    lead = bank.shape[1] // 2
    made: torch.Tensor = torch.fft.irfft(spectra, _fft_length(frames, bank))[
        ..., lead : lead + frames
    ]
    return made
