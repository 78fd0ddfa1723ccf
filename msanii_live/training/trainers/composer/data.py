"""The pieces of a run: composed once, then read from the folder."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from msanii_live.training.data.composition.compose import compose
from msanii_live.training.data.composition.model import STYLES, Composition
from msanii_live.training.trainers.composer.pieces import Pieces, gather
from msanii_live.training.trainers.composer.recipe import ComposedData

HELD_OUT = 10_000_000  # first seed of the pieces that no run trains on
Report = Callable[[str], None]


@dataclass(frozen=True)
class PieceSets:
    """The pieces of a run. held_out: never trained on."""

    training: Pieces
    held_out: Pieces


def load_sets(folder: Path, data: ComposedData, report: Report) -> PieceSets:
    """Read the pieces of a run; compose them first if the folder lacks them."""
    folder.mkdir(parents=True, exist_ok=True)
    training = _load(folder / f"pieces-{data.pieces}.npz", 0, data.pieces, data.workers, report)
    held_out = folder / f"held_out-{data.held_out}.npz"
    return PieceSets(training, _load(held_out, HELD_OUT, data.held_out, data.workers, report))


def compose_held_out(count: int) -> Pieces:
    """Compose the first held-out pieces."""
    return gather(map(compose, range(HELD_OUT, HELD_OUT + count)), STYLES)


def _load(path: Path, first: int, count: int, workers: int, report: Report) -> Pieces:
    if not path.exists():
        started = time.monotonic()

        def report_progress(done: int) -> None:
            if done % 500 == 0:
                report(f"composed {done} of {count}")

        composed = _compose_all(range(first, first + count), workers)
        gather(composed, STYLES, report_progress).save(path)
        report(f"{path}: {count} pieces composed in {time.monotonic() - started:.0f} s")
    return Pieces.load(path)


def _compose_all(seeds: range, workers: int) -> Iterator[Composition]:
    workers = workers or os.cpu_count() or 1
    if workers == 1:
        yield from map(compose, seeds)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(compose, seeds, chunksize=16)
