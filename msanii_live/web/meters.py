"""What is heard, in numbers: meters, what sounds, and how far ahead the stream is."""

from __future__ import annotations

import math

from msanii_live.errors import CommandError
from msanii_live.playback.mixer import Region
from msanii_live.playback.player import Player
from msanii_live.playback.shared_state import HostStat
from msanii_live.streaming.stream import STREAM_NAME

FLOOR = -90.0  # dBFS: what a meter shows of silence
LONGEST = 0.5  # s that one look covers at most

Levels = dict[str, list[float]]


class Meters:
    """Measure output and input, each look from where the last one ended."""

    def __init__(self, player: Player) -> None:
        """Begin now."""
        self._player = player
        self._next = {"output": 0, "input": 0}

    def look(self) -> dict[str, Levels | None]:
        """Return peak and RMS of left and right, dBFS, of the output and, where it runs, input."""
        has_input = self._player.stat(HostStat.CAPTURED) > 0
        return {
            "output": self._levels("output"),
            "input": self._levels("input") if has_input else None,
        }

    def _levels(self, source: str) -> Levels | None:
        player = self._player
        last = player.position(source)
        first = max(self._next[source], last - player.to_frames(LONGEST))
        if first > last:  # another device counts from elsewhere
            first = last
        self._next[source] = last
        try:
            samples = player.read_history(source, first, last)
        except CommandError:  # no input any more
            return None
        if not len(samples):
            return {"peak": [FLOOR, FLOOR], "rms": [FLOOR, FLOOR]}
        peak = abs(samples).max(axis=0).tolist()
        rms = (samples**2).mean(axis=0).tolist()
        return {
            "peak": [_shown(20, value) for value in peak],
            "rms": [_shown(10, value) for value in rms],
        }


def _shown(factor: int, value: float) -> float:
    """Return a level in dB to half a dB, so that a steady one is sent once. NaN is silence."""
    return max(FLOOR, round(2 * factor * math.log10(value)) / 2) if value > 0 else FLOOR


def sounding(player: Player) -> list[dict[str, object]]:
    """Return what is heard now: by what name it is stopped, and whether it goes round."""
    frame = round(player.now() * player.rate)
    heard = [region for region in player.regions() if region.sounds_at(frame)]
    names = dict.fromkeys(region.track for region in heard if region.track)
    loops = {region.track for region in heard if region.loop and not region.fallback}
    return [{"name": name, "loop": name in loops} for name in names]


def stream_lead(player: Player) -> dict[str, object] | None:
    """Return how the stream is: state "runs" or "late", and the lead, s of it that are ready.

    None where nothing of it is on the timeline. It is late while its last bar sounds again.
    """
    regions = player.regions()
    frame = player.now() * player.rate
    fallbacks = [region for region in regions if region.track == STREAM_NAME and region.fallback]
    last = _last(regions, fallbacks)
    if last is None and not fallbacks:
        return None
    finish = last.finish if last is not None else None
    lead = max(0.0, (finish - frame) / player.rate) if finish is not None else 0.0
    is_late = lead == 0 and any(region.sounds_at(round(frame)) for region in fallbacks)
    return {"state": "late" if is_late else "runs", "lead": round(lead, 1)}


def _last(regions: tuple[Region, ...], fallbacks: list[Region]) -> Region | None:
    """Return the stream's last part: what its newest spare would follow, or the latest chunk."""
    mine = [region for region in regions if region.track == STREAM_NAME and not region.fallback]
    if mine:
        return max(mine, key=lambda region: region.start)
    followed = {fallback.follows for fallback in fallbacks}  # the clip that it goes on from
    return next((region for region in regions if region.number in followed), None)
