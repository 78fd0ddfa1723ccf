"""Mel2Mel: from piano rolls and a point in a space of timbres to a mel.

Source: Kim, Bittner, Kumar & Bello 2018, "Neural music synthesis for flexible timbre control",
arXiv:1811.00223. Unlike the published model, it knows velocities and predicts mels of
44.1 kHz with 128 bands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.weights import read, write
from msanii_live.engines.notes.instruments import INSTRUMENT_NAMES
from msanii_live.notes import Note

FORMAT = "msanii-live mel2mel 1"
LOWEST_KEY, KEYS = 21, 88  # of a piano: A0 to C8
CHUNK = 512  # mel frames between calls of `on_chunk`, where a job may be cancelled
State = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class Mel2MelConfig:
    """The sizes of the network.

    channels: of every hidden layer, even; each LSTM has half of them. timbre: dimensions of
    a timbre.
    """

    channels: int = 256
    timbre: int = 2
    instruments: tuple[str, ...] = INSTRUMENT_NAMES


class TimbreFiLM(nn.Module):
    """A scale and a shift of each channel, computed from a timbre.

    Source: Perez et al. 2018, arXiv:1709.07871, eq. 2.
    """

    def __init__(self, timbre: int, channels: int) -> None:
        super().__init__()
        self.scale = nn.Linear(timbre, channels)
        self.shift = nn.Linear(timbre, channels)
        nn.init.ones_(self.scale.bias)
        nn.init.zeros_(self.shift.bias)

    def forward(self, x: torch.Tensor, timbre: torch.Tensor) -> torch.Tensor:
        """Modulate. x: (batch, mel_frames, channels). timbre: (batch, dimensions)."""
        out: torch.Tensor = self.scale(timbre)[:, None] * x + self.shift(timbre)[:, None]
        return out


class Mel2Mel(nn.Module):
    """A network that predicts a mel from piano rolls; only its two LSTMs are nonlinear.

    There is an LSTM for each direction instead of a bidirectional one, so that a long piece can be
    computed in chunks from each direction's state. The result is the same, and a job can be
    cancelled between chunks.
    """

    def __init__(self, config: Mel2MelConfig, spec: MelSpec) -> None:
        super().__init__()
        self.config, self.spec = config, spec
        width = config.channels
        self.timbres = nn.Embedding(len(config.instruments), config.timbre)
        self.enter = nn.Linear(2 * KEYS, width)  # a convolution of kernel 1
        self.film_in = TimbreFiLM(config.timbre, width)
        self.onward = nn.LSTM(width, width // 2, batch_first=True)
        self.backward_ = nn.LSTM(width, width // 2, batch_first=True)
        self.film_out = TimbreFiLM(config.timbre, width)
        self.leave = nn.Linear(width, spec.mels)
        nn.init.constant_(self.leave.bias, -4.0)  # near the mean of what it will predict

    def timbre_of(self, name: str) -> torch.Tensor:
        """Return the timbre of an instrument, float32, (dimensions,)."""
        return self.timbres.weight[self.config.instruments.index(name)]

    def forward(self, rolls: torch.Tensor, timbre: torch.Tensor) -> torch.Tensor:
        """Return ln mel magnitudes, (batch, mel_frames, mels).

        rolls: float32, (batch, mel_frames, 176), see `piano_rolls`. timbre: (batch, dimensions).
        """
        h = self.film_in(self.enter(rolls), timbre)
        ahead, _ = self.onward(h)
        back, _ = self.backward_(h.flip(1))
        return self._leave(torch.cat([ahead, back.flip(1)], dim=-1), timbre)

    def predict_in_chunks(
        self, rolls: torch.Tensor, timbre: torch.Tensor, on_chunk: Callable[[], None]
    ) -> torch.Tensor:
        """Return the same as `forward`, computed in chunks of at most CHUNK mel frames.

        on_chunk: called `count_chunks(mel_frames)` times; an exception from it ends the work.
        """
        h = self.film_in(self.enter(rolls), timbre)
        ahead = _in_chunks(self.onward, h, on_chunk)
        back = _in_chunks(self.backward_, h.flip(1), on_chunk).flip(1)
        return self._leave(torch.cat([ahead, back], dim=-1), timbre)

    def _leave(self, h: torch.Tensor, timbre: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.leave(self.film_out(h, timbre))
        return out


def _in_chunks(lstm: nn.LSTM, h: torch.Tensor, on_chunk: Callable[[], None]) -> torch.Tensor:
    state: State | None = None
    parts = []
    for part in torch.split(h, CHUNK, dim=1):
        out, state = lstm(part, state)
        parts.append(out)
        on_chunk()
    return torch.cat(parts, dim=1)


def count_chunks(mel_frames: int) -> int:
    """Return how often `predict_in_chunks` calls `on_chunk`."""
    return 2 * -(-mel_frames // CHUNK)


def piano_rolls(notes: Sequence[Note], mel_frames: int, seconds_per_frame: float) -> torch.Tensor:
    """Return notes as an onset roll and a frame roll, float32, (mel_frames, 176).

    Columns 0-87 hold velocity / 127 at onsets, 88-175 while the key is held. Keys beyond those
    of a piano are moved by octaves.
    """
    out = torch.zeros(mel_frames, 2 * KEYS)
    for note in notes:
        first = round(note.start / seconds_per_frame)
        last = max(first + 1, round(note.end / seconds_per_frame))
        if first >= mel_frames:
            continue
        key, force = on_keyboard(note.pitch) - LOWEST_KEY, note.velocity / 127
        out[first, key] = force
        out[first:last, KEYS + key] = force
    return out


def on_keyboard(pitch: int) -> int:
    """Return a MIDI key moved by octaves onto the piano.

    >>> on_keyboard(12), on_keyboard(60), on_keyboard(127)
    (24, 60, 103)
    """
    while pitch < LOWEST_KEY:
        pitch += 12
    while pitch >= LOWEST_KEY + KEYS:
        pitch -= 12
    return pitch


def save(path: Path, net: Mel2Mel) -> None:
    """Write the network; matrices as float16, all else as float32."""
    write(path, FORMAT, net.state_dict(), net.config, net.spec)


def load(path: Path, device: torch.device) -> Mel2Mel:
    """Read a network onto a device, in float32 and evaluation mode.

    Raises: FileNotFoundError; ValueError: the file is damaged or of another format.
    """
    tensors, config, spec = read(path, FORMAT, "no Mel2Mel")
    config["instruments"] = tuple(config["instruments"])
    net = Mel2Mel(Mel2MelConfig(**config), spec)
    net.load_state_dict(tensors)
    return net.requires_grad_(False).eval().to(device)
