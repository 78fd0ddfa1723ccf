"""Where the notes of a track end, whatever note-offs are missing, doubled or out of order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest

import mido

SHORTEST = 1 / 8  # beats that a note sounds whose on and off share a tick: a 32nd note
LONGEST_OPEN = 4  # beats that a note sounds at most that has no note-off
Event = tuple[int, mido.Message]  # with its tick, from the start of the track


@dataclass
class _Strike:
    """A note-on with the note-offs that follow it before the same key is struck again."""

    tick: int
    message: mido.Message
    offs: list[int] = field(default_factory=list)


@dataclass
class _KeyEvents:
    """The events of one key on one channel: (tick, note-on or None for a note-off)."""

    events: list[tuple[int, mido.Message | None]] = field(default_factory=list)

    def strikes(self) -> list[_Strike]:
        """Return the strikes in order. Note-offs before the first are dropped."""
        pairs = list(zip(self.events[::2], self.events[1::2], strict=False))
        if len(self.events) % 2 == 0 and all(
            off[1] is None and on[1] is not None and off[0] == on[0] for off, on in pairs
        ):  # some programs write a note without length as its off, then its on
            return [_Strike(tick, on, [tick]) for _, (tick, on) in pairs if on is not None]
        strikes: list[_Strike] = []
        for tick, on in self.events:
            if on is not None:
                strikes.append(_Strike(tick, on))
            elif strikes:
                strikes[-1].offs.append(tick)
        return strikes

    def is_balanced(self) -> bool:
        """Return whether every note-on has its note-off after it."""
        depth = 0
        for _, on in self.events:
            depth += 1 if on is not None else -1
            if depth < 0:
                return False
        return depth == 0

    def notes(self, beat: float, end: int) -> Iterator[tuple[_Strike, int]]:
        """Yield the strikes that sound, with the tick at which each ends.

        A key that is struck again ends its note, as on a piano. Strikes that overlap end with the
        last of their note-offs. beat: ticks. end: the last tick of the track.
        """
        is_balanced, depth = self.is_balanced(), 0
        strikes = self.strikes()
        followers = [strike.tick for strike in strikes[1:]]
        for strike, following in zip_longest(strikes, followers):
            depth += 1
            last = end if following is None else following
            if len(strike.offs) >= depth:
                stop, depth = strike.offs[depth - 1], 0
            elif is_balanced:
                stop, depth = last, depth - len(strike.offs)
            elif strike.offs:
                stop, depth = strike.offs[-1], 0
            else:
                stop = min(last, strike.tick + round(LONGEST_OPEN * beat))
            if following == strike.tick:
                continue  # struck again at once: only the second strike is heard
            if stop <= strike.tick:
                stop = strike.tick + max(1, round(SHORTEST * beat))
                stop = stop if following is None else min(stop, following)
            yield strike, stop


def settle_note_ends(events: Iterable[Event], beat: float) -> list[Event]:
    """Return the events of one track with exactly one note-off after every note-on.

    Notes of a key do not overlap, and none is without length. beat: ticks.
    """
    settled: list[Event] = []
    keys: dict[tuple[int, int], _KeyEvents] = defaultdict(_KeyEvents)
    end = 0
    for tick, message in events:
        end = tick
        if message.type == "note_on" and message.velocity:
            keys[message.channel, message.note].events.append((tick, message))
        elif message.type in ("note_on", "note_off"):
            keys[message.channel, message.note].events.append((tick, None))
        else:
            settled.append((tick, message))
    for (channel, pitch), key in keys.items():
        off = mido.Message("note_off", channel=channel, note=pitch)
        for strike, stop in key.notes(beat, end):
            settled += [(strike.tick, strike.message), (stop, off)]
    return settled
