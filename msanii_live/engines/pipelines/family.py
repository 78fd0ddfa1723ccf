"""What all families of pipelines have in common: latents, their noise, and the step callback.

Everything is asked of a pipeline as latents and decoded here. So lengths are exact, a pipeline's
own scaling of the result is avoided, and known audio can be put back at each step.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from msanii_live.dsp.device import dtype_name
from msanii_live.engines.base import OffloadMode
from msanii_live.engines.pipelines.latent_cache import LatentCache
from msanii_live.engines.pipelines.offload import place
from msanii_live.engines.pipelines.tiles import LEAST_TILE_SECONDS, TILE_SECONDS, Tiles
from msanii_live.engines.pipelines.words import PromptWords
from msanii_live.errors import Code, CommandError

StepCallback = Callable[[int, int], None]


@dataclass(frozen=True)
class LatentTask:
    """Latents to denoise.

    words: what they are to be. latents: their number. source: latents that are known or varied,
    (1, dimensions, latents); None: from noise alone. known: which of them stay, bool, (latents,);
    None: none. level: of the noise that the others start from, above 0; 1 keeps nothing. frames:
    of the audio, within the latents. steps: of denoising. seed: of the noise. on_step: takes (step,
    steps) after each; an exception from it ends the work. more_seeds: of further noise, all of
    which is denoised in one pass; only without a source.
    """

    words: PromptWords
    latents: int
    frames: int
    steps: int
    seed: int
    on_step: StepCallback
    source: torch.Tensor | None = None
    known: torch.Tensor | None = None
    level: float = 1.0
    more_seeds: tuple[int, ...] = ()

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of the pass."""
        return (self.seed, *self.more_seeds)

    def each(self, text: str) -> list[str]:
        """Return a text once for each seed."""
        return [text] * len(self.seeds)


