"""One call of an engine, in its worker: what its engine reports, asks for and is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace

from msanii_live.audio import Clip, Samples
from msanii_live.cluster.calls import CLIP, SCORE, CallNews, Failure, MadeSpan, SourceRequest
from msanii_live.engines.spans import SpanPlan
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
        self._plan: SpanPlan | None = None  # not told yet
        self._spans: list[MadeSpan] = []  # the same
        self._frames = 0  # of all spans

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

    def begin(self, plan: SpanPlan) -> None:
        """Have told how the clip will be handed over; see `SpanReceiver`."""
        with self._changed:
            self._plan, self._spans, self._frames = plan, [], 0
            self._changed.notify_all()

    def take(self, samples: Samples) -> None:
        """Have the next samples of the clip handed over."""
        with self._changed:
            self._spans.append(MadeSpan(self._frames, samples))
            self._frames += len(samples)
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
        is_asking = self._request is not None and not self._is_asked
        if self._warnings or is_asking or self._plan is not None or self._spans:
            return 0.0
        if not self._is_stepped:
            return None
        return self._told + self._news_interval - time.monotonic()

    def news(self) -> CallNews:
        """Return what is new, which is told by this."""
        told = CallNews(
            self._step, self._steps, tuple(self._warnings), self._request, self._plan,
            tuple(self._spans),
        )  # fmt: skip
        self._warnings, self._is_stepped, self._told = [], False, time.monotonic()
        self._plan, self._spans = None, []
        self._is_asked = self._is_asked or self._request is not None
        return told

    def last_news(self) -> CallNews:
        """Return what nobody was told when the call ended; the clip has what the spans have."""
        return replace(self.news(), plan=None, spans=())

    def state(self) -> CallNews:
        """Return what is known, and the request that is open, without regard to what was told."""
        return CallNews(self._step, self._steps, request=self._request)

    def answer(self, request: SourceRequest, answer: Clip | Score | Failure | None) -> None:
        """Take the answer to a request."""
        if self._request == request:
            self._answer, self._is_answered = answer, True
            self._changed.notify_all()
