"""A clip that is played while it is made, as the server sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import soxr

from msanii_live.audio import Clip, Samples, as_stereo, make_clip
from msanii_live.playback.command_queue import CommandQueue
from msanii_live.playback.commands import NOW, ResumeRegion, StopTrack
from msanii_live.playback.mixer import Region
from msanii_live.playback.timeline import DECLICK

_FADE = 0.02  # s in which a clip begins, as of `Player.play`, and in which it gives way


@dataclass(frozen=True)
class _Replaced:
    """A region that the new clip replaced, and what it played."""

    region: Region
    clip: Clip
    samples: Samples


class GrowingSound:
    """The sound of one clip, to which audio is added, and which may start before it is whole.

    One thread at a time calls it. is_started: whether it was told to start.
    """

    def __init__(
        self,
        queue: CommandQueue,
        start_region: Callable[[Region, str], int],
        new_number: Callable[[], int],
        name: str,
        frames: int,
        rates: tuple[int, int],
    ) -> None:
        """Make room for it.

        start_region: starts a region with its second argument as `at`, and returns its number.
        name: of the clip, and of its track. frames: of the whole clip. rates: of the clip and of
        the device, Hz. Raises: CommandError: EOOM, shared memory is full.
        """
        self.name = name
        self._queue, self._start_region, self._new_number = queue, start_region, new_number
        self._rate, self._device_rate = rates
        self._left = round(frames * self._device_rate / self._rate)
        self._frames = self._left
        self._resampler = (
            None
            if self._rate == self._device_rate
            else soxr.ResampleStream(self._rate, self._device_rate, 2, "float32", "HQ")
        )
        buffer = np.zeros((self._frames, 2), np.float32)
        empty = make_clip(np.zeros((1, 2), np.float32), self._device_rate, name="")
        self._number = queue.load(empty, buffer, ("growing", id(buffer)), ready=0)
        self._region = 0
        self._replaced: _Replaced | None = None

    @property
    def is_started(self) -> bool:
        """Whether it was told to start."""
        return bool(self._region)

    def add(self, samples: Samples, is_last: bool = False) -> None:
        """Add the next samples of the clip. samples: float32, (frames, channels)."""
        more = as_stereo(samples)
        if self._resampler is not None:
            more = self._resampler.resample_chunk(more, last=is_last)
        more = np.ascontiguousarray(more[: self._left], np.float32)
        if len(more) and self._queue.extend(self._number, more):
            self._left -= len(more)

    def start(self, at: str, is_loop: bool) -> None:
        """Start to play what is there and what is to come.

        at: as of `Player.play`. is_loop: its end is not faded, as that of a clip which is no loop.
        Raises: CommandError: ERANGE, `at` is illegal.
        """
        self._replaced = self._find_replaced()
        fade_in, fade_out = round(_FADE * self._device_rate), DECLICK if is_loop else 0
        region = Region(0, self._number, self.name, NOW, self._frames, fade_in=fade_in)
        self._region = self._start_region(replace(region, fade_out=fade_out), at)

    def finish(self, clip: Clip) -> bool:
        """Take the whole clip, of which all samples were added.

        Returns whether it is played; if not, as after the loss of the device, it can be anew.
        """
        if not self.is_started or not self._queue.complete(
            self._number, clip, (id(clip.samples), False)
        ):
            self._queue.discard(self._number)
            return False
        return True

    def abandon(self) -> None:
        """Fade out, since the clip will never be whole; what it replaced plays again, in time."""
        is_acknowledged = self._queue.is_acknowledged  # to be read before the regions
        is_there = any(region.number == self._region for region in self._queue.regions)
        if self._region and (is_there or not is_acknowledged):
            fade = round(_FADE * self._device_rate)
            self._queue.send(StopTrack(self.name, NOW, fade))
            if self._replaced is not None:
                self._restore(self._replaced, fade)
        self._queue.discard(self._number)

    def _find_replaced(self) -> _Replaced | None:
        """Return the newest region of its track that goes on playing."""
        for region in reversed(self._queue.regions):
            clip = self._queue.clip(region.clip)
            is_stopping = region.end is not None and region.fade_out > 0
            if region.track == self.name and clip is not None and not is_stopping:
                return _Replaced(region, clip, self._queue.samples(region.clip))
        return None

    def _restore(self, replaced: _Replaced, fade: int) -> None:
        old = replaced.region
        key = (id(replaced.clip.samples), old.loop)
        number = self._queue.load(replaced.clip, replaced.samples, key)
        region = replace(old, number=self._new_number(), clip=number)
        self._queue.send(ResumeRegion(region, self._new_number(), fade))
