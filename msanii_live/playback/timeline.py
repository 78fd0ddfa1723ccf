"""What sounds when: parts on a timeline of which the past can no longer be changed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from msanii_live.playback.commands import NOW, Join, Start, Stop
from msanii_live.playback.mixer import Part

DECLICK = 220  # frames, 5 ms: the shortest fade out of what is cut off


class Decks:
    """Hold the parts. Every method takes `position`, the first frame not yet rendered.

    Nothing before it is changed, so that however late an order comes it makes no click.
    """

    def __init__(self) -> None:
        self.parts: tuple[Part, ...] = ()
        self.refused: list[int] = []

    def start(self, order: Start, position: int) -> None:
        """Place a part; what its deck sounds fades out as this fades in."""
        start = _reachable(order.part.start, order.quantum, position)
        part = replace(order.part, start=start)
        self._fade_out(part.deck, start, max(part.fade_in, DECLICK))
        self.parts = (*self.parts, part)

    def stop(self, order: Stop, position: int) -> None:
        """Fade a deck out, or all; none such is no error."""
        begin = _reachable(order.begin, order.quantum, position)
        self._fade_out(order.deck, begin, max(order.fade, DECLICK))

    def join(self, order: Join, position: int) -> None:
        """Place a part where another ends; see `Join`.

        Where another part was joined there meanwhile, the new one comes after that, faded over,
        since it was not made to go on from it.
        """
        follows = last_after(self.parts, order.follows)
        before = next((part for part in self.parts if part.number == follows), None)
        spare = next((p for p in self.parts if p.spare and p.follows == follows), None)
        source = spare or before
        if source is None or _is_stopping(source) or (before and _is_stopping(before)):
            self._join_to_nothing(order, position)
            return
        part = order.part
        if part is None:  # only a spare is wanted, of what sounds already
            if before is not None and not before.loop and spare is None:
                self._add_spare(order.spare, before)
            return
        seam = _seam(before, spare, position + max(order.overlap, DECLICK))
        if seam is None:
            self._join_to_nothing(order, position)
            return
        start = seam - order.overlap
        fades = follows != order.follows
        if fades:
            lap = min(order.overlap, DECLICK)
            start, skip = seam - lap, order.overlap - lap
            length = part.length - skip
            part = replace(part, skip=part.skip + skip, length=length, fade_in=DECLICK)
        for old in (before, spare):
            if old is not None and not old.is_over(start):
                new = replace(old, until=start, fade_out=0)
                if fades:
                    new = replace(old, until=seam, end=seam, fade_out=DECLICK)
                self._swap(old, new)
        part = replace(
            part,
            start=start,
            gain=source.gain,
            deck=part.deck or source.deck,
            follows=follows,
        )
        self.parts = (*self.parts, part)
        if order.spare is None and spare is not None:  # it was made for another end than this
            self._add_spare(replace(spare, fade_in=DECLICK), part)
        else:
            self._add_spare(order.spare, part)

    def prune(self, position: int) -> bool:
        """Let go of parts that are over; tell whether there were any."""
        kept = tuple(part for part in self.parts if not part.is_over(position))
        changed = len(kept) != len(self.parts)
        self.parts = kept
        return changed

    def take_refused(self) -> tuple[int, ...]:
        """Return and forget the numbers of parts that found nothing to be joined to."""
        refused, self.refused = tuple(self.refused), []
        return refused

    def _swap(self, old: Part, new: Part) -> None:
        over = new.finish is not None and new.finish <= new.start
        fresh = () if over else (new,)
        self.parts = tuple(p for o in self.parts for p in (fresh if o is old else (o,)))

    def _add_spare(self, spare: Part | None, part: Part) -> None:
        if spare is not None and part.finish is not None:
            self.parts = (
                *self.parts,
                replace(
                    spare,
                    start=part.finish,
                    gain=part.gain,
                    deck=spare.deck or part.deck,
                    follows=part.number,
                    spare=True,
                    loop=True,
                ),
            )

    def _join_to_nothing(self, order: Join, position: int) -> None:
        if order.part is None or order.must:
            self.refused.append(order.follows if order.part is None else order.part.number)
            return
        overlap = order.overlap
        part = replace(
            order.part,
            start=position,
            skip=order.part.skip + overlap,
            length=order.part.length - overlap,
            fade_in=max(order.part.fade_in, DECLICK),
        )
        self.start(Start(part), position)

    def _fade_out(self, deck: str | None, begin: int, fade: int) -> None:
        kept = []
        for part in self.parts:
            if deck is None or part.deck == deck:
                if part.start >= begin and not (part.follows and part.start < begin + fade):
                    continue  # it has not begun, and goes on from nothing that sounds
                part = _fading(part, begin, fade)
            kept.append(part)
        self.parts = tuple(kept)


def last_after(parts: Iterable[Part], number: int) -> int:
    """Return the number of the last of the parts that follow each other from one on."""
    following = {part.follows: part.number for part in parts if part.follows and not part.spare}
    while number in following:
        number = following[number]
    return number


def _reachable(frame: int, quantum: float, position: int) -> int:
    if frame == NOW or (frame < position and quantum <= 0):
        return position
    if frame >= position:
        return frame
    return round(frame + math.ceil((position - frame) / quantum - 1e-9) * quantum)


def _is_stopping(part: Part) -> bool:
    return part.end is not None and part.fade_out > 0


def _seam(before: Part | None, spare: Part | None, earliest: int) -> int | None:
    """Return the first frame from `earliest` on where a part, or a turn of its loop, ends."""
    if before is not None and not before.loop:
        finish = before.finish
        if finish is not None and finish >= earliest:
            return finish
    loop = spare or (before if before is not None and before.loop else None)
    if loop is None:
        return None
    turns = max(0, math.ceil((earliest - loop.start) / loop.length))
    return loop.start + turns * loop.length


def _fading(part: Part, begin: int, fade: int) -> Part:
    end = begin + fade
    if part.end is not None and part.end <= end:
        return part
    natural = part.finish
    if part.end is None and part.fade_out and natural is not None and natural <= end:
        return part  # its own end, with its own short fade, comes first
    # A fade that is under way by then goes on under the shorter one: no level jumps, now or then.
    under_way = tuple(fade for fade in part.fades_out if begin > fade[0] - fade[1])
    return replace(part, end=end, fade_out=fade, slower=under_way)
