"""The transcriber's network: from a spectrogram to likelihoods of notes, drums, beats and chords.

A convolution that is the same for every key reads the key's partials. A second path of dilated
convolutions sees all keys together over some seconds; it hears drums, beats and chords, and tells
the first path which parts play.

Source of the partials as channels: Bittner et al. 2017, "Deep salience representations for F0
estimation in polyphonic music"; of the dilated path: Davies & Böck 2019, "Temporal convolutional
networks for musical audio beat tracking".
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from msanii_live.engines.composer.notes import PITCHED, QUALITIES
from msanii_live.transcription.drums import DRUM_SOUNDS
from msanii_live.transcription.spectrogram import BANDS, BINS_PER_SEMITONE, KEYS, SEMITONES

# Semitones from a key to its half, its third, and its first partials.
PARTIALS = (-19, -12, 0, 12, 19, 24, 28, 31)
PER_KEY = 3  # onset, sounding, velocity
PARTS = len(PITCHED)
CHORDS = 12 * len(QUALITIES) + 1  # the last: none
_CHORD_WINDOWS = (25, 101)  # frames over which pitch classes are averaged
_REACH = max(-min(PARTIALS), max(PARTIALS) + KEYS - SEMITONES)


@dataclass(frozen=True)
class TranscriberConfig:
    """Sizes. channels: of each key. width: of the path of all keys. blocks: of each."""

    channels: int = 32
    key_blocks: int = 2
    width: int = 96
    blocks: int = 8
    hidden: int = 48


@dataclass(frozen=True)
class Likelihoods:
    """What the network says of each frame; logits but for velocities.

    onsets, sounding: (batch, frames, PARTS, KEYS); velocities of the same shape, 0 to 1. drums,
    drum_velocities: (batch, frames, sounds). beats: beat and downbeat, (batch, frames, 2). chords:
    (batch, frames, CHORDS), root by root for each of QUALITIES.
    """

    onsets: torch.Tensor
    sounding: torch.Tensor
    velocities: torch.Tensor
    drums: torch.Tensor
    drum_velocities: torch.Tensor
    beats: torch.Tensor
    chords: torch.Tensor


class _Norm(nn.Module):
    """A normalisation of the channels of each cell of (batch, channels, …)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        size = x.square().mean(1, keepdim=True).add(1e-4).rsqrt()
        scale = self.scale.to(x.dtype).view(1, -1, *([1] * (x.ndim - 2)))
        scaled: torch.Tensor = x * size * scale
        return scaled


