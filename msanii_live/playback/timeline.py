"""The timeline of the audio host: which regions play when. Frames already rendered never change."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from msanii_live.playback.commands import NOW, ResumeRegion, StartAfter, StartRegion, StopTrack
from msanii_live.playback.mixer import Region

DECLICK = 220  # frames, 5 ms: the shortest fade out of a region that is cut off


class Timeline:
    """The regions that play or will play.

    The argument `position` of every method is the first frame that is not yet rendered. No method
    changes anything before it, so a late command never makes a click.
    """

    def __init__(self) -> None:
        self.regions: tuple[Region, ...] = ()
        self.rejected: list[int] = []

    def start(self, command: StartRegion, position: int) -> None:
        """Add a region; the regions of the same track fade out while it fades in."""
        start = _next_start(command.region.start, command.quantum, position)
        region = replace(command.region, start=start)
        self._fade_out(region.track, start, max(region.fade_in, DECLICK))
        self.regions = (*self.regions, region)

    def stop(self, command: StopTrack, position: int) -> None:
        """Fade out a track, or all tracks; an unknown track is not an error."""
        begin = _next_start(command.begin, command.quantum, position)
        self._fade_out(command.track, begin, max(command.fade, DECLICK))

    def resume(self, command: ResumeRegion, position: int) -> None:
        """Play a region that was replaced again, in time; the regions of its track fade out."""
        old = command.region
        if old.is_over(position):
            return
        start = max(position, old.start)
        passed = (start - old.start) % old.length if old.loop else start - old.start
        rest = replace(
            old,
            start=start,
            skip=old.skip + passed,
            length=old.length - passed,
            fade_in=command.fade,
            loop=False,
        )
        self.start(StartRegion(rest), position)
        if old.loop:
            again = replace(old, number=command.again, start=rest.start + rest.length, fade_in=0)
            self.regions = (*self.regions, replace(again, follows=rest.number))

    def start_after(self, command: StartAfter, position: int) -> None:
        """Add a region where another region ends; see `StartAfter`.

        If a different region already follows there, the new region comes after that one, with a
        crossfade, since it was not made to continue it.
        """
        follows = last_in_chain(self.regions, command.follows)
        before = next((r for r in self.regions if r.number == follows), None)
        fallback = next((r for r in self.regions if r.fallback and r.follows == follows), None)
        source = fallback or before
        if source is None or _is_stopping(source) or (before and _is_stopping(before)):
            self._start_after_nothing(command, position)
            return
        region = command.region
        if region is None:  # only a fallback is wanted, for a region that already plays
            if before is not None and not before.loop and fallback is None:
                self._add_fallback(command.fallback, before)
            return
        seam = _next_seam(before, fallback, position + max(command.overlap, DECLICK))
        if seam is None:
            self._start_after_nothing(command, position)
            return
        start = seam - command.overlap
        needs_crossfade = follows != command.follows
        if needs_crossfade:
            fade = min(command.overlap, DECLICK)
            start, skip = seam - fade, command.overlap - fade
            length = region.length - skip
            region = replace(region, skip=region.skip + skip, length=length, fade_in=DECLICK)
        for old in (before, fallback):
            if old is not None and not old.is_over(start):
                new = replace(old, until=start, fade_out=0)
                if needs_crossfade:
                    new = replace(old, until=seam, end=seam, fade_out=DECLICK)
                self._replace(old, new)
        region = replace(
            region,
            start=start,
            gain=source.gain,
            track=region.track or source.track,
            follows=follows,
        )
        self.regions = (*self.regions, region)
        if command.fallback is None and fallback is not None:  # it was made for another ending
            self._add_fallback(replace(fallback, fade_in=DECLICK), region)
        else:
            self._add_fallback(command.fallback, region)

    def prune(self, position: int) -> bool:
        """Remove the regions that are over; return whether there were any."""
        kept = tuple(region for region in self.regions if not region.is_over(position))
        changed = len(kept) != len(self.regions)
        self.regions = kept
        return changed

    def take_rejected(self) -> tuple[int, ...]:
        """Return and clear the numbers of the regions that had nothing to follow."""
        rejected, self.rejected = tuple(self.rejected), []
        return rejected

    def _replace(self, old: Region, new: Region) -> None:
        is_empty = new.finish is not None and new.finish <= new.start
        replacement = () if is_empty else (new,)
        self.regions = tuple(
            r for region in self.regions for r in (replacement if region is old else (region,))
        )

    def _add_fallback(self, fallback: Region | None, region: Region) -> None:
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

    def _start_after_nothing(self, command: StartAfter, position: int) -> None:
        """Start at once, or reject: the region to follow is gone or is stopping."""
        if command.region is None or command.must_follow:
            number = command.follows if command.region is None else command.region.number
            self.rejected.append(number)
            return
        overlap = command.overlap
        region = replace(
            command.region,
            start=position,
            skip=command.region.skip + overlap,
            length=command.region.length - overlap,
            fade_in=max(command.region.fade_in, DECLICK),
        )
        self.start(StartRegion(region), position)

    def _fade_out(self, track: str | None, begin: int, fade: int) -> None:
        kept = []
        for region in self.regions:
            if track is None or region.track == track:
                if region.start >= begin and not (region.follows and region.start < begin + fade):
                    continue  # it has not started, and continues nothing that plays
                region = _with_fade_out(region, begin, fade)
            kept.append(region)
        self.regions = tuple(kept)


def last_in_chain(regions: Iterable[Region], number: int) -> int:
    """Return the last region's number in the chain of followers that starts at a region.

    Fallbacks are not part of the chain.
    """
    follower = {r.follows: r.number for r in regions if r.follows and not r.fallback}
    while number in follower:
        number = follower[number]
    return number


def _next_start(frame: int, quantum: float, position: int) -> int:
    """Return the first frame from `position` on that is `frame` plus whole quanta."""
    if frame == NOW or (frame < position and quantum <= 0):
        return position
    if frame >= position:
        return frame
    return round(frame + math.ceil((position - frame) / quantum - 1e-9) * quantum)


def _is_stopping(region: Region) -> bool:
    return region.end is not None and region.fade_out > 0


def _next_seam(before: Region | None, fallback: Region | None, earliest: int) -> int | None:
    """Return the first frame from `earliest` on where a region, or a turn of its loop, ends."""
    if before is not None and not before.loop:
        finish = before.finish
        if finish is not None and finish >= earliest:
            return finish
    loop = fallback or (before if before is not None and before.loop else None)
    if loop is None:
        return None
    turns = max(0, math.ceil((earliest - loop.start) / loop.length))
    return loop.start + turns * loop.length


def _with_fade_out(region: Region, begin: int, fade: int) -> Region:
    end = begin + fade
    if region.end is not None and region.end <= end:
        return region
    finish = region.finish
    if region.end is None and region.fade_out and finish is not None and finish <= end:
        return region  # its own end, with its own short fade, comes first
    # A fade that is in progress continues under the new one, so that the level never jumps.
    in_progress = tuple(fade for fade in region.fades_out if begin > fade[0] - fade[1])
    return replace(region, end=end, fade_out=fade, earlier_fades=in_progress)
