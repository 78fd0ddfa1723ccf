"""What a worker needs of its machine, so that Ray starts it where there is room."""

from __future__ import annotations

from pathlib import Path

from msanii_live.config_file import expand_path
from msanii_live.engines.builtin import BUILT_IN, canonical_name
from msanii_live.hub.catalogue import find_model
from msanii_live.hub.store import ModelStore

BASE_BYTES = 2**30  # Python, PyTorch, an engine that ships, and the clips at work


def worker_bytes(engine: str) -> int:
    """Return the memory that a worker with a default engine takes, about, bytes.

    engine: a name, a published model, or a path. Weights are counted where they lie here, or where
    their size is known; a worker that loads other engines besides takes more.
    """
    if canonical_name(engine) in BUILT_IN:
        return BASE_BYTES
    path = expand_path("engine", engine, "--engine")
    stored = ModelStore().get(engine)
    known = find_model(engine)
    if path.exists():
        weights = sum(_size(file) for file in (path, *path.rglob("*")))
    elif stored is not None:
        weights = stored.bytes_on_disk()
    else:
        weights = round(known.gigabytes * 1e9) if known is not None else 0
    return BASE_BYTES + weights


def memory_share(need: int, total: float, workers: int) -> int:
    """Return what each of some workers asks of one machine that they have to themselves, bytes.

    A user who gives their number has them start, if slowly: together they ask for no more than
    there is. total: of the machine, 0 if it is not known.

    >>> memory_share(1_000, 8_000.0, 2), memory_share(1_000, 8_000.0, 16)
    (1000, 500)
    """
    return min(need, int(total / workers)) if total else 0


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0
