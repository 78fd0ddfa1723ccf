"""What is heard, in numbers: meters, what sounds, and how far ahead the stream is."""

from __future__ import annotations

import math

from msanii_live.errors import CommandError
from msanii_live.playback.mixer import Part
from msanii_live.playback.player import Player
from msanii_live.playback.shared_state import Gauge
from msanii_live.streaming.stream import DECK

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
        has_input = self._player.gauge(Gauge.HEARD) > 0
        return {
            "output": self._levels("output"),
            "input": self._levels("input") if has_input else None,
        }

    def _levels(self, source: str) -> Levels | None:
        player = self._player
        last = player.position(source)
        first = max(self._next[source], last - player.frames(LONGEST))
        if first > last:  # another device counts from elsewhere
            first = last
        self._next[source] = last
        try:
            samples = player.recall(source, first, last)
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
    heard = [part for part in player.parts() if part.sounds_at(frame)]
    names = dict.fromkeys(part.deck for part in heard if part.deck)
    loops = {part.deck for part in heard if part.loop and not part.spare}
    return [{"name": name, "loop": name in loops} for name in names]


def stream_lead(player: Player) -> dict[str, object] | None:
    """Return how the stream is: state "runs" or "late", and the lead, s of it that are ready.

    None where nothing of it is on the timeline. It is late while its last bar sounds again.
    """
    parts = player.parts()
    frame = player.now() * player.rate
    spares = [part for part in parts if part.deck == DECK and part.spare]
    last = _last(parts, spares)
    if last is None and not spares:
        return None
    finish = last.finish if last is not None else None
    lead = max(0.0, (finish - frame) / player.rate) if finish is not None else 0.0
    is_late = lead == 0 and any(part.sounds_at(round(frame)) for part in spares)
    return {"state": "late" if is_late else "runs", "lead": round(lead, 1)}


def _last(parts: tuple[Part, ...], spares: list[Part]) -> Part | None:
    """Return the stream's last part: what its newest spare would follow, or the latest chunk."""
    mine = [part for part in parts if part.deck == DECK and not part.spare]
    if mine:
        return max(mine, key=lambda part: part.start)
    followed = {spare.follows for spare in spares}  # the clip that it goes on from
    return next((part for part in parts if part.number in followed), None)
