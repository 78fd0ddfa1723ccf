"""What sounds when: parts on a timeline of which the past can no longer be changed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from msanii_live.playback.commands import NOW, Join, Start, Stop
from msanii_live.playback.mixer import Region

DECLICK = 220  # frames, 5 ms: the shortest fade out of what is cut off


class Decks:
    """Hold the parts. Every method takes `position`, the first frame not yet rendered.

    Nothing before it is changed, so that however late an order comes it makes no click.
    """

    def __init__(self) -> None:
        self.regions: tuple[Region, ...] = ()
        self.refused: list[int] = []

    def start(self, order: Start, position: int) -> None:
        """Place a part; what its deck sounds fades out as this fades in."""
        start = _reachable(order.region.start, order.quantum, position)
        region = replace(order.region, start=start)
        self._fade_out(region.track, start, max(region.fade_in, DECLICK))
        self.regions = (*self.regions, region)

    def stop(self, order: Stop, position: int) -> None:
        """Fade a deck out, or all; none such is no error."""
        begin = _reachable(order.begin, order.quantum, position)
        self._fade_out(order.track, begin, max(order.fade, DECLICK))

    def join(self, order: Join, position: int) -> None:
        """Place a part where another ends; see `Join`.

        Where another part was joined there meanwhile, the new one comes after that, faded over,
        since it was not made to go on from it.
        """
        follows = last_in_chain(self.regions, order.follows)
        before = next((region for region in self.regions if region.number == follows), None)
        fallback = next((p for p in self.regions if p.fallback and p.follows == follows), None)
        source = fallback or before
        if source is None or _is_stopping(source) or (before and _is_stopping(before)):
            self._join_to_nothing(order, position)
            return
        region = order.region
        if region is None:  # only a spare is wanted, of what sounds already
            if before is not None and not before.loop and fallback is None:
                self._add_spare(order.fallback, before)
            return
        seam = _seam(before, fallback, position + max(order.overlap, DECLICK))
        if seam is None:
            self._join_to_nothing(order, position)
            return
        start = seam - order.overlap
        fades = follows != order.follows
        if fades:
            lap = min(order.overlap, DECLICK)
            start, skip = seam - lap, order.overlap - lap
            length = region.length - skip
            region = replace(region, skip=region.skip + skip, length=length, fade_in=DECLICK)
        for old in (before, fallback):
            if old is not None and not old.is_over(start):
                new = replace(old, until=start, fade_out=0)
                if fades:
                    new = replace(old, until=seam, end=seam, fade_out=DECLICK)
                self._swap(old, new)
        region = replace(
            region,
            start=start,
            gain=source.gain,
            track=region.track or source.track,
            follows=follows,
        )
        self.regions = (*self.regions, region)
        if order.fallback is None and fallback is not None:  # it was made for another end than this
            self._add_spare(replace(fallback, fade_in=DECLICK), region)
        else:
            self._add_spare(order.fallback, region)

    def prune(self, position: int) -> bool:
        """Let go of parts that are over; tell whether there were any."""
        kept = tuple(region for region in self.regions if not region.is_over(position))
        changed = len(kept) != len(self.regions)
        self.regions = kept
        return changed

    def take_refused(self) -> tuple[int, ...]:
        """Return and forget the numbers of parts that found nothing to be joined to."""
        refused, self.refused = tuple(self.refused), []
        return refused

    def _swap(self, old: Region, new: Region) -> None:
        over = new.finish is not None and new.finish <= new.start
        fresh = () if over else (new,)
        self.regions = tuple(p for o in self.regions for p in (fresh if o is old else (o,)))

    def _add_spare(self, fallback: Region | None, region: Region) -> None:
        if fallback is not None and region.finish is not None:
            self.regions = (
                *self.regions,
                replace(
                    fallback,
                    start=region.finish,
                    gain=region.gain,
                    track=fallback.track or region.track,
                    follows=region.number,
                    fallback=True,
                    loop=True,
                ),
            )

    def _join_to_nothing(self, order: Join, position: int) -> None:
        if order.region is None or order.must_follow:
            self.refused.append(order.follows if order.region is None else order.region.number)
            return
        overlap = order.overlap
        region = replace(
            order.region,
            start=position,
            skip=order.region.skip + overlap,
            length=order.region.length - overlap,
            fade_in=max(order.region.fade_in, DECLICK),
        )
        self.start(Start(region), position)

    def _fade_out(self, track: str | None, begin: int, fade: int) -> None:
        kept = []
        for region in self.regions:
            if track is None or region.track == track:
                if region.start >= begin and not (region.follows and region.start < begin + fade):
                    continue  # it has not begun, and goes on from nothing that sounds
                region = _fading(region, begin, fade)
            kept.append(region)
        self.regions = tuple(kept)


def last_in_chain(regions: Iterable[Region], number: int) -> int:
    """Return the number of the last of the parts that follow each other from one on."""
    following = {
        region.follows: region.number
        for region in regions
        if region.follows and not region.fallback
    }
    while number in following:
        number = following[number]
    return number


def _reachable(frame: int, quantum: float, position: int) -> int:
    if frame == NOW or (frame < position and quantum <= 0):
        return position
    if frame >= position:
        return frame
    return round(frame + math.ceil((position - frame) / quantum - 1e-9) * quantum)


def _is_stopping(region: Region) -> bool:
    return region.end is not None and region.fade_out > 0


def _seam(before: Region | None, fallback: Region | None, earliest: int) -> int | None:
    """Return the first frame from `earliest` on where a part, or a turn of its loop, ends."""
    if before is not None and not before.loop:
        finish = before.finish
        if finish is not None and finish >= earliest:
            return finish
    loop = fallback or (before if before is not None and before.loop else None)
    if loop is None:
        return None
    turns = max(0, math.ceil((earliest - loop.start) / loop.length))
    return loop.start + turns * loop.length


def _fading(region: Region, begin: int, fade: int) -> Region:
    end = begin + fade
    if region.end is not None and region.end <= end:
        return region
    natural = region.finish
    if region.end is None and region.fade_out and natural is not None and natural <= end:
        return region  # its own end, with its own short fade, comes first
    # A fade that is under way by then goes on under the shorter one: no level jumps, now or then.
    under_way = tuple(fade for fade in region.fades_out if begin > fade[0] - fade[1])
    return replace(region, end=end, fade_out=fade, slower=under_way)
