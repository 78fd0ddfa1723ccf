"""An automation under way: what of it is due, and what is being recorded over it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from msanii_live.timing.automation import Automation, AutomationDraft, AutomationEvent

_BEFORE = -1e-6  # beats; so that a change at beat 0 is played
_INSTANT = 1e-9  # beats


@dataclass
class AutomationRun:
    """An automation that is recorded or played. Both at once is an overdub.

    origin: the transport's beat at which it begins. at: how far it was played, beats since then.
    automation: what is played; None of a new one. draft: what is recorded; None if nothing is.
    """

    name: str
    origin: float
    at: float = _BEFORE
    automation: Automation | None = None
    draft: AutomationDraft | None = None
    is_loop: bool = True

    def due(self, beat: float) -> list[AutomationEvent]:
        """Return what is due until a beat, but not what is being replaced.

        At the end of a pass, what was recorded in it joins what is played.
        """
        automation = self.automation
        if automation is None:
            return []
        length = automation.length
        self.at = min(self.at, beat)  # the clock may have jumped
        if self.is_loop:
            self.at = max(self.at, beat - length)
        due = []
        line = (math.floor(self.at / length) + 1) * length
        if self.draft is not None and self.at >= 0 and beat >= line:
            due = self._part(automation, line - _INSTANT)
            self.automation = automation = self.draft.finish(length, length)
        return due + self._part(automation, beat)

    def _part(self, automation: Automation, beat: float) -> list[AutomationEvent]:
        touched = self.draft.touched if self.draft is not None else frozenset()
        if self.is_loop:
            events = list(automation.between(self.at, beat))
        else:
            events = [each for each in automation.events if self.at < each.beat <= beat]
        due = [each for each in events if each.name not in touched]
        self.at = beat
        return due

    def is_over(self, beat: float) -> bool:
        """Return whether it was played once, and is not to be repeated."""
        automation = self.automation
        return automation is not None and not self.is_loop and beat > automation.length
