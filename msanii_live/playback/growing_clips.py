"""Clips of the audio host that are played while they are made: never past what is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from msanii_live.playback.mixer import Region, render

if TYPE_CHECKING:  # the audio host imports this module, and must start fast
    from msanii_live.audio import Samples

FADE = 220  # frames, 5 ms: of the fade before audio that is not there yet, and after it
_SPARE = 4_410  # frames that must be there, beyond what is due, before a silent region sounds again


class GrowingClips:
    """How much is there of each clip that grows, and which regions wait for more.

    A region that would run out of audio fades out before its end. It stays in time: it fades in
    again where it would be by then, so that its beat is kept.
    """

    def __init__(self) -> None:
        self._ready: dict[int, int] = {}  # frames of each clip that grows
        self._silent: set[int] = set()  # numbers of the regions that wait

    def set_ready(self, clip: int, ready: int, frames: int) -> None:
        """Note that frames [0, ready) of a clip are there, of `frames` in all."""
        self._ready.pop(clip, None)
        if ready < frames:
            self._ready[clip] = ready

    def forget(self, clip: int) -> None:
        """Forget a clip that no region will use again."""
        self._ready.pop(clip, None)

    def render(
        self, regions: Sequence[Region], clips: Mapping[int, Samples], position: int, frames: int
    ) -> Samples:
        """Return what `mixer.render` does, with silence in place of what is not there."""
        if not (self._ready or self._silent):
            return render(regions, clips, position, frames)
        self._silent &= {region.number for region in regions}
        whole, faded = [], []
        for region in regions:
            gain = self._gain(region, position, frames)
            if gain is None:
                whole.append(region)
            else:
                faded.append((region, gain))
        mix = render(whole, clips, position, frames)
        for region, gain in faded:
            mix += render([region], clips, position, frames) * gain[:, None]
        return np.clip(mix, -1.0, 1.0, out=mix)

    def _gain(self, region: Region, position: int, frames: int) -> Samples | None:
        """Return the gain of each frame of a region, (frames,); None if it is 1 throughout."""
        ready = self._ready.get(region.clip)
        is_silent = region.number in self._silent
        last = position + frames
        if (ready is None and not is_silent) or region.start >= last:
            return None
        there = last + FADE + _SPARE if ready is None else region.start + ready - region.skip
        if region.finish is not None and there >= region.finish:
            there = max(there, last + FADE + _SPARE)
        at = np.arange(position, last)
        if is_silent:
            if there < last + FADE + _SPARE:
                return np.zeros(frames, np.float32)
            self._silent.discard(region.number)
            return np.clip((at - position) / FADE, 0.0, 1.0).astype(np.float32)
        if there >= last + FADE:
            return None
        self._silent.add(region.number)
        end = min(there, max(position, region.start) + FADE)
        return np.clip((end - 1 - at) / FADE, 0.0, 1.0).astype(np.float32)
