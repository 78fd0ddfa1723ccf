"""Note diffusion: a small Spectrogram Diffusion, from notes and the previous mel to a 44.1 kHz mel.

A note encoder, a context encoder over the previous window, and a decoder with FiLM that denoises a
window of 5.1 s. Three things differ from the published network, which is in the package
`spectrogram_diffusion`: a token is a whole note, aligned with mel frames and not attended to; the
decoder predicts the clean mel of a rectified flow, four mel frames per token; and a last part
refines each mel frame.

Source: Hawthorne et al. 2022, arXiv:2206.05408, section 3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from msanii_live.dsp.layers import FiLM, ModulatedConvNeXtBlock, rotate_pairs, timestep_embedding
from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.samplers import sample_euler, shift_level, uniform_times
from msanii_live.dsp.t5_layers import GatedDense, RootMeanSquareNorm
from msanii_live.dsp.weights import read, write
from msanii_live.engines.note_diffusion.note_alignment import (
    ALIGNMENT_FEATURES,
    MAX_RELEASE,
    NoteBatch,
    NoteEmbedding,
    alignment_features,
    note_batch,
)
from msanii_live.engines.notes.instruments import TRAINED_PROGRAMS
from msanii_live.notes import Note

FORMAT = "msanii-live note-diffusion 1"
OLD_FORMAT = "msanii-live spectrogram 1"  # the same, under the engine's earlier name
TIME_SHIFT = (
    0.15  # of the sampling grid; under 1: most steps at low noise, as notes settle the rest
)
_TIMESTEP_FEATURES = 128


@dataclass(frozen=True)
class NoteDiffusionConfig:
    """The sizes of the network.

    window: mel frames, a multiple of `patch`. lane: features per mel frame of each alignment
    feature. detail: features per mel frame of the refining part. every: one in so many decoder
    blocks attends to the previous window.
    """

    window: int = 440
    patch: int = 4
    width: int = 256
    heads: int = 4
    inner: int = 512
    note_blocks: int = 1
    context_blocks: int = 2
    blocks: int = 6
    every: int = 2
    lane: int = 32
    detail: int = 192
    detail_blocks: int = 2
    programs: tuple[int, ...] = TRAINED_PROGRAMS


class _Attention(nn.Module):
    """Attention with real-valued rotary positions. Source: arXiv:2104.09864, eq. 34."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(width, width, bias=False)
        self.kv = nn.Linear(width, 2 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        size = width // heads
        self.frequency: torch.Tensor
        frequency = 10_000.0 ** (-torch.arange(0, size, 2) / size)
        self.register_buffer("frequency", frequency, persistent=False)

    def forward(
        self,
        x: torch.Tensor,
        at: torch.Tensor,
        seen: torch.Tensor,
        seen_at: torch.Tensor,
        counts: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Attend from x to `seen`, (batch, length, width).

        at, seen_at: positions in tokens, (batch, length). counts: attention mask, bool, (batch,
        seen length).
        """
        q = self._turned(self._split(self.q(x)), at)
        k, v = (self._split(part) for part in self.kv(seen).chunk(2, -1))
        k = self._turned(k, seen_at)
        mask = None if counts is None else counts[:, None, None]
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        out: torch.Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return out

    def _split(self, x: torch.Tensor) -> torch.Tensor:
        return x.reshape(*x.shape[:2], self.heads, -1).transpose(1, 2)

    def _turned(self, x: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
        angle = at[:, None, :, None].float() * self.frequency.float()
        return rotate_pairs(x, angle.cos().to(x.dtype), angle.sin().to(x.dtype))


class _Block(nn.Module):
    """A transformer block: self-attention, then optional cross-attention, then an MLP."""

    def __init__(self, config: NoteDiffusionConfig, film: bool = False, cross: bool = False):
        super().__init__()
        width = config.width
        self.norms = nn.ModuleList(RootMeanSquareNorm(width) for _ in range(3 if cross else 2))
        self.attention = _Attention(width, config.heads)
        self.cross = _Attention(width, config.heads) if cross else None
        self.dense = GatedDense(width, config.inner)
        self.films = nn.ModuleList(FiLM(width, width) for _ in range(2 if film else 0))
        for layer in self.films:
            assert isinstance(layer, FiLM)
            nn.init.zeros_(layer.scale_bias.weight)

    def forward(
        self,
        x: torch.Tensor,
        at: torch.Tensor,
        counts: torch.Tensor | None = None,
        level: torch.Tensor | None = None,
        seen: DecoderConditioning | None = None,
    ) -> torch.Tensor:
        h = self._film(0, self.norms[0](x), level)
        x = x + self.attention(h, at, h, at, counts)
        if self.cross is not None:
            assert seen is not None
            h = self.norms[2](x)
            x = x + self.cross(h, at, seen.past, seen.at, seen.counts)
        out: torch.Tensor = x + self.dense(self._film(1, self.norms[1](x), level))
        return out

    def _film(self, number: int, h: torch.Tensor, level: torch.Tensor | None) -> torch.Tensor:
        out: torch.Tensor = self.films[number](h, level) if self.films else h
        return out


@dataclass(frozen=True)
class DecoderConditioning:
    """What the decoder is conditioned on.

    past: a learned token, then the previous window, (batch, length, width). at: positions in
    tokens, (batch, length). counts: attention mask, bool, (batch, length). laid: aligned notes,
    (batch, mel_frames, features).
    """

    past: torch.Tensor
    at: torch.Tensor
    counts: torch.Tensor
    laid: torch.Tensor


class NoteDiffusion(nn.Module):
    """A network that predicts a clean window of mel from a noisy one, given notes and the past."""

    def __init__(self, config: NoteDiffusionConfig, spec: MelSpec) -> None:
        super().__init__()
        self.config, self.spec = config, spec
        width, values = config.width, config.patch * spec.mels
        laid = ALIGNMENT_FEATURES * config.lane
        self.mean: torch.Tensor
        self.deviation: torch.Tensor
        self.register_buffer("mean", torch.full((spec.mels,), -7.0))
        self.register_buffer("deviation", torch.full((spec.mels,), 2.5))
        self.notes = NoteEmbedding(len(config.programs), width)
        self.note_blocks = nn.ModuleList(_Block(config) for _ in range(config.note_blocks))
        self.note_norm = RootMeanSquareNorm(width)
        self.lanes = nn.Linear(width, laid, bias=False)
        self.context = nn.Linear(values, width)
        self.context_blocks = nn.ModuleList(_Block(config) for _ in range(config.context_blocks))
        self.context_norm = RootMeanSquareNorm(width)
        # A learned token that is always attended to: the previous window may be empty.
        self.nothing = nn.Parameter(torch.zeros(width))
        self.level = nn.Sequential(
            nn.Linear(_TIMESTEP_FEATURES, width), nn.SiLU(), nn.Linear(width, width)
        )
        self.enter = nn.Linear(values + config.patch * laid, width)
        self.blocks = nn.ModuleList(
            _Block(config, film=True, cross=n % config.every == 0) for n in range(config.blocks)
        )
        self.norm = RootMeanSquareNorm(width)
        self.leave = nn.Linear(width, values)
        self.detail_in = nn.Linear(2 * spec.mels + laid, config.detail)
        self.detail = nn.ModuleList(
            ModulatedConvNeXtBlock(config.detail, width) for _ in range(config.detail_blocks)
        )
        self.detail_out = nn.Linear(config.detail, spec.mels)
        for layer in (self.leave, self.detail_out):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    @property
    def frames_a_second(self) -> float:
        """Mel frames per second."""
        return self.spec.sample_rate / self.spec.hop

    def normalise(self, mel: torch.Tensor) -> torch.Tensor:
        """Scale ln magnitudes, (..., mels), to the network's range."""
        return (mel - self.mean) / self.deviation

    def denormalise(self, mel: torch.Tensor) -> torch.Tensor:
        """Undo `normalise`."""
        return mel * self.deviation + self.mean

    def encode(
        self, notes: NoteBatch, before: torch.Tensor, there: torch.Tensor
    ) -> DecoderConditioning:
        """Encode the notes of a window and the previous mel.

        before: normalised, (batch, window, mels). there: bool, (batch, window): the known frames.
        """
        config = self.config
        counts = notes.key > 0
        h = self.notes(notes, self.frames_a_second)
        at = notes.start / config.patch
        for block in self.note_blocks:
            h = block(h, at, _or_all(counts))
        h = self.note_norm(h)
        lanes = self.lanes(h * counts[..., None]).unflatten(-1, (ALIGNMENT_FEATURES, config.lane))
        basis = alignment_features(notes, config.window, self.frames_a_second)
        laid = torch.einsum("bfnk,bnkl->bfkl", basis.to(lanes.dtype), lanes).flatten(2)

        past = self._fold(before * there[..., None])
        known = there[:, :: config.patch]
        c = self.context(past)
        steps = torch.arange(past.shape[1], device=c.device, dtype=torch.float32)
        past_at = (steps - past.shape[1] + 0.5).expand(len(c), -1)
        for block in self.context_blocks:
            c = block(c, past_at, _or_all(known))
        nothing = self.nothing.expand(len(c), 1, -1).to(c.dtype)
        return DecoderConditioning(
            past=torch.cat([nothing, self.context_norm(c)], dim=1),
            at=torch.cat([at.new_zeros(len(c), 1), past_at], dim=1),
            counts=torch.cat([known.new_ones(len(c), 1), known], dim=1),
            laid=laid,
        )

    def forward(self, x: torch.Tensor, t: torch.Tensor, seen: DecoderConditioning) -> torch.Tensor:
        """Return the clean mel. x: noisy, (batch, window, mels). t: (batch,), 0 clean, 1 noise."""
        config = self.config
        level = self.level(timestep_embedding(t))
        h = self.enter(torch.cat([self._fold(x), self._fold(seen.laid)], dim=-1))
        steps = torch.arange(h.shape[1], device=h.device, dtype=torch.float32)
        at = (steps + 0.5).expand(len(h), -1)
        for block in self.blocks:
            h = block(h, at, level=level[:, None], seen=seen)
        coarse = self.leave(self.norm(h)).unflatten(-1, (config.patch, -1)).flatten(1, 2)
        d = self.detail_in(torch.cat([coarse, x.to(coarse.dtype), seen.laid], dim=-1))
        for block in self.detail:
            d = block(d, F.silu(level))
        fine: torch.Tensor = coarse + self.detail_out(F.gelu(d, approximate="tanh"))
        return fine.float()

    def _fold(self, x: torch.Tensor) -> torch.Tensor:
        """Gather each patch into one token. (batch, mel_frames, c) → (batch, tokens, patch * c)."""
        return x.reshape(len(x), -1, self.config.patch * x.shape[-1])

    @torch.inference_mode()
    def generate(
        self,
        notes: Sequence[Note],
        mel_frames: int,
        frames_a_second: float,
        generator: torch.Generator,
        steps: int,
        on_step: Callable[[], None] = lambda: None,
        lead: float = 0.0,
    ) -> torch.Tensor:
        """Generate the mel of notes, window after window, each conditioned on the previous one.

        notes: times in s, may begin before 0. frames_a_second: of the mel, close to the network's
        own. steps: denoising steps in each of `windows(mel_frames, lead)`. on_step: called after
        each; an exception from it ends the work. lead: s that are generated before 0 and dropped.
        Returns ln magnitudes, float32, (mel_frames, mels).
        """
        config, device = self.config, self.mean.device
        count, early = self._plan(mel_frames, lead)
        before = torch.zeros(1, config.window, self.spec.mels, device=device)
        there = torch.zeros(1, config.window, dtype=torch.bool, device=device)
        times = shift_level(uniform_times(steps), TIME_SHIFT)
        made = []
        for number in range(count):
            first = (number * config.window - early) / frames_a_second
            some = notes_in_window(notes, first, config.window / frames_a_second)
            seen = self.encode(
                note_batch([some], config.programs, frames_a_second).to(device), before, there
            )
            noise = torch.randn(before.shape, generator=generator).to(device)

            def denoise(
                x: torch.Tensor, t: torch.Tensor, to: torch.Tensor, seen: DecoderConditioning = seen
            ) -> torch.Tensor:
                clean: torch.Tensor = self(x, t, seen)
                return clean

            before = sample_euler(denoise, noise, times, lambda _: on_step())
            there = torch.ones_like(there)
            made.append(before[0])
        return self.denormalise(torch.cat(made)[early : early + mel_frames])

    def windows(self, mel_frames: int, lead: float = 0.0) -> int:
        """Return how many windows `generate` needs."""
        return self._plan(mel_frames, lead)[0]

    def _plan(self, mel_frames: int, lead: float) -> tuple[int, int]:
        early = round(lead * self.frames_a_second)
        return -(-(mel_frames + early) // self.config.window), early


def _or_all(counts: torch.Tensor) -> torch.Tensor:
    """Return an attention mask in which rows without any key attend to all: attention needs one.

    The results of such rows are not used. counts: bool, (batch, length).
    """
    return counts | ~counts.any(1, keepdim=True)


def notes_in_window(notes: Sequence[Note], first: float, seconds: float) -> list[Note]:
    """Return the notes that sound or ring in a window, in s from its start."""
    return [
        Note(n.start - first, n.end - first, n.pitch, n.velocity, n.program, n.drum)
        for n in notes
        if n.start < first + seconds and n.end > first - MAX_RELEASE
    ]


def save(path: Path, net: NoteDiffusion) -> None:
    """Write the network; matrices as float16, all else as float32."""
    write(path, FORMAT, net.state_dict(), net.config, net.spec)


def load(path: Path, device: torch.device) -> NoteDiffusion:
    """Read a network onto a device, in float32 and evaluation mode.

    Raises: FileNotFoundError; ValueError: the file is damaged or none of ours.
    """
    tensors, config, spec = read(path, FORMAT, "no note diffusion", OLD_FORMAT)
    config["programs"] = tuple(config["programs"])
    net = NoteDiffusion(NoteDiffusionConfig(**config), spec)
    net.load_state_dict(tensors)
    return net.requires_grad_(False).eval().to(device)
