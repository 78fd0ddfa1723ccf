"""A cache of clips in memory; the least recently used ones go first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from msanii_live.audio import Clip


class ClipCache:
    """A cache of clips up to a number of bytes. It is not thread-safe: its owner has the lock.

    A pinned clip exists nowhere else and is never evicted. Nor is the clip that was put last.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._clips: OrderedDict[Hashable, Clip] = OrderedDict()
        self._pinned: set[Hashable] = set()

    def put(self, key: Hashable, clip: Clip, *, pinned: bool = False) -> None:
        """Add a clip; it replaces an earlier one with the same key."""
        self.remove(key)
        self._clips[key] = clip
        self._bytes += _bytes(clip)
        if pinned:
            self._pinned.add(key)
        self._evict(key)

    def get(self, key: Hashable) -> Clip | None:
        """Return a clip and mark it as most recently used; None if it is not cached."""
        clip = self._clips.get(key)
        if clip is not None:
            self._clips.move_to_end(key)
        return clip

    def unpin(self, key: Hashable) -> None:
        """Allow a clip to be evicted: it is on disk."""
        self._pinned.discard(key)

    def remove(self, key: Hashable) -> None:
        """Remove a clip, if it is cached."""
        clip = self._clips.pop(key, None)
        self._pinned.discard(key)
        if clip is not None:
            self._bytes -= _bytes(clip)

    def _evict(self, newest: Hashable) -> None:
        if self._bytes <= self._max_bytes:
            return
        for key in [k for k in self._clips if k not in self._pinned and k != newest]:
            self.remove(key)
            if self._bytes <= self._max_bytes:
                return


def _bytes(clip: Clip) -> int:
    return clip.samples.nbytes + sum(stem.nbytes for stem in clip.stems.values())
