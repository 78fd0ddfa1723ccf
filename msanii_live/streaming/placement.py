"""Where the end of a stream lies on the player's timeline."""

from __future__ import annotations

import math
from dataclasses import dataclass

from msanii_live.playback.mixer import Region
from msanii_live.playback.player import Player
from msanii_live.playback.timeline import last_in_chain


@dataclass(frozen=True)
class Placement:
    """The end of a stream in the player.

    last: the region that ends last. fallback: the bar that is repeated after it. is_pending: the
    player has not placed them yet. is_stopped: they fade out, or are gone.
    """

    last: Region | None = None
    fallback: Region | None = None
    is_pending: bool = False
    is_stopped: bool = False

    def end(self, player: Player) -> float:
        """Return the second at which what is ready ends.

        The fallback counts as ready only where nothing else is left. Of a loop, it is the end of
        the turn that plays. Only for a placement that is neither pending nor gone.
        """
        region = self.last or self.fallback
        assert region is not None
        if region.fallback:
            return region.start / player.rate
        finish = region.finish
        if finish is None:
            position = player.now() * player.rate - region.start
            finish = region.start + max(1, math.ceil(position / region.length)) * region.length
        return finish / player.rate


def find_placement(player: Player, region: int) -> Placement:
    """Return where a stream ends, as the player last reported.

    region: number of the last region that the stream asked for; others may have followed it.
    """
    is_acknowledged = player.is_acknowledged  # to be read before the regions
    regions = player.regions()
    number = last_in_chain(regions, region)
    fallback = next((r for r in regions if r.fallback and r.follows == number), None)
    last = next((r for r in regions if r.number == number), None)
    if last is None and fallback is None:
        return Placement(is_pending=not is_acknowledged, is_stopped=is_acknowledged)
    is_stopped = any(r.end is not None and r.fade_out for r in (last, fallback) if r)
    return Placement(last, fallback, is_stopped=is_stopped)
