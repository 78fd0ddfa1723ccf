"""Latents of audio that was encoded lately, so that it is not encoded again."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable

import torch

MAX_BYTES = 64 * 2**20


class LatentCache:
    """The latents of the audio that was encoded last, up to a number of bytes.

    Audio is known by its samples, so a file that changes is encoded anew.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        """Begin empty."""
        self._max_bytes = max_bytes
        self._latents: OrderedDict[bytes, torch.Tensor] = OrderedDict()

    def encode(
        self, wave: torch.Tensor, encode: Callable[[torch.Tensor], torch.Tensor]
    ) -> torch.Tensor:
        """Return the latents of audio; `encode` makes them if they are not here.

        wave: float32, (2, frames). The latents must not be written to.
        """
        samples = wave.detach().cpu().contiguous().numpy()
        key = hashlib.blake2b(samples.tobytes(), digest_size=16).digest()
        found = self._latents.get(key)
        if found is None:
            found = self._latents[key] = encode(wave)
            while sum(map(_bytes, self._latents.values())) > self._max_bytes:
                self._latents.popitem(last=False)
        else:
            self._latents.move_to_end(key)
        return found

    def __len__(self) -> int:
        """Return how many pieces of audio it knows."""
        return len(self._latents)


def _bytes(latents: torch.Tensor) -> int:
    return latents.numel() * latents.element_size()
