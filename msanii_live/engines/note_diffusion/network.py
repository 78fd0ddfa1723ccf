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
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from msanii_live.dsp.layers import ModulatedConvNeXtBlock, timestep_embedding
from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.samplers import sample_euler, shift_level, uniform_times
from msanii_live.dsp.t5_layers import RootMeanSquareNorm
from msanii_live.dsp.weights import read, write
from msanii_live.engines.note_diffusion.blocks import (
    DecoderConditioning,
    TransformerBlock,
    open_empty_rows,
)
from msanii_live.engines.note_diffusion.blocks import NoteDiffusionConfig as NoteDiffusionConfig
from msanii_live.engines.note_diffusion.note_alignment import (
    ALIGNMENT_FEATURES,
    MAX_RELEASE,
    NoteBatch,
    NoteEmbedding,
    alignment_features,
    note_batch,
)
from msanii_live.engines.note_diffusion.part_levels import PartLevels
from msanii_live.notes import PARTS, Note, Score

FORMAT = "msanii-live note-diffusion 2"
# Without parts, and the same under the engine's earlier name.
OLD_FORMATS = ("msanii-live note-diffusion 1", "msanii-live spectrogram 1")
# Of the sampling grid. Under 1, most steps are at low noise: the notes decide what is above it.
TIME_SHIFT = 0.15
_TIMESTEP_FEATURES = 128


@dataclass(frozen=True)
class PlayedMel:
    """The mel of played notes, and how it divides among the parts.

    mel: ln magnitudes, float32, (mel_frames, mels). levels: ln power of each part up to a sum that
    all share, float32, (parts, mel_frames, mels), in the order of `Score.parts`; None where there
    is one part or none.
    """

    mel: torch.Tensor
    levels: torch.Tensor | None


