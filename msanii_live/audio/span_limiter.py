"""A limiter of audio that comes span by span, as `limiter.limit` limits the whole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from msanii_live.audio.clip import Samples
from msanii_live.audio.limiter import CEILING, limiting_gain

_REACH = 512  # frames; see `limiting_gain`
LOOKAHEAD = 1_088  # frames whose gain depends on what follows: twice the reach, and the taps


class SpanLimiter:
    """The limiter of one clip. It holds back the last samples until it has those that follow."""

    def __init__(self, ceiling: float = CEILING) -> None:
        """Take the ceiling, linear, 0 to 1."""
        self._ceiling = ceiling
        self._pending = np.zeros((0, 2), np.float32)  # with what was returned before, unlimited
        self._returned = 0  # frames of those that were returned

    def add(self, samples: Samples, is_last: bool = False) -> Samples:
        """Add samples, float32, (frames, 2); return those whose gain is settled, limited.

        is_last: no more follow, so that all the rest is returned.
        """
        settled, gain = self.settle(samples, is_last)
        limited, near = settled.copy(), np.flatnonzero(gain != 1)
        limited[near] *= gain[near, None]
        return limited

    def settle(
        self, samples: Samples, is_last: bool = False
    ) -> tuple[Samples, NDArray[np.float32]]:
        """Add samples as `add` does; return those whose gain is settled, and their gain, (frames,).

        Where nothing is limited the gain is 1.
        """
        pending = np.concatenate([self._pending, samples])
        end = len(pending) if is_last else max(self._returned, len(pending) - LOOKAHEAD)
        gain = limiting_gain(pending, self._ceiling, _REACH)
        if gain is None:
            gain = np.ones(len(pending), np.float32)
        settled = pending[self._returned : end], gain[self._returned : end]
        kept = max(0, end - LOOKAHEAD)
        self._pending, self._returned = pending[kept:], end - kept
        return settled