class Family(ABC):
    """A pipeline as this server uses it; a subclass for each class of diffusers.

    pipe: the pipeline. rate: Hz. hop: samples of a latent. dimensions: of a latent. max_seconds: of
    one pass. steps, guidance: where the command gives none. overlap: latents that the autoencoder
    looks to either side, at most; None where it looks at all of them. device: where networks run.
    """

    rate: int
    hop: int
    dimensions: int
    max_seconds: float
    steps: int
    guidance: float = 1.0
    takes_negative = False
    takes_weights = False
    overlap: int | None = 32
    device = torch.device("cpu")
    tile_seconds = TILE_SECONDS

    def __init__(self, pipe: Any) -> None:
        self.pipe = pipe
        self.cache = LatentCache()

    def place(self, device: torch.device, offload: OffloadMode = "none") -> None:
        """Move the networks to a device, or let their parts go there when they are used."""
        place(self.pipe, device, offload)
        self.device = device

    # -- what a family gives -------------------------------------------------------------------

    @abstractmethod
    def encode_whole(self, wave: torch.Tensor) -> torch.Tensor:
        """Return the latents of audio at once; see `encode`."""

    @abstractmethod
    def decode_whole(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the audio of latents at once; see `decode`."""

    @abstractmethod
    def denoise(self, task: LatentTask) -> torch.Tensor:
        """Return the latents of a task, (seeds, dimensions, latents). Raises: as on_step."""

    # -- what they share -----------------------------------------------------------------------

    def encode(self, wave: torch.Tensor) -> torch.Tensor:
        """Return the latents of audio, without chance; long audio is encoded in pieces.

        wave: float32, (2, frames), whole latents long. Returns (1, dimensions, latents).
        """
        return self._in_tiles(lambda tiles: tiles.encode(wave, self.encode_whole))

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the audio of latents, float32, (2, latents * hop), long audio in pieces.

        latents: as of `encode`. Raises: CommandError: EENGINE, the model gave no numbers.
        """
        made = self._in_tiles(lambda tiles: tiles.decode(latents, self.decode_whole))
        if not bool(torch.isfinite(made).all()):
            precision = dtype_name(self.dtype)
            text = f"the model returned values that are not finite in {precision}: serve it with "
            raise CommandError(Code.EENGINE, text + "--precision bf16 or fp32")
        return made

    def _in_tiles(self, run: Callable[[Tiles], torch.Tensor]) -> torch.Tensor:
        """Run an autoencoder, in smaller pieces where the memory runs out."""
        try:
            return run(self._tiles(self.tile_seconds))
        except torch.OutOfMemoryError:
            if self.overlap is None:
                raise
            torch.cuda.empty_cache()
            return run(self._tiles(LEAST_TILE_SECONDS))
        finally:
            self.pipe.maybe_free_model_hooks()  # offloading: nothing else does it for this part

    def _tiles(self, seconds: float) -> Tiles:
        if self.overlap is None:
            return Tiles(self.hop, 2**31, 0)
        return Tiles(self.hop, self.count(round(seconds * self.rate)), self.overlap)

    @property
    def dtype(self) -> torch.dtype:
        """The precision of the network that denoises."""
        net = getattr(self.pipe, "transformer", None) or self.pipe.unet
        return next(net.parameters()).dtype  # type: ignore[no-any-return]

    @property
    def max_latents(self) -> int:
        """The most latents of one pass."""
        return int(self.max_seconds * self.rate) // self.hop

    def count(self, frames: int) -> int:
        """Return how many latents hold so many samples."""
        return -(-frames // self.hop)

    def noise(self, task: LatentTask, latents: int | None = None) -> torch.Tensor:
        """Return noise, (seeds, dimensions, latents), the same on every device."""
        shape = (1, self.dimensions, latents or task.latents)
        made = [
            torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in task.seeds
        ]
        return torch.cat(made).to(self.device, self.dtype)

    def generator(self, task: LatentTask) -> torch.Generator | list[torch.Generator]:
        """Return the chance that the pipeline itself draws from: another than the noise's."""
        made = [torch.Generator().manual_seed((seed + 0x5EED) % 2**31) for seed in task.seeds]
        return made[0] if len(made) == 1 else made

    def guidance_of(self, task: LatentTask) -> float:
        """Return the guidance that the command asks for, or the family's own."""
        asked = task.words.guidance
        return self.guidance if asked is None else asked

    def not_followed(self, words: PromptWords) -> list[str]:
        """Return warnings of words without effect. Keys that none follows are the server's."""
        name = type(self).__name__.removesuffix("Family")
        guidance = self.guidance if words.guidance is None else words.guidance
        texts = []
        if words.negative and self.takes_negative and guidance <= 1:
            texts.append(f"at a guidance of 1 or less, {name} cannot follow negative")
        if words.is_weighted and not self.takes_weights:
            texts.append(f"{name} cannot follow weights: all parts of the prompt count as one")
        if words.guidance is not None and words.guidance > 1 and self.guidance <= 1:
            texts.append(
                f"{name} was made to be used without guidance: what comes out may be harsh"
            )
        return texts


def put_back(
    latents: torch.Tensor, task: LatentTask, noised: Callable[[torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    """Return latents with those that are known put back, at the noise of the step that follows.

    noised: takes the source and returns it with that noise.
    Source: Lugmayr et al. 2022, "RePaint", eq. 8, without resampling.
    """
    if task.known is None or task.source is None:
        return latents
    source = noised(task.source.to(latents.dtype))
    return torch.where(task.known.to(latents.device), source, latents)


def flow_mix(source: torch.Tensor, noise: torch.Tensor, level: float) -> torch.Tensor:
    """Return a point of the straight line from audio to noise; level 0 is audio, 1 is noise.

    Source: Lipman et al. 2023, "Flow matching for generative modeling", eq. 22 with sigma 0.
    """
    return (1 - level) * source + level * noise


def flow_start(task: LatentTask, noise: torch.Tensor) -> torch.Tensor:
    """Return what a flow begins with: noise, or the source at the task's level of it."""
    if task.source is None or task.level >= 1:
        return noise
    return flow_mix(task.source.to(noise.dtype), noise, task.level)


def flow_step_end(
    task: LatentTask, noise: torch.Tensor, level_after: Callable[[int], float]
) -> Callable[[Any, int, Any, dict[str, Any]], dict[str, Any]]:
    """Return a pipeline's step callback that puts known latents back and reports the step.

    The latents of the pipeline are (batch, latents, dimensions). level_after: returns the level of
    noise after a step, counted from 0.
    """

    def on_step_end(pipe: Any, step: int, t: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        level = level_after(step)
        latents = tensors["latents"].transpose(1, 2)
        kept = put_back(latents, task, lambda z: flow_mix(z, noise, level))
        task.on_step(step + 1, task.steps)
        return {"latents": kept.transpose(1, 2)}

    return on_step_end


def to_channels(wave: torch.Tensor, channels: int) -> torch.Tensor:
    """Return audio, (2, frames), with the channels that a network takes, (1, channels, frames)."""
    return (wave.mean(0, keepdim=True) if channels == 1 else wave)[None]


def to_stereo(wave: torch.Tensor, frames: int) -> torch.Tensor:
    """Return audio of a network, (1, channels, any), as float32, (2, frames)."""
    made = wave[0].float()
    made = made.expand(2, -1) if made.shape[0] == 1 else made[:2]
    short = frames - made.shape[-1]
    return torch.nn.functional.pad(made, (0, max(0, short)))[:, :frames]