class NoteDiffusion(nn.Module):
    """A network that predicts a clean window of mel from a noisy one, given notes and the past."""

    def __init__(self, config: NoteDiffusionConfig, spec: MelSpec) -> None:
        super().__init__()
        self.config, self.spec = config, spec
        width, values = config.width, config.patch * spec.mels
        aligned = ALIGNMENT_FEATURES * config.lane
        self.mean: torch.Tensor
        self.deviation: torch.Tensor
        self.register_buffer("mean", torch.full((spec.mels,), -7.0))
        self.register_buffer("deviation", torch.full((spec.mels,), 2.5))
        self.notes = NoteEmbedding(len(config.programs), width)
        self.note_blocks = nn.ModuleList(
            TransformerBlock(config) for _ in range(config.note_blocks)
        )
        self.note_norm = RootMeanSquareNorm(width)
        self.lanes = nn.Linear(width, aligned, bias=False)
        self.context = nn.Linear(values, width)
        self.context_blocks = nn.ModuleList(
            TransformerBlock(config) for _ in range(config.context_blocks)
        )
        self.context_norm = RootMeanSquareNorm(width)
        # A learned token that is always attended to: the previous window may be empty.
        self.nothing = nn.Parameter(torch.zeros(width))
        self.level = nn.Sequential(
            nn.Linear(_TIMESTEP_FEATURES, width), nn.SiLU(), nn.Linear(width, width)
        )
        self.enter = nn.Linear(values + config.patch * aligned, width)
        self.blocks = nn.ModuleList(
            TransformerBlock(config, film=True, cross=n % config.every == 0)
            for n in range(config.blocks)
        )
        self.norm = RootMeanSquareNorm(width)
        self.leave = nn.Linear(width, values)
        self.detail_in = nn.Linear(2 * spec.mels + aligned, config.detail)
        self.detail = nn.ModuleList(
            ModulatedConvNeXtBlock(config.detail, width) for _ in range(config.detail_blocks)
        )
        self.detail_out = nn.Linear(config.detail, spec.mels)
        self.part_levels = PartLevels(config, spec.mels)
        for layer in (self.leave, self.detail_out):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    @property
    def frames_per_second(self) -> float:
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
        mask = notes.key > 0
        h = self.notes(notes, self.frames_per_second)
        at = notes.start / config.patch
        for block in self.note_blocks:
            h = block(h, at, open_empty_rows(mask))
        h = self.note_norm(h)
        lanes = self.lanes(h * mask[..., None]).unflatten(-1, (ALIGNMENT_FEATURES, config.lane))
        basis = alignment_features(notes, config.window, self.frames_per_second)
        aligned = torch.einsum("bfnk,bnkl->bfkl", basis.to(lanes.dtype), lanes).flatten(2)

        past = self._fold(before * there[..., None])
        known = there[:, :: config.patch]
        c = self.context(past)
        steps = torch.arange(past.shape[1], device=c.device, dtype=torch.float32)
        past_at = (steps - past.shape[1] + 0.5).expand(len(c), -1)
        for block in self.context_blocks:
            c = block(c, past_at, open_empty_rows(known))
        nothing = self.nothing.expand(len(c), 1, -1).to(c.dtype)
        return DecoderConditioning(
            past=torch.cat([nothing, self.context_norm(c)], dim=1),
            positions=torch.cat([at.new_zeros(len(c), 1), past_at], dim=1),
            mask=torch.cat([known.new_ones(len(c), 1), known], dim=1),
            aligned=aligned,
            tokens=h,
            basis=basis,
            part=torch.where(mask, notes.part, -1),
        )

    def forward(
        self, x: torch.Tensor, t: torch.Tensor, context: DecoderConditioning
    ) -> torch.Tensor:
        """Return the clean mel. x: noisy, (batch, window, mels). t: (batch,), 0 clean, 1 noise."""
        return self.decode(x, t, context)[0]

    def decode(
        self, x: torch.Tensor, t: torch.Tensor, context: DecoderConditioning
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the clean mel, as `forward`, and the features that `part_levels` takes."""
        config = self.config
        level = self.level(timestep_embedding(t))
        h = self.enter(torch.cat([self._fold(x), self._fold(context.aligned)], dim=-1))
        steps = torch.arange(h.shape[1], device=h.device, dtype=torch.float32)
        at = (steps + 0.5).expand(len(h), -1)
        for block in self.blocks:
            h = block(h, at, level=level[:, None], context=context)
        coarse = self.leave(self.norm(h)).unflatten(-1, (config.patch, -1)).flatten(1, 2)
        d = self.detail_in(torch.cat([coarse, x.to(coarse.dtype), context.aligned], dim=-1))
        for block in self.detail:
            d = block(d, F.silu(level))
        fine: torch.Tensor = coarse + self.detail_out(F.gelu(d, approximate="tanh"))
        return fine.float(), d

    def _fold(self, x: torch.Tensor) -> torch.Tensor:
        """Gather each patch into one token. (batch, mel_frames, c) → (batch, tokens, patch * c)."""
        return x.reshape(len(x), -1, self.config.patch * x.shape[-1])

    @torch.inference_mode()
    def generate(
        self,
        notes: Sequence[Note],
        mel_frames: int,
        frames_per_second: float,
        generator: torch.Generator,
        steps: int,
        on_step: Callable[[], None] = lambda: None,
        lead: float = 0.0,
    ) -> PlayedMel:
        """Generate the mel of notes, window after window, each conditioned on the previous one.

        notes: times in s, may begin before 0. frames_per_second: of the mel, close to the network's
        own. steps: denoising steps in each of `windows(mel_frames, lead)`. on_step: called after
        each; an exception from it ends the work. lead: s that are generated before 0 and dropped.
        """
        config, device = self.config, self.mean.device
        count, early = self._plan(mel_frames, lead)
        before = torch.zeros(1, config.window, self.spec.mels, device=device)
        there = torch.zeros(1, config.window, dtype=torch.bool, device=device)
        times = shift_level(uniform_times(steps), TIME_SHIFT)
        parts = [PARTS.index(part) for part in Score(tuple(notes), 0.0).parts]
        made, levels = [], []
        for number in range(count):
            first = (number * config.window - early) / frames_per_second
            some = notes_in_window(notes, first, config.window / frames_per_second)
            context = self.encode(
                note_batch([some], config.programs, frames_per_second).to(device), before, there
            )
            noise = torch.randn(before.shape, generator=generator).to(device)
            denoise = _Denoiser(self, context)
            before = sample_euler(denoise, noise, times, lambda _: on_step())
            there = torch.ones_like(there)
            made.append(before[0])
            if len(parts) > 1:
                used = min(config.window, early + mel_frames - number * config.window)
                levels.append(self.part_levels(context, denoise.features, parts, used)[:, 0])
        wanted = slice(early, early + mel_frames)
        return PlayedMel(
            self.denormalise(torch.cat(made)[wanted]),
            torch.cat(levels, dim=1)[:, early:] if levels else None,
        )

    def windows(self, mel_frames: int, lead: float = 0.0) -> int:
        """Return how many windows `generate` needs."""
        return self._plan(mel_frames, lead)[0]

    def _plan(self, mel_frames: int, lead: float) -> tuple[int, int]:
        early = round(lead * self.frames_per_second)
        return -(-(mel_frames + early) // self.config.window), early


class _Denoiser:
    """A network with the context of one window, as a function for the sampler.

    features: of the last step.
    """

    def __init__(self, net: NoteDiffusion, context: DecoderConditioning) -> None:
        self._net, self._context = net, context
        self.features = torch.empty(0)

    def __call__(self, x: torch.Tensor, t: torch.Tensor, to: torch.Tensor) -> torch.Tensor:
        clean, self.features = self._net.decode(x, t, self._context)
        return clean


def notes_in_window(notes: Sequence[Note], first: float, seconds: float) -> list[Note]:
    """Return the notes that sound or ring in a window, in s from its start."""
    return [
        replace(note, start=note.start - first, end=note.end - first)
        for note in notes
        if note.start < first + seconds and note.end > first - MAX_RELEASE
    ]


def save(path: Path, net: NoteDiffusion) -> None:
    """Write the network; matrices as float16, all else as float32."""
    write(path, FORMAT, net.state_dict(), net.config, net.spec)


def load(path: Path, device: torch.device) -> NoteDiffusion:
    """Read a network onto a device, in float32 and evaluation mode.

    A file of an earlier version, which knew no parts, is read too: all parts get equal levels.
    Raises: FileNotFoundError; ValueError: the file is damaged or of another format.
    """
    tensors, config, spec = read(path, FORMAT, "no note diffusion", *OLD_FORMATS)
    config["programs"] = tuple(config["programs"])
    net = NoteDiffusion(NoteDiffusionConfig(**config), spec)
    if "notes.part.weight" not in tensors:
        fresh = net.state_dict()
        tensors["notes.numbers.weight"] = F.pad(tensors["notes.numbers.weight"], (0, 1))
        tensors = fresh | tensors
    net.load_state_dict(tensors)
    return net.requires_grad_(False).eval().to(device)
