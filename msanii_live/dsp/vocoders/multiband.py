"""A vocoder that makes each octave at its own rate, after a published idea; and its critics.

Five bands, each generated from the same mel at the lowest rate that holds it. The last layer of a
generator is a bank of FIR filters that no training moves, driven by one excitation a filter; the
first layer of a critic is the same bank. Bands are split and joined by half-band filters, so that
joining what was split gives the signal back.

Source: J. Vinyard 2020, "A music vocoder using conditional generative adversarial networks"; the
layers between are MelGAN's (Kumar et al. 2019, arXiv:1910.06711, section 2). Ours runs at 44.1 kHz.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from msanii_live.dsp.mel import MelSpec, mel_to_magnitude
from msanii_live.dsp.phase import linear_grid
from msanii_live.dsp.vocoders.multiband_layers import (
    DILATIONS,
    SLOPE,
    Convolution,
    Downsample,
    ResidualStack,
    Upsample,
    apply_filters,
    filter_and_sum,
)
from msanii_live.dsp.weights import read, write

FORMAT = "msanii-live bands 1"
HALF_BAND = 63  # taps that split a band from what is under it
PIECE = 1_024  # mel frames made at once: what bounds the memory that a long clip takes
LEVELLINGS = 2  # steps that bring its magnitudes to the mel
LOUDER = 50.0  # times: what one filter of many lets through is small, and a critic would be deaf
LAST = 3  # taps of the convolution that makes excitations


@dataclass(frozen=True)
class MultibandConfig:
    """Size the networks. width: channels at the mel's rate, halved at each step up, to `least`.

    filters, taps: of each frozen bank.
    """

    bands: int = 5
    width: int = 128
    least: int = 16
    filters: int = 32
    taps: int = 127


def half_band(taps: int = HALF_BAND) -> torch.Tensor:
    """Return a low-pass at half of Nyquist, float32, (taps,), that sums to 1."""
    n = np.arange(taps) - taps // 2
    h = np.sinc(n / 2) * np.kaiser(taps, 8.0)
    return torch.from_numpy((h / h.sum()).astype(np.float32))


def _down(x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
    """Halve the rate. x: (batch, frames), of an even number of frames."""
    out = F.conv1d(x[:, None], h[None, None], stride=2, padding=len(h) // 2)
    return out[:, 0, : x.shape[-1] // 2]


def _up(x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
    """Double the rate. x: (batch, frames)."""
    stuffed = F.pad(x[..., None], (0, 1)).flatten(1)
    return F.conv1d(stuffed[:, None], 2 * h[None, None], padding=len(h) // 2)[:, 0]


def split_bands(wave: torch.Tensor, bands: int) -> list[torch.Tensor]:
    """Split a signal into octaves, the lowest first, each at its own rate.

    wave: float32, (batch, frames), frames a multiple of 2 ** (bands - 1).
    Returns (batch, frames / 2 ** n) for n from bands - 1 down to 0.
    """
    h = half_band().to(wave.device)
    found = []
    for _ in range(bands - 1):
        low = _down(wave, h)
        found.append(wave - _up(low, h))
        wave = low
    return [wave, *reversed(found)]


def join_bands(bands: Sequence[torch.Tensor]) -> torch.Tensor:
    """Undo `split`."""
    h = half_band().to(bands[0].device)
    wave = bands[0]
    for band in bands[1:]:
        wave = _up(wave, h) + band
    return wave


def bandpass_bank(filters: int, taps: int, lowest: bool) -> torch.Tensor:
    """Return band-pass filters side by side, float32, (filters, taps).

    They share out the upper half up to Nyquist or, for the lowest band, all of it.
    """
    edges = np.linspace(0.0 if lowest else 0.5, 1.0, filters + 1)  # of Nyquist
    n = np.arange(taps) - taps // 2
    low, high = edges[:-1, None], edges[1:, None]
    h = (high * np.sinc(high * n) - low * np.sinc(low * n)) * np.hanning(taps + 2)[1:-1]
    return torch.from_numpy(h.astype(np.float32))


def _steps_up(times: int) -> list[int]:
    """Return factors of at most 8 whose product is `times`, a power of two."""
    factors = []
    while times > 1:
        factors.append(min(8, times))
        times //= factors[-1]
    return factors


class BandGenerator(nn.Module):
    """Make one octave from a mel."""

    def __init__(self, config: MultibandConfig, mels: int, times: int, lowest: bool) -> None:
        super().__init__()
        width = config.width
        layers: list[nn.Module] = [Convolution(mels, width, 7)]
        for factor in _steps_up(times):
            narrow = max(config.least, width // 2)
            layers += [nn.LeakyReLU(SLOPE), Upsample(width, narrow, factor), ResidualStack(narrow)]
            width = narrow
        self.layers = nn.Sequential(*layers, nn.LeakyReLU(SLOPE))
        self.excite = Convolution(width, config.filters, LAST)
        self.bank: torch.Tensor
        self.register_buffer(
            "bank", bandpass_bank(config.filters, config.taps, lowest), persistent=False
        )

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """Make the band. mel: (batch, mels, mel_frames) → (batch, mel_frames * times)."""
        h = self.layers(mel.transpose(1, 2))
        return filter_and_sum(self.excite(h), self.bank)


class MultibandVocoder(nn.Module):
    """Make a signal, octave by octave, from a mel."""

    def __init__(self, config: MultibandConfig, spec: MelSpec) -> None:
        super().__init__()
        self.config, self.spec = config, spec
        self.mean: torch.Tensor
        self.deviation: torch.Tensor
        self.register_buffer("mean", torch.full((spec.mels,), -4.0))
        self.register_buffer("deviation", torch.full((spec.mels,), 2.5))
        rates = [spec.hop >> n for n in reversed(range(config.bands))]
        self.generators = nn.ModuleList(
            BandGenerator(config, spec.mels, times, n == 0) for n, times in enumerate(rates)
        )

    @property
    def reach(self) -> int:
        """Mel frames to either side that a frame's bins, and its samples, depend on at most."""
        dilated = sum(DILATIONS)
        widest = 0.0
        for n in reversed(range(self.config.bands)):
            frames, rate = 3.0, 1  # the first convolution's, and its rate in mel frames
            for factor in _steps_up(self.spec.hop >> n):
                frames += 1.0 / rate
                rate *= factor
                frames += dilated / rate
            frames += (LAST // 2 + self.config.taps // 2) / rate
            widest = max(widest, frames)
        joined = HALF_BAND * 2 ** (self.config.bands - 1) / self.spec.hop
        seen = self.spec.n_fft // 2 // self.spec.hop  # by the window that bins are taken with
        return int(widest + joined) + 2 + seen

    def forward(self, mel: torch.Tensor) -> list[torch.Tensor]:
        """Make every band, the lowest first. mel: ln magnitudes, (batch, mels, mel_frames)."""
        scaled = (mel - self.mean[:, None]) / self.deviation[:, None]
        return [generator(scaled) for generator in self.generators]

    def wave(self, mel: torch.Tensor) -> torch.Tensor:
        """Make the signal, (batch, mel_frames * hop), with mel frame i centred on i * hop.

        A long one is made in pieces that come out as the whole would.
        """
        hop, pieces = self.spec.hop, []
        for first in range(0, mel.shape[-1], PIECE):
            early = min(first, self.reach)
            made = join_bands(self(mel[..., first - early : first + PIECE + self.reach]))
            pieces.append(made[:, early * hop : (early + PIECE) * hop])
        return torch.cat(pieces, dim=1)

    def bins(self, mel: torch.Tensor) -> torch.Tensor:
        """Return STFT bins of the signal, complex64, (batch, mel_frames, bins).

        They are at the levels that the mel has: left to itself the network hums in silence. All of
        it is float32: samples made in bfloat16 have noise 37 dB under them.
        """
        wave = self.wave(mel)
        grid = linear_grid(self.spec, wave.shape[-1], mel.shape[-1], mel.device)
        bins = grid.analyse(wave)
        size = bins.abs().clamp_min(1e-9)
        levelled = mel_to_magnitude(mel, self.spec, LEVELLINGS, size.transpose(1, 2))
        return bins * (levelled.transpose(1, 2) / size)


class BandDiscriminator(nn.Module):
    """Judge one octave beside the mel that it should follow, place by place."""

    def __init__(self, config: MultibandConfig, mels: int, times: int, lowest: bool) -> None:
        super().__init__()
        self.bank: torch.Tensor
        self.register_buffer(
            "bank", bandpass_bank(config.filters, config.taps, lowest), persistent=False
        )
        width, layers = config.filters, []
        for factor in reversed(_steps_up(times)):
            wide = min(config.width, 2 * width)
            layers.append(nn.Sequential(Downsample(width, wide, factor), nn.LeakyReLU(SLOPE)))
            width = wide
        self.layers = nn.ModuleList(layers)
        self.meet = nn.Sequential(Convolution(width + mels, config.width, 5), nn.LeakyReLU(SLOPE))
        self.judge = Convolution(config.width, 1, 3)

    def forward(
        self, band: torch.Tensor, mel: torch.Tensor
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Return judgements, (batch, mel_frames), and what each layer saw.

        band: (batch, frames). mel: scaled, (batch, mels, mel_frames).
        """
        h = apply_filters(band, self.bank) * LOUDER
        seen = []
        for layer in self.layers:
            h = layer(h)
            seen.append(h)
        h = self.meet(torch.cat([h, mel.transpose(1, 2).to(h.dtype)], dim=-1))
        seen.append(h)
        return self.judge(h)[..., 0], seen


class Discriminators(nn.Module):
    """Hold a critic for each band."""

    def __init__(self, config: MultibandConfig, spec: MelSpec) -> None:
        super().__init__()
        rates = [spec.hop >> n for n in reversed(range(config.bands))]
        self.critics = nn.ModuleList(
            BandDiscriminator(config, spec.mels, times, n == 0) for n, times in enumerate(rates)
        )

    def forward(
        self, bands: Sequence[torch.Tensor], mel: torch.Tensor
    ) -> list[tuple[torch.Tensor, list[torch.Tensor]]]:
        """Judge every band; see `BandDiscriminator`."""
        return [c(band, mel) for c, band in zip(self.critics, bands, strict=True)]


def save(path: Path, net: MultibandVocoder) -> None:
    """Write the vocoder; matrices as float16, all else as float32."""
    write(path, FORMAT, net.state_dict(), net.config, net.spec)


def load(path: Path, device: torch.device) -> MultibandVocoder:
    """Read a vocoder onto a device, in float32 and evaluation mode.

    Raises: FileNotFoundError; ValueError: the file is damaged or none of ours.
    """
    tensors, config, spec = read(path, FORMAT, "no band-wise vocoder")
    net = MultibandVocoder(MultibandConfig(**config), spec)
    net.load_state_dict(tensors)
    return net.requires_grad_(False).eval().to(device)
