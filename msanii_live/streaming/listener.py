"""Who is told what happens to a stream."""

from __future__ import annotations

from typing import Protocol


class StreamListener(Protocol):
    """A receiver of what happens to a stream, called from the stream's thread."""

    def chunk_ready(
        self, index: int, start: float, seconds: float, took: float, ahead: float
    ) -> None:
        """Receive that a chunk is ready.

        start: s since the stream began. seconds: its length. took: s that making it lasted. ahead:
        s that are ready.
        """

    def late(self, index: int, seconds: float) -> None:
        """Receive that a bar of so many seconds is repeated, because a chunk is not ready."""

    def warn(self, text: str) -> None:
        """Receive what went wrong; the stream goes on."""

    def ended(self, reason: str) -> None:
        """Receive that the stream has ended and why; exactly once for a stream that began."""
