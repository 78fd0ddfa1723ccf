"""A vocoder that generates each octave at its own sample rate, and its discriminators.

Five bands are generated from the same mel, each at the lowest rate that represents it. The last
layer of a generator is a fixed bank of FIR filters with one excitation a filter. The first layer of
a discriminator is the same bank. Half-band filters split and join the bands with perfect
reconstruction.

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
HALF_BAND_TAPS = 63
CHUNK_MEL_FRAMES = 1_024  # generated at once, which bounds the memory for a long clip
MEL_FIT_ITERATIONS = 2  # updates that fit the magnitudes to the mel
FILTER_GAIN = 50.0  # one filter of many passes little energy; discriminators need more
EXCITATION_TAPS = 3  # of the convolution that makes excitations


@dataclass(frozen=True)
class MultibandConfig:
    """The sizes of the networks.

    width: channels at the mel's rate, halved at each step up, to `least`.

    filters, taps: of each frozen bank.
    """

    bands: int = 5
    width: int = 128
    least: int = 16
    filters: int = 32
    taps: int = 127


def half_band(taps: int = HALF_BAND_TAPS) -> torch.Tensor:
    """Return a low-pass at half of Nyquist, float32, (taps,), that sums to 1."""
    n = np.arange(taps) - taps // 2
    h = np.sinc(n / 2) * np.kaiser(taps, 8.0)
    return torch.from_numpy((h / h.sum()).astype(np.float32))


def _downsample(x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
    """Halve the rate. x: (batch, frames), of an even number of frames."""
    out = F.conv1d(x[:, None], h[None, None], stride=2, padding=len(h) // 2)
    return out[:, 0, : x.shape[-1] // 2]


def _upsample(x: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
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
        low = _downsample(wave, h)
        found.append(wave - _upsample(low, h))
        wave = low
    return [wave, *reversed(found)]


def join_bands(bands: Sequence[torch.Tensor]) -> torch.Tensor:
    """Undo `split_bands`."""
    h = half_band().to(bands[0].device)
    wave = bands[0]
    for band in bands[1:]:
        wave = _upsample(wave, h) + band
    return wave


def bandpass_bank(filters: int, taps: int, lowest: bool) -> torch.Tensor:
    """Return adjacent band-pass filters, float32, (filters, taps).

    They cover the upper half of the spectrum; for the lowest band they cover all of it.
    """
    edges = np.linspace(0.0 if lowest else 0.5, 1.0, filters + 1)  # of Nyquist
    n = np.arange(taps) - taps // 2
    low, high = edges[:-1, None], edges[1:, None]
    h = (high * np.sinc(high * n) - low * np.sinc(low * n)) * np.hanning(taps + 2)[1:-1]
    return torch.from_numpy(h.astype(np.float32))


def _upsampling_factors(times: int) -> list[int]:
    """Return factors of at most 8 whose product is `times`, a power of two."""
    factors = []
    while times > 1:
        factors.append(min(8, times))
        times //= factors[-1]
    return factors


class BandGenerator(nn.Module):
    """A generator of one octave from a mel."""

    def __init__(self, config: MultibandConfig, mels: int, times: int, lowest: bool) -> None:
        super().__init__()
        width = config.width
        layers: list[nn.Module] = [Convolution(mels, width, 7)]
        for factor in _upsampling_factors(times):
            narrow = max(config.least, width // 2)
            layers += [nn.LeakyReLU(SLOPE), Upsample(width, narrow, factor), ResidualStack(narrow)]
            width = narrow
        self.layers = nn.Sequential(*layers, nn.LeakyReLU(SLOPE))
        self.excite = Convolution(width, config.filters, EXCITATION_TAPS)
        self.bank: torch.Tensor
        self.register_buffer(
            "bank", bandpass_bank(config.filters, config.taps, lowest), persistent=False
        )

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """Make the band. mel: (batch, mels, mel_frames) → (batch, mel_frames * times)."""
        h = self.layers(mel.transpose(1, 2))
        return filter_and_sum(self.excite(h), self.bank)


class MultibandVocoder(nn.Module):
    """A generator of a signal from a mel, one octave at a time."""

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
        """Receptive field: mel frames to either side on which bins and samples depend at most."""
        dilated = sum(DILATIONS)
        widest = 0.0
        for n in reversed(range(self.config.bands)):
            frames, rate = 3.0, 1  # the first convolution's, and its rate in mel frames
            for factor in _upsampling_factors(self.spec.hop >> n):
                frames += 1.0 / rate
                rate *= factor
                frames += dilated / rate
            frames += (EXCITATION_TAPS // 2 + self.config.taps // 2) / rate
            widest = max(widest, frames)
        joined = HALF_BAND_TAPS * 2 ** (self.config.bands - 1) / self.spec.hop
        window = self.spec.n_fft // 2 // self.spec.hop  # of the STFT that gives the bins
        return int(widest + joined) + 2 + window

    def forward(self, mel: torch.Tensor) -> list[torch.Tensor]:
        """Make every band, the lowest first. mel: ln magnitudes, (batch, mels, mel_frames)."""
        scaled = (mel - self.mean[:, None]) / self.deviation[:, None]
        return [generator(scaled) for generator in self.generators]

    def wave(self, mel: torch.Tensor) -> torch.Tensor:
        """Return the signal, (batch, mel_frames * hop), with mel frame i centred on i * hop.

        Long mels are processed in chunks with context; the result equals that of one pass.
        """
        hop, pieces = self.spec.hop, []
        for first in range(0, mel.shape[-1], CHUNK_MEL_FRAMES):
            early = min(first, self.reach)
            made = join_bands(self(mel[..., first - early : first + CHUNK_MEL_FRAMES + self.reach]))
            pieces.append(made[:, early * hop : (early + CHUNK_MEL_FRAMES) * hop])
        return torch.cat(pieces, dim=1)

    def bins(self, mel: torch.Tensor) -> torch.Tensor:
        """Return STFT bins of the signal, complex64, (batch, mel_frames, bins).

        Their magnitudes are fitted to the mel, because the network alone hums in silence. All of it
        is float32: bfloat16 adds noise 37 dB below the signal.
        """
        wave = self.wave(mel)
        grid = linear_grid(self.spec, wave.shape[-1], mel.shape[-1], mel.device)
        bins = grid.analyse(wave)
        size = bins.abs().clamp_min(1e-9)
        levelled = mel_to_magnitude(mel, self.spec, MEL_FIT_ITERATIONS, size.transpose(1, 2))
        return bins * (levelled.transpose(1, 2) / size)


class BandDiscriminator(nn.Module):
    """A discriminator of one octave, conditioned on the mel, with one score a mel frame."""

    def __init__(self, config: MultibandConfig, mels: int, times: int, lowest: bool) -> None:
        super().__init__()
        self.bank: torch.Tensor
        self.register_buffer(
            "bank", bandpass_bank(config.filters, config.taps, lowest), persistent=False
        )
        width, layers = config.filters, []
        for factor in reversed(_upsampling_factors(times)):
            wide = min(config.width, 2 * width)
            layers.append(nn.Sequential(Downsample(width, wide, factor), nn.LeakyReLU(SLOPE)))
            width = wide
        self.layers = nn.ModuleList(layers)
        self.meet = nn.Sequential(Convolution(width + mels, config.width, 5), nn.LeakyReLU(SLOPE))
        self.judge = Convolution(config.width, 1, 3)

    def forward(
        self, band: torch.Tensor, mel: torch.Tensor
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Return scores, (batch, mel_frames), and the activations of each layer.

        band: (batch, frames). mel: scaled, (batch, mels, mel_frames).
        """
        h = apply_filters(band, self.bank) * FILTER_GAIN
        activations = []
        for layer in self.layers:
            h = layer(h)
            activations.append(h)
        h = self.meet(torch.cat([h, mel.transpose(1, 2).to(h.dtype)], dim=-1))
        activations.append(h)
        return self.judge(h)[..., 0], activations


