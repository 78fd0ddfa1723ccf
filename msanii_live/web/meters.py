"""Output and input levels, the tracks that play, and how far ahead the stream is."""

from __future__ import annotations

import math

from msanii_live.errors import CommandError
from msanii_live.playback.mixer import Region
from msanii_live.playback.player import Player
from msanii_live.playback.shared_state import HostStat
from msanii_live.streaming.stream import STREAM_NAME

FLOOR_DB = -90.0  # the reading for silence
MAX_WINDOW_SECONDS = 0.5  # that one reading covers

Levels = dict[str, list[float]]


class Meters:
    """Level meters of output and input. Each reading covers the time since the one before."""

    def __init__(self, player: Player) -> None:
        """Start at the current frame."""
        self._player = player
        self._next = {"output": 0, "input": 0}

    def read(self) -> dict[str, Levels | None]:
        """Return peak and RMS of left and right in dBFS, for the output and the input.

        The input is None if there is none.
        """
        has_input = self._player.stat(HostStat.CAPTURED) > 0
        return {
            "output": self._levels("output"),
            "input": self._levels("input") if has_input else None,
        }

    def _levels(self, source: str) -> Levels | None:
        player = self._player
        last = player.position(source)
        first = max(self._next[source], last - player.to_frames(MAX_WINDOW_SECONDS))
        if first > last:  # a new device starts at another frame
            first = last
        self._next[source] = last
        try:
            samples = player.read_history(source, first, last)
        except CommandError:  # the input has gone
            return None
        if not len(samples):
            return {"peak": [FLOOR_DB, FLOOR_DB], "rms": [FLOOR_DB, FLOOR_DB]}
        peak = abs(samples).max(axis=0).tolist()
        rms = (samples**2).mean(axis=0).tolist()
        return {
            "peak": [_to_decibels(20, value) for value in peak],
            "rms": [_to_decibels(10, value) for value in rms],
        }


def _to_decibels(factor: int, value: float) -> float:
    """Return a level in dB, rounded to 0.5 so that a steady level is sent once. NaN is silence."""
    return max(FLOOR_DB, round(2 * factor * math.log10(value)) / 2) if value > 0 else FLOOR_DB


def playing_tracks(player: Player) -> list[dict[str, object]]:
    """Return the tracks that play now: [{name, loop}]. name: what `/msanii/stop` takes."""
    frame = round(player.now() * player.rate)
    playing = [region for region in player.regions() if region.is_playing_at(frame)]
    names = dict.fromkeys(region.track for region in playing if region.track)
    loops = {region.track for region in playing if region.loop and not region.fallback}
    return [{"name": name, "loop": name in loops} for name in names]


def stream_lead(player: Player) -> dict[str, object] | None:
    """Return {state, lead}, or None if the timeline has no part of the stream.

    state: "runs", or "late" while the last bar repeats. lead: seconds of audio that are ready.
    """
    regions = player.regions()
    frame = player.now() * player.rate
    fallbacks = [region for region in regions if region.track == STREAM_NAME and region.fallback]
    last = _last_chunk(regions, fallbacks)
    if last is None and not fallbacks:
        return None
    finish = last.finish if last is not None else None
    lead = max(0.0, (finish - frame) / player.rate) if finish is not None else 0.0
    is_late = lead == 0 and any(region.is_playing_at(round(frame)) for region in fallbacks)
    return {"state": "late" if is_late else "runs", "lead": round(lead, 1)}


def _last_chunk(regions: tuple[Region, ...], fallbacks: list[Region]) -> Region | None:
    """Return the last chunk of the stream, or the region that its first chunk will follow."""
    chunks = [region for region in regions if region.track == STREAM_NAME and not region.fallback]
    if chunks:
        return max(chunks, key=lambda region: region.start)
    followed = {fallback.follows for fallback in fallbacks}  # the clip that the stream continues
    return next((region for region in regions if region.number in followed), None)