class _KeyBlock(nn.Module):
    """A residual convolution over frames and keys."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = _Norm(channels)
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = x + F.relu(self.conv(self.norm(x)))
        return out


class _WideBlock(nn.Module):
    """A residual dilated convolution over frames."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.norm = _Norm(width)
        self.conv = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.mix = nn.Conv1d(width, width, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = x + self.mix(F.relu(self.conv(self.norm(x))))
        return out


class Transcriber(nn.Module):
    """The network; see the module."""

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, config: TranscriberConfig | None = None) -> None:
        """Make a network of random weights."""
        super().__init__()
        self.config = config = config or TranscriberConfig()
        channels, width, hidden = config.channels, config.width, config.hidden
        self.register_buffer("mean", torch.zeros(BANDS))
        self.register_buffer("deviation", torch.ones(BANDS))
        self.stem = nn.Conv2d(BINS_PER_SEMITONE * len(PARTIALS), channels, 3, padding=1)
        self.key_blocks = nn.ModuleList(_KeyBlock(channels) for _ in range(config.key_blocks))
        self.gather = nn.Conv2d(channels, 8, 1)
        self.from_keys = nn.Conv1d(8 * KEYS, width, 1)
        self.from_bands = nn.Conv1d(BANDS, width, 3, padding=1)
        self.wide_blocks = nn.ModuleList(_WideBlock(width, 2**n) for n in range(config.blocks))
        self.to_cells = nn.Conv1d(width, hidden, 1)
        self.to_keys = nn.Conv1d(width, 4 * KEYS, 1)
        self.hear_key = nn.Conv2d(channels, hidden, 1)
        self.hear_all = nn.Conv2d(4, hidden, 1, bias=False)
        self.notes = nn.Conv2d(hidden, PARTS * PER_KEY, 1)
        self.drum_bands = nn.Conv1d(BANDS, width, 5, padding=2)
        self.drum_notes = nn.Conv1d(2 * width, 2 * len(DRUM_SOUNDS), 3, padding=1)
        self.beats = nn.Conv1d(width, 2, 1)
        classes = 2 * 8 * len(_CHORD_WINDOWS)
        self.chord_roots = nn.Conv1d(classes, 64, 12, padding=0)
        self.chord_qualities = nn.Conv1d(64, len(QUALITIES), 1)
        self.no_chord = nn.Conv1d(width, 1, 1)
        with torch.no_grad():
            for layer, value in ((self.notes, -5.0), (self.drum_notes, -4.0), (self.beats, -3.0)):
                assert layer.bias is not None
                layer.bias.fill_(value)

    def forward(self, sound: torch.Tensor) -> Likelihoods:
        """Return likelihoods. sound: ln magnitudes, (batch, frames, BANDS), as `listen` says."""
        sound = (sound - self.mean) / self.deviation
        keys = F.relu(self.stem(self._partials(sound)))
        for block in self.key_blocks:
            keys = block(keys)
        gathered = F.relu(self.gather(keys))  # (batch, 8, frames, KEYS)
        flat = gathered.permute(0, 1, 3, 2).flatten(1, 2)
        bands = sound.transpose(1, 2)
        wide = F.relu(self.from_keys(flat) + self.from_bands(bands))
        for block in self.wide_blocks:
            wide = block(wide)
        notes = self._notes(keys, wide)
        drums = self.drum_notes(torch.cat([wide, F.relu(self.drum_bands(bands))], 1))
        hits, forces = drums.transpose(1, 2).float().chunk(2, dim=-1)
        onsets, sounding, velocities = notes.float().unbind(3)
        return Likelihoods(
            onsets,
            sounding,
            velocities.sigmoid(),
            hits,
            (forces + 4.0).sigmoid(),
            self.beats(wide).transpose(1, 2).float(),
            self._chords(gathered, wide),
        )

    def _partials(self, sound: torch.Tensor) -> torch.Tensor:
        """Return the bands of each key's partials: (batch, channels, frames, KEYS)."""
        batch, frames, _ = sound.shape
        folded = sound[..., : SEMITONES * BINS_PER_SEMITONE]
        folded = folded.view(batch, frames, SEMITONES, BINS_PER_SEMITONE).permute(0, 3, 1, 2)
        padded = F.pad(folded, (_REACH, _REACH), value=-2.0)
        stacked = [padded[..., _REACH + shift :][..., :KEYS] for shift in PARTIALS]
        return torch.cat(stacked, dim=1).contiguous(memory_format=torch.channels_last)

    def _notes(self, keys: torch.Tensor, wide: torch.Tensor) -> torch.Tensor:
        """Return logits, (batch, frames, PARTS, PER_KEY, KEYS)."""
        batch, _, frames, _ = keys.shape
        by_key = self.to_keys(wide).view(batch, 4, KEYS, frames).transpose(2, 3)
        cells = self.hear_key(keys) + self.hear_all(by_key) + self.to_cells(wide)[..., None]
        out: torch.Tensor = self.notes(F.relu(cells))
        return out.view(batch, PARTS, PER_KEY, frames, KEYS).permute(0, 3, 1, 2, 4)

    def _chords(self, gathered: torch.Tensor, wide: torch.Tensor) -> torch.Tensor:
        """Return logits, (batch, frames, CHORDS); each root is read in the same way."""
        batch, _, frames, _ = gathered.shape
        low, high = gathered[..., :28], gathered[..., 16:]  # to C3, from C#2; in whole octaves
        low = F.pad(low, (0, 8)).reshape(batch, -1, frames, 3, 12).sum(-2)
        high = high.reshape(batch, -1, frames, 6, 12).sum(-2)
        low, high = low.roll(-3, -1), high.roll(1, -1)  # so that C is first
        classes = torch.cat([low, high], 1)  # (batch, 2 · channels, frames, 12)
        averaged = [_moving_mean(classes, size) for size in _CHORD_WINDOWS]
        classes = torch.cat(averaged, 1).transpose(1, 2).flatten(0, 1)
        turned = torch.cat([classes, classes[..., :11]], dim=-1)
        roots = F.relu(self.chord_roots(turned))
        qualities = self.chord_qualities(roots).view(batch, frames, len(QUALITIES), 12)
        chords = qualities.transpose(2, 3).flatten(2)
        return torch.cat([chords, self.no_chord(wide).transpose(1, 2)], -1).float()


def _moving_mean(x: torch.Tensor, size: int) -> torch.Tensor:
    """Return the mean of the frames around each frame; fewer count at the ends.

    x: (batch, channels, frames, classes). size: frames, odd.
    """
    frames, half = x.shape[2], size // 2
    sums = F.pad(x.float().cumsum(2), (0, 0, 1, 0))
    places = torch.arange(frames, device=x.device)
    last = (places + half + 1).clamp(max=frames)
    first = (places - half).clamp(min=0)
    total = sums.index_select(2, last) - sums.index_select(2, first)
    mean: torch.Tensor = total / (last - first).view(1, 1, -1, 1)
    return mean
