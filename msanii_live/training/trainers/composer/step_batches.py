"""The batch of each step of a run, drawn ahead by processes where there is a GPU to feed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from torch.utils.data import DataLoader, Dataset

from msanii_live.training.trainers.composer.windows import Examples, Windows

AHEAD = 4  # batches that each process draws ahead


class StepBatches(Dataset[Examples]):
    """The batches of a run by step; each depends on the seed and the step alone."""

    def __init__(self, windows: Windows, size: int, seed: int) -> None:
        self.windows, self.size, self.seed = windows, size, seed

    def __getitem__(self, step: int) -> Examples:
        """Draw the batch of a step."""
        return self.windows.draw(self.size, np.random.default_rng((self.seed, step)))

    def from_step(self, first: int, workers: int) -> Iterator[Examples]:
        """Yield the batches of all steps from the first on. workers: processes; 0 for none."""
        ahead = AHEAD if workers else None
        steps = itertools.count(first)
        yield from DataLoader(
            self, batch_size=None, sampler=steps, num_workers=workers, prefetch_factor=ahead
        )