class Discriminators(nn.Module):
    """One discriminator for each band."""

    def __init__(self, config: MultibandConfig, spec: MelSpec) -> None:
        super().__init__()
        rates = [spec.hop >> n for n in reversed(range(config.bands))]
        self.critics = nn.ModuleList(
            BandDiscriminator(config, spec.mels, times, n == 0) for n, times in enumerate(rates)
        )

    def forward(
        self, bands: Sequence[torch.Tensor], mel: torch.Tensor
    ) -> list[tuple[torch.Tensor, list[torch.Tensor]]]:
        """Return scores and activations of every band; see `BandDiscriminator`."""
        return [c(band, mel) for c, band in zip(self.critics, bands, strict=True)]


def save(path: Path, net: MultibandVocoder) -> None:
    """Write the vocoder; matrices as float16, all else as float32."""
    write(path, FORMAT, net.state_dict(), net.config, net.spec)


def load(path: Path, device: torch.device) -> MultibandVocoder:
    """Read a vocoder onto a device, in float32 and evaluation mode.

    Raises: FileNotFoundError; ValueError: the file is damaged or none of ours.
    """
    tensors, config, spec = read(path, FORMAT, "no multi-band vocoder")
    net = MultibandVocoder(MultibandConfig(**config), spec)
    net.load_state_dict(tensors)
    return net.requires_grad_(False).eval().to(device)
