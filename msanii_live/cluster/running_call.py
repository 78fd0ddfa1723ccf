"""One call of an engine, in its worker: what its engine reports, asks for and is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace

from msanii_live.audio import Clip
from msanii_live.cluster.calls import CLIP, SCORE, CallNews, Failure, SourceRequest
from msanii_live.errors import Cancelled
from msanii_live.notes import Score


class RunningCall:
    """A call that is carried out. Its engine's thread writes to it, others read and answer."""

    def __init__(
        self,
        number: int,
        changed: threading.Condition,
        known: Mapping[str, Clip | None],
        news_interval: float,
    ) -> None:
        """Begin. known: sources; None for one that the server thinks is kept.

        news_interval: s between reports of progress.
        """
        self.number = number
        self._news_interval = news_interval
        self._known = known
        self.is_cancelled = False
        self._changed = changed
        self._step = self._steps = 0
        self._warnings: list[str] = []
        self._request: SourceRequest | None = None
        self._is_asked = False  # the request was told
        self._answer: Clip | Score | Failure | None = None
        self._is_answered = False
        self._is_stepped = False  # since the last news
        self._told = 0.0

    # -- for the engine --------------------------------------------------------------------------

    def advance(self, step: int, steps: int) -> None:
        """Note progress. Raises: Cancelled."""
        with self._changed:
            if self.is_cancelled:
                raise Cancelled(step)
            self._step, self._steps, self._is_stepped = step, steps, True
            self._changed.notify_all()

    def warn(self, text: str) -> None:
        """Have a warning told."""
        with self._changed:
            self._warnings.append(text)
            self._changed.notify_all()

    def ask_clip(self, name: str) -> Clip:
        """Ask the server for a clip and wait for it. Raises: CommandError; Cancelled."""
        clip = self._known.get(name) or self._ask(CLIP, name)
        assert isinstance(clip, Clip)
        return clip

    def ask_score(self, name: str) -> Score:
        """Ask the server for notes and wait for them. Raises: CommandError; Cancelled."""
        score = self._ask(SCORE, name)
        assert isinstance(score, Score)
        return score

    def _ask(self, kind: str, name: str) -> Clip | Score:
        request = SourceRequest(kind, name, has_lost=kind == CLIP and name in self._known)
        while True:
            with self._changed:
                self._request, self._is_asked, self._is_answered = request, False, False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._is_answered or self.is_cancelled)
                self._request = None
                if not self._is_answered:
                    raise Cancelled(self._step)
                answer, self._answer = self._answer, None
            if isinstance(answer, Failure):
                raise answer.error()
            if answer is not None:
                return answer
            request = replace(request, has_lost=True)

    # -- for the server; the lock is held --------------------------------------------------------

    def until_news(self) -> float | None:
        """Return the seconds until something may be told, None if nothing is new."""
        if self._warnings or (self._request and not self._is_asked):
            return 0.0
        return self._told + self._news_interval - time.monotonic() if self._is_stepped else None

    def news(self) -> CallNews:
        """Return what is new, which is told by this, and the request that is open."""
        told = CallNews(self._step, self._steps, tuple(self._warnings), self._request)
        self._warnings, self._is_stepped, self._told = [], False, time.monotonic()
        self._is_asked = self._is_asked or self._request is not None
        return told

    def take(self, request: SourceRequest, answer: Clip | Score | Failure | None) -> None:
        """Take the answer to a request."""
        if self._request == request:
            self._answer, self._is_answered = answer, True
            self._changed.notify_all()
