"""The source clips that a worker keeps, so that each is sent to it once."""

from __future__ import annotations

import hashlib
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np

from msanii_live.audio import Clip, Samples

KEPT_BYTES = 512 * 2**20

T = TypeVar("T")


class KeptClips(Generic[T]):
    """Things by the key of a clip, of limited size together; the least used goes first."""

    def __init__(self, limit: int = KEPT_BYTES) -> None:
        """Begin empty. limit: bytes; one thing may be larger."""
        self._limit = limit
        self._kept: OrderedDict[str, tuple[T, int]] = OrderedDict()
        self._size = 0

    def __contains__(self, key: str) -> bool:
        return key in self._kept

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: str) -> T | None:
        """Return what is kept, None if it is not."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def add(self, key: str, value: T, size: int) -> None:
        """Keep a thing of so many bytes."""
        if key in self._kept:
            self._size -= self._kept.pop(key)[1]
        self._kept[key] = value, size
        self._size += size
        while self._size > self._limit and len(self._kept) > 1:
            _, (_, old) = self._kept.popitem(last=False)
            self._size -= old

    def or_add(self, key: str, make: Callable[[], T], size: int) -> T:
        """Return what is kept, or make it and keep it."""
        found = self.get(key)
        if found is None:
            found = make()
            self.add(key, found, size)
        return found

    def clear(self) -> None:
        """Keep nothing."""
        self._kept.clear()
        self._size = 0


def clip_key(clip: Clip) -> str:
    """Return a text that differs between clips that differ in sound, facts, notes or stems."""
    digest = hashlib.blake2b(digest_size=16)
    for samples in (clip.samples, *(clip.stems[part] for part in sorted(clip.stems))):
        digest.update(_samples_digest(samples))
    digest.update(repr((clip.info, clip.score, sorted(clip.stems))).encode())
    return digest.hexdigest()


def _samples_digest(samples: Samples) -> bytes:
    """Return a digest of samples, which never change: of an array that is still there, the last."""
    place = id(samples)
    known = _digests.get(place)
    if known is not None and known[0]() is samples:
        return known[1]
    digest = hashlib.blake2b(np.ascontiguousarray(samples).view(np.uint8).data, digest_size=16)
    _digests[place] = (
        weakref.ref(samples, lambda _: _digests.pop(place, None)),
        digest.digest(),
    )
    return _digests[place][1]


_digests: dict[int, tuple[weakref.ref[Samples], bytes]] = {}


def clip_bytes(clip: Clip) -> int:
    """Return the size of a clip's samples and stems."""
    return clip.samples.nbytes + sum(samples.nbytes for samples in clip.stems.values())
