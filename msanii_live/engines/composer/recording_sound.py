"""The sound of a recording, learnt once and given to all that is played after it."""

from __future__ import annotations

from dataclasses import dataclass

from msanii_live.audio import Samples
from msanii_live.engines.composer.dynamics_match import DynamicsMatch, match_dynamics
from msanii_live.engines.composer.sound_match import SoundMatch, match_sound
from msanii_live.engines.loudness import measure_loudness


@dataclass(frozen=True)
class RecordingSound:
    """What gives a player the sound of a recording. loudness: of the recording, LUFS."""

    dynamics: DynamicsMatch
    filters: tuple[SoundMatch, ...]
    loudness: float

    def apply(self, played: Samples) -> Samples:
        """Return what was played with this sound. played: float32, (frames, 2), 44,100 Hz."""
        (made,) = self.dynamics.apply([played])
        for each in self.filters:
            made = each.apply(made)
        return made


def learn_sound(recording: Samples, played: Samples) -> RecordingSound:
    """Learn the sound of a recording. played: its own notes, as the player plays them.

    recording, played: float32, (frames, 2), 44,100 Hz.
    """
    dynamics = match_dynamics(recording, played)
    (made,) = dynamics.apply([played])
    filters = []
    for _ in range(2):  # the filters are smooth, so that the first leaves a rest
        filters.append(match_sound(recording, made))
        made = filters[-1].apply(made)
    return RecordingSound(dynamics, tuple(filters), measure_loudness(recording))
