"""Samples kept in memory, the least recently used given up first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from msanii_live.audio import Clip


class ClipCache:
    """Keep clips up to a number of bytes; not thread-safe, its owner has the lock.

    A pinned clip exists nowhere else and is never given up, nor is the clip put in last.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._clips: OrderedDict[Hashable, Clip] = OrderedDict()
        self._pinned: set[Hashable] = set()

    def put(self, key: Hashable, clip: Clip, *, pinned: bool = False) -> None:
        """Keep a clip, in place of an earlier one of the same key."""
        self.drop(key)
        self._clips[key] = clip
        self._bytes += clip.samples.nbytes
        if pinned:
            self._pinned.add(key)
        self._shrink(key)

    def get(self, key: Hashable) -> Clip | None:
        """Return a clip, now the most recently used, or None."""
        clip = self._clips.get(key)
        if clip is not None:
            self._clips.move_to_end(key)
        return clip

    def unpin(self, key: Hashable) -> None:
        """Let a clip be given up again: it is on disk."""
        self._pinned.discard(key)

    def drop(self, key: Hashable) -> None:
        """Forget a clip, if it is there."""
        clip = self._clips.pop(key, None)
        self._pinned.discard(key)
        if clip is not None:
            self._bytes -= clip.samples.nbytes

    def _shrink(self, newest: Hashable) -> None:
        if self._bytes <= self._most:
            return
        for key in [k for k in self._clips if k not in self._pinned and k != newest]:
            self.drop(key)
            if self._bytes <= self._most:
                return
