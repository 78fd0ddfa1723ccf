"""Denoising steps that follow how busy the machine is."""

from __future__ import annotations

FEWEST = 2  # steps; with fewer, chunks sound too poor
_CHUNKS_IN_TIME = 8  # chunks in time, after which the steps are raised again
_ROOM = 0.3  # of its own length, within which such a chunk must have been made
_SLOW = 0.5  # of its own length, beyond which making a chunk counts as the cause of its lateness


class DenoisingSteps:
    """The number of denoising steps a chunk: halved while chunks come late, then raised again."""

    def __init__(self) -> None:
        self._halvings = 0
        self._in_time = 0

    def limit(self, wanted: int) -> int:
        """Return the steps to use in place of the wanted ones."""
        return min(wanted, max(FEWEST, wanted >> self._halvings))

    @property
    def is_lowered(self) -> bool:
        """Whether fewer steps than wanted are used."""
        return self._halvings > 0

    def chunk_made(self, wanted: int, took: float, seconds: float, late: bool) -> str:
        """Take in how a chunk was made; return a warning for the musician, or nothing.

        wanted: steps. took: s that making it lasted. seconds: its length. late: it was not ready
        in time.
        """
        if late:
            self._in_time = 0
            if took > _SLOW * seconds and self.limit(wanted) > FEWEST:
                self._halvings += 1
                if self._halvings == 1:
                    return (
                        f"chunks come late: denoising steps go down from {wanted} to "
                        f"{self.limit(wanted)}, and further if need be, until the machine has time"
                    )
            return ""
        self._in_time = self._in_time + 1 if took < _ROOM * seconds else 0
        if self._halvings and self._in_time >= _CHUNKS_IN_TIME:
            self._in_time = 0
            self._halvings -= 1
            if not self._halvings:
                return f"chunks come in time: denoising steps are {wanted} again"
        return ""
