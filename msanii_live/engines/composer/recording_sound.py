"""The sound of a recording, learnt once and given to all that is played after it."""

from __future__ import annotations

from collections.abc import Sequence
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
    dynamics, filters, _ = match_recording(recording, played, [played])
    return RecordingSound(dynamics, filters, measure_loudness(recording))


def match_recording(
    recording: Samples, same: Samples, sounds: Sequence[Samples]
) -> tuple[DynamicsMatch, tuple[SoundMatch, ...], list[Samples]]:
    """Return what gives a sound and its stems the sound of a recording, and the result of it.

    same: of what was played, what has the notes of the recording. sounds: the whole, then its
    stems; float32, (frames, 2), 44,100 Hz.
    """
    dynamics = match_dynamics(recording, same)
    made = dynamics.apply(sounds)
    filters = []
    for _ in range(2):  # the filters are smooth, so that the first leaves a rest
        filters.append(match_sound(recording, made[0]))
        made = [filters[-1].apply(each) for each in made]
    return dynamics, tuple(filters), made
