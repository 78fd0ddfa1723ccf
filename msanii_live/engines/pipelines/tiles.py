"""Autoencoders on long audio, piece by piece: memory that does not grow with the length.

Stable Audio 3's attends within a band, but holds a mask of all places by all places: whole, 120 s
would take memory by the square of their length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

TILE_SECONDS = 20.0  # of a piece; shorter audio is coded whole
LEAST_TILE_SECONDS = 5.0  # of a piece where the memory runs out


@dataclass(frozen=True)
class Tiles:
    """Pieces of a number of latents, each with what its own ends depend on.

    hop: samples of a latent. size: latents of a piece. overlap: latents that are coded with it on
    either side and left out again: at least as many as the network looks to one side.
    """

    hop: int
    size: int
    overlap: int

    def spans(self, count: int) -> Iterator[tuple[int, int, int, int]]:
        """Return (first, last) of each piece, and (begin, end) of what is coded for it."""
        if count <= self.size + 2 * self.overlap:
            yield 0, count, 0, count
            return
        for first in range(0, count, self.size):
            last = min(first + self.size, count)
            yield first, last, max(0, first - self.overlap), min(count, last + self.overlap)

    def decode(
        self, latents: torch.Tensor, decode: Callable[[torch.Tensor], torch.Tensor]
    ) -> torch.Tensor:
        """Return the audio of latents, (2, latents * hop).

        latents: (1, dimensions, latents). decode: returns that of some of them.
        """
        made = []
        for first, last, begin, end in self.spans(latents.shape[-1]):
            wave = decode(latents[..., begin:end])
            made.append(wave[:, (first - begin) * self.hop : (last - begin) * self.hop])
        return torch.cat(made, -1) if len(made) > 1 else made[0]

    def encode(
        self, wave: torch.Tensor, encode: Callable[[torch.Tensor], torch.Tensor]
    ) -> torch.Tensor:
        """Return the latents of audio, (1, dimensions, latents).

        wave: (2, latents * hop). encode: returns those of a part of it.
        """
        made = []
        for first, last, begin, end in self.spans(wave.shape[-1] // self.hop):
            latents = encode(wave[:, begin * self.hop : end * self.hop])
            made.append(latents[..., first - begin : last - begin])
        return torch.cat(made, -1) if len(made) > 1 else made[0]
