"""Features of Msanii (2023): mel spectrograms scaled to -1 to 1, and their inverse.

Log mels are standardised by one running mean and variance. They are then scaled to -1 to 1 by one
running minimum and maximum. All four are updated in training and fixed afterwards.

Source: Maina 2023, arXiv:2301.06468, section 4.2.1 and appendix A.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torchaudio
from torch import Tensor, nn

FLOOR = 1e-5  # added to mel magnitudes before the logarithm


@dataclass(frozen=True)
class Features2023Config:
    """The settings of the features; the defaults are the paper's, with the release's Griffin-Lim.

    sample_rate: Hz. n_fft: frames; the hop is half of it. mels: from 0 Hz to half the rate.
    low, high: range of a scaled mel. momentum: weight of a batch in the running statistics.
    momentum_decay: factor of it at each batch. eps: added to the variance. clip: clamp scaled mels
    to their range. iterations, griffin_lim_momentum: of the phase search.

    Raises: ValueError: n_fft is odd, or high is not above low.

    Source: Maina 2023, arXiv:2301.06468, table 1.
    """

    sample_rate: int = 44_100
    n_fft: int = 2_048
    mels: int = 128
    low: float = -1.0
    high: float = 1.0
    momentum: float = 1e-3
    momentum_decay: float = 0.99
    eps: float = 1e-5
    clip: bool = True
    iterations: int = 100
    griffin_lim_momentum: float = 0.99

    def __post_init__(self) -> None:
        if self.n_fft < 4 or self.n_fft % 2:
            raise ValueError(f"n_fft must be even, 4 or more, got {self.n_fft}")
        if self.high <= self.low:
            raise ValueError(f"high must be above low, got {self.low} and {self.high}")

    @property
    def hop(self) -> int:
        """Frames from one mel frame to the next."""
        return self.n_fft // 2


class _RunningStatistics(nn.Module):
    """Two running statistics of the training data, whose momentum decays."""

    momentum: Tensor
    first: Tensor
    second: Tensor
    fitted: Tensor

    def __init__(self, config: Features2023Config, first: float, second: float) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("momentum", torch.tensor(config.momentum))
        self.register_buffer("first", torch.tensor(first))
        self.register_buffer("second", torch.tensor(second))
        self.register_buffer("fitted", torch.tensor(False))

    @torch.no_grad()
    def update(self, first: Tensor, second: Tensor) -> None:
        """Update by the statistics of a batch; the first batch replaces the initial values.

        Source: Maina 2023, arXiv:2301.06468, algorithm 1, lines 1 to 10.
        """
        if not self.fitted:
            self.first.copy_(first)
            self.second.copy_(second)
            self.fitted.fill_(True)
        self.momentum.mul_(self.config.momentum_decay)
        self.first.lerp_(first, self.momentum)
        self.second.lerp_(second, self.momentum)


class StandardScaler(_RunningStatistics):
    """A scaler to mean 0 and variance 1, over all values at once.

    The buffer `first` is the mean, `second` the variance.

    Source: Maina 2023, arXiv:2301.06468, algorithm 1.
    """

    def __init__(self, config: Features2023Config) -> None:
        super().__init__(config, 0.0, 1.0)

    def forward(self, x: Tensor) -> Tensor:
        """Scale; in training by the batch's own statistics, which update the running ones."""
        mean, variance = self.first, self.second
        if self.training:
            mean, variance = x.mean(), x.var(unbiased=False)
            self.update(mean, variance)
        return (x - mean) / (variance + self.config.eps).sqrt()

    def inverse(self, x: Tensor) -> Tensor:
        """Undo `forward` by the running statistics."""
        return x * (self.second + self.config.eps).sqrt() + self.first


class MinMaxScaler(_RunningStatistics):
    """A scaler to the range of the config.

    The buffer `first` is the minimum, `second` the maximum.

    Source: Maina 2023, arXiv:2301.06468, appendix A.2.
    """

    def __init__(self, config: Features2023Config) -> None:
        super().__init__(config, 0.0, 1.0)

    def forward(self, x: Tensor) -> Tensor:
        """Scale; in training by the batch's own extremes, which update the running ones."""
        minimum, maximum = self.first, self.second
        if self.training:
            minimum, maximum = x.min(), x.max()
            self.update(minimum, maximum)
        low, high = self.config.low, self.config.high
        scaled = (x - minimum) / (maximum - minimum) * (high - low) + low
        return scaled.clamp(low, high) if self.config.clip else scaled

    def inverse(self, x: Tensor) -> Tensor:
        """Undo `forward` by the running extremes; clipped values stay clipped."""
        low, high = self.config.low, self.config.high
        x = x.clamp(low, high) if self.config.clip else x
        return (x - low) / (high - low) * (self.second - self.first) + self.first


class Features2023(nn.Module):
    """The transform from waves to scaled mels and from these to magnitudes.

    It is in eval mode after loading.

    >>> features = Features2023(Features2023Config()).eval()
    >>> features.mel(torch.zeros(1, 2, 31 * 1024)).shape
    torch.Size([1, 2, 128, 32])
    """

    window: Tensor
    bank: Tensor
    inverse_bank: Tensor

    def __init__(self, config: Features2023Config) -> None:
        super().__init__()
        self.config = config
        bank = torchaudio.functional.melscale_fbanks(
            config.n_fft // 2 + 1, 0.0, config.sample_rate // 2, config.mels, config.sample_rate
        )
        self.register_buffer("window", torch.hann_window(config.n_fft))
        self.register_buffer("bank", bank)  # (bins, mels)
        self.register_buffer("inverse_bank", torch.linalg.pinv(bank))  # (mels, bins)
        self.standard = StandardScaler(config)
        self.min_max = MinMaxScaler(config)

    def magnitude(self, wave: Tensor) -> Tensor:
        """Return STFT magnitudes, mirrored at both ends.

        wave: float, (..., frames), more than half of n_fft. Returns (..., bins, mel_frames) with
        mel frame i centred on frame i * hop and 1 + frames // hop of them.
        """
        flat = wave.reshape(-1, wave.shape[-1])
        bins = torch.stft(
            flat, self.config.n_fft, self.config.hop, window=self.window, return_complex=True
        ).abs()
        return bins.reshape(*wave.shape[:-1], *bins.shape[-2:])

    def mel(self, wave: Tensor) -> Tensor:
        """Return scaled mels, -1 to 1, (..., mels, mel_frames); wave: float, (..., frames)."""
        return self.scale(self.magnitude(wave))

    def scale(self, magnitude: Tensor) -> Tensor:
        """Return scaled mels of magnitudes, (..., bins, mel_frames) → (..., mels, mel_frames)."""
        mel = (magnitude.transpose(-1, -2) @ self.bank).transpose(-1, -2)
        scaled: Tensor = self.min_max(self.standard((mel + FLOOR).log()))
        return scaled

    def inverse_mel(self, mel: Tensor) -> Tensor:
        """Return the magnitudes that the pseudo-inverse of the filter bank makes of a mel.

        mel: scaled, (..., mels, mel_frames). Returns (..., bins, mel_frames), 0 or more.
        """
        magnitude = self.standard.inverse(self.min_max.inverse(mel)).exp()
        return (self.inverse_bank.T @ magnitude).clamp_min(0.0)
