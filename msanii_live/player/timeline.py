"""What sounds when: the voices of a player, with the clips that they are of."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

import numpy as np

from msanii_live.audio import Clip, Samples, as_stereo
from msanii_live.player.mixing import Voice
from msanii_live.player.sounds import resample
from msanii_live.player.transport import Transport


@dataclass(frozen=True)
class Place:
    """Say where a player is: at `frame` at `now`, s; before `earliest` nothing may change."""

    now: float
    frame: float
    earliest: int


@dataclass(frozen=True)
class _Sounding:
    clip: Clip
    voice: Voice


class Timeline:
    """Hold voices; changes are made under a lock, and seen at once and whole without one."""

    def __init__(self, transport: Transport, sample_rate: int) -> None:
        """Begin empty. sample_rate: of the device, Hz."""
        self.transport = transport
        self.sample_rate = sample_rate
        self.voices: tuple[Voice, ...] = ()  # replaced, never changed: the callback reads it
        self._sounding: tuple[_Sounding, ...] = ()
        self._lock = threading.Lock()

    def fit(self, clip: Clip) -> Samples:
        """Return a clip's samples as the device takes them: float32 (frames, 2), at its rate."""
        return as_stereo(resample(clip.samples, clip.info.sample_rate, self.sample_rate))

    def play(
        self,
        clip: Clip,
        samples: Samples,
        place: Place,
        *,
        at: str,
        loop: bool,
        gain_db: float,
        fade: float,
    ) -> None:
        """Place a clip; a sounding clip of the same name fades out as this one fades in.

        samples: the clip's, from `fit`. at: as `Transport.seconds_until`. fade: s.
        Raises: CommandError: ERANGE, `at` is illegal.
        """
        start = self._frame(at, place)
        voice = Voice(
            samples,
            start,
            gain=10.0 ** (gain_db / 20.0),
            fade_in=self._frames(fade),
            loop=loop,
        )
        with self._lock:
            others = self._ended(clip.info.name, start, self._frames(fade), place.earliest)
            self._swap((*others, _Sounding(clip, voice)))

    def stop(self, name: str | None, place: Place, *, at: str, fade: float) -> None:
        """End the clip of this name, or all, also what is yet to start; none such is no error.

        at: when the fade out begins, as `Transport.seconds_until`. fade: s.
        Raises: CommandError: ERANGE, `at` is illegal.
        """
        begin = self._frame(at, place)
        with self._lock:
            self._swap(self._ended(name, begin, self._frames(fade), place.earliest))

    def current(self, frame: int) -> Clip | None:
        """Return the clip that started last of those that sound at a frame."""
        sounding = [s for s in self._sounding if s.voice.sounds_at(frame)]
        # max() takes the first of equals; of two that start together the later command counts.
        latest = max(reversed(sounding), key=lambda s: s.voice.start, default=None)
        return latest.clip if latest else None

    def prune(self, frame: int) -> None:
        """Let go of voices that are over before a frame."""
        if any(voice.is_over(frame) for voice in self.voices):
            with self._lock:
                self._swap(tuple(s for s in self._sounding if not s.voice.is_over(frame)))

    def _swap(self, sounding: tuple[_Sounding, ...]) -> None:
        self._sounding = sounding
        self.voices = tuple(s.voice for s in sounding)

    def _ended(
        self, name: str | None, begin: int, fade: int, earliest: int
    ) -> tuple[_Sounding, ...]:
        kept = []
        for sounding in self._sounding:
            voice = sounding.voice
            if name in (None, sounding.clip.info.name):
                if voice.start >= begin:
                    continue
                voice = _fading(voice, begin, fade)
            if not voice.is_over(earliest - 1):
                kept.append(_Sounding(sounding.clip, voice))
        return tuple(kept)

    def _frame(self, at: str, place: Place) -> int:
        wait = self.transport.seconds_until(at, place.now)
        return max(place.earliest, round(place.frame + wait * self.sample_rate))

    def _frames(self, seconds: float) -> int:
        return round(seconds * self.sample_rate)


def _fading(voice: Voice, begin: int, fade: int) -> Voice:
    end = begin + fade
    if voice.end is not None and voice.end <= end:
        return voice
    if voice.end is not None and begin > voice.end - voice.fade_out:
        # It fades already, more slowly: go on from the level it will have, not from full again.
        full = replace(voice, fade_in=0)
        level = float(full.level_at(np.array([begin], dtype=np.int64))[0])
        voice = replace(voice, gain=level)
    return replace(voice, end=end, fade_out=fade)
