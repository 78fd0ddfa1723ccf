"""What is heard of a player whom the stream accompanies, and what it has answered."""

from __future__ import annotations

from dataclasses import dataclass, replace

from msanii_live.notes import Note, Score

_DOUBTS = 3  # hearings in a row that must agree on another downbeat
_NEAR = 0.06  # s by which two hearings of one beat may differ
_WEIGHT = 0.5  # of a new hearing in tempo and place


@dataclass(frozen=True)
class HeardBars:
    """The last whole bars of a player. began: second of the timeline at which they begin."""

    score: Score
    began: float

    @property
    def beat(self) -> float:
        """The length of a crotchet, s."""
        return 60.0 / self.score.bpm

    @property
    def bar(self) -> float:
        """The length of a bar, s."""
        return self.score.beats * self.beat


@dataclass(frozen=True)
class Accompaniment:
    """What a stream has answered so far.

    heard: what it answered last. notes: its own last notes, in seconds of the timeline. doubts: how
    many hearings in a row had the downbeat elsewhere.
    """

    heard: HeardBars
    notes: tuple[Note, ...] = ()
    doubts: int = 0

    def hear(self, new: HeardBars) -> Accompaniment:
        """Return this with newly heard bars, whose downbeat stays unless it is elsewhere for long.

        A single hearing may take another beat for the first; the tempo is always the new one.
        """
        if new.score.beats != self.heard.score.beats:
            return replace(self, heard=new, doubts=0)
        new = _smoothed(self.heard, new)
        beats = round(new.score.beats)
        moved = round((new.began - self.heard.began) / new.beat) % max(1, beats)
        if not moved or self.doubts + 1 >= _DOUBTS:
            return replace(self, heard=new, doubts=0)
        # The bars begin so many beats earlier: the same beat begins a bar as before.
        shift = moved * new.beat
        first = -shift % new.score.seconds
        whole = new.score.looped(first, first + new.score.seconds)
        kept = HeardBars(replace(whole, is_loop=True), new.began - shift)
        return replace(self, heard=kept, doubts=self.doubts + 1)


def _smoothed(old: HeardBars, new: HeardBars) -> HeardBars:
    """Return newly heard bars whose tempo and place lie between the old ones and their own.

    They are as they are where the beat itself has moved.
    """
    beats = round((new.began - old.began) / old.beat)
    expected = old.began + beats * old.beat
    missed = new.began - expected
    if abs(missed) > _NEAR:
        return new
    bpm = 60.0 / ((1 - _WEIGHT) * old.beat + _WEIGHT * new.beat)
    return HeardBars(new.score.at_tempo(bpm), expected + _WEIGHT * missed)
