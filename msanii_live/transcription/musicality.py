"""Whether a sound is music, by how surely the transcriber hears a beat, onsets and held notes.

Noise, hum and crackle give it none of them; speech gives it onsets, but neither a steady beat nor
held notes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msanii_live.notes import Score

BEAT = 0.22  # likelihood of the beats of music in time
ONSET, HELD = 0.2, 0.4  # of onsets, and of notes that sound on, in music out of time
LEAST_EVENTS = 0.4  # notes and hits a second
_ONSETS_A_SECOND = 2  # whose likelihood counts

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Musicality:
    """How sure the transcriber is of what it hears.

    beat: mean likelihood of the beats, 0 without a steady beat. onsets: mean likelihood of the
    clearest onsets, two a second. held: mean likelihood that some note sounds. events: notes and
    hits a second.
    """

    beat: float
    onsets: float
    held: float
    events: float

    @property
    def is_music(self) -> bool:
        """Whether it is rather music than noise, speech or a hum."""
        if self.events < LEAST_EVENTS:
            return False
        in_time = self.beat >= BEAT
        return in_time or (self.onsets >= ONSET and self.held >= HELD)


NOTHING_HEARD = Musicality(0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Listening:
    """What is heard in a clip, and whether that is music."""

    score: Score
    is_music: bool


def clearest(likely: Array, seconds: float) -> float:
    """Return the mean of the highest likelihoods, two a second. likely: (frames,)."""
    count = max(1, int(seconds * _ONSETS_A_SECOND))
    return float(np.sort(likely)[::-1][:count].mean()) if len(likely) else 0.0
