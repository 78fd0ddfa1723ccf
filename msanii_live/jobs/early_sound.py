"""The sound of a job's clip, which begins when the first span is there and the rest will follow."""

from __future__ import annotations

import time

from msanii_live.audio import Clip, Samples
from msanii_live.engines.spans import SpanPlan
from msanii_live.errors import CommandError
from msanii_live.jobs.span_rates import SpanRates, kind_of
from msanii_live.playback.growing_sound import GrowingSound
from msanii_live.playback.player import Player
from msanii_live.protocol.commands import (
    Generate,
    GenerationCommand,
    Inpaint,
    JobCommand,
    Outpaint,
    Render,
)

_CAUTION = 1.5  # times as long as expected the rest may take


def sounds_early(command: JobCommand) -> bool:
    """Return whether a command's clip may sound before it is whole: one clip, from its start on.

    What continues the clip that sounds now begins at that one's end instead.
    """
    if isinstance(command, Outpaint):
        begins_with_source = bool(command.keep) and command.side == "right"
        is_early = begins_with_source and command.src != "current"
    else:
        is_early = type(command) in (Generate, Inpaint, Render)
    return (
        is_early
        and isinstance(command, GenerationCommand)
        and bool(command.play)
        and command.count == 1
    )


class EarlySound:
    """The receiver of one job's spans: it gives them to the player and starts it in time.

    engine: that makes the clip; set before it begins. started: s of the monotonic clock at which
    the player was told to start; None if it was not.
    """

    def __init__(
        self, player: Player, rates: SpanRates, command: GenerationCommand, name: str
    ) -> None:
        """Take the player, what is known of the engines' speed, and the name of the clip."""
        self.engine = ""
        self.started: float | None = None
        self._player, self._rates, self._command, self._name = player, rates, command, name
        self._plan: SpanPlan | None = None
        self._sound: GrowingSound | None = None
        self._received = self._number = 0  # frames, and spans
        self._slowest: float | None = None  # rate of this job's own spans
        self._last = 0.0  # s, at which the last span came

    def begin(self, plan: SpanPlan) -> None:
        """Make room for the clip; see `SpanReceiver`."""
        self.abandon()  # of an earlier try
        self._received = self._number = 0
        self._plan, self._slowest, self.started = plan, None, None
        try:
            self._sound = self._player.grow(self._name, plan.frames, plan.sample_rate)
        except CommandError:  # no memory for it: it is played once it is whole
            self._sound = None

    def take(self, samples: Samples) -> None:
        """Give a span to the player, and start it if the rest will come in time."""
        if self._plan is None:
            return
        now = time.monotonic()
        if self._number:
            rate = self._seconds(self._number) / max(now - self._last, 1e-6)
            self._rates.add(kind_of(self._command, self.engine), self._number, rate)
            self._slowest = min(rate, self._slowest or rate)
        self._last = now
        self._number += 1
        self._received += len(samples)
        if self._sound is None:
            return
        self._sound.add(samples, is_last=self._received >= self._plan.frames)
        if not self._sound.is_started and self._is_in_time():
            try:
                self._sound.start(self._command.at, self._plan.is_loop)
                self.started = time.monotonic()
            except CommandError:  # as playing the whole clip will tell
                self.abandon()

    def finish(self, clip: Clip) -> bool:
        """Give the player the whole clip under its name; return whether it sounds already."""
        sound, self._sound = self._sound, None
        return sound is not None and sound.finish(clip)

    def abandon(self) -> None:
        """Fade out what will never be whole. After `finish` it does nothing."""
        sound, self._sound = self._sound, None
        if sound is not None:
            sound.abandon()

    def _seconds(self, number: int) -> float:
        assert self._plan is not None
        spans = self._plan.spans
        return spans[min(number, len(spans) - 1)] / self._plan.sample_rate

    def _is_in_time(self) -> bool:
        """Return whether each span that is missing will come before those in front have ended."""
        assert self._plan is not None
        kind, needed = kind_of(self._command, self.engine), 0.0
        there = self._received / self._plan.sample_rate
        for number in range(self._number, len(self._plan.spans)):
            rate = self._rates.get(kind, number) or self._slowest
            if rate is None:
                return False
            needed += _CAUTION * self._seconds(number) / rate
            if needed > there:
                return False
            there += self._seconds(number)
        return True
