"""One call of an engine's method in a worker: progress, warnings, sources and its one end."""

from __future__ import annotations

import contextlib
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from msanii_live.audio import Clip
from msanii_live.cluster.calls import CLIP, CallEnd, CallNews, EngineCall, Failure, SourceRequest
from msanii_live.cluster.kept_clips import clip_bytes, clip_key
from msanii_live.cluster.link import RayLink, unreachable
from msanii_live.engines.base import Context
from msanii_live.errors import Cancelled, CommandError
from msanii_live.jobs.task import TaskHandle
from msanii_live.notes import Score

NEWS_SECONDS = 5.0  # that a worker waits for something new


class RemoteCall:
    """A call that a worker carries out, watched by the thread of a slot.

    sent: keys of the clips that this worker has got, which grows.
    """

    def __init__(
        self, link: RayLink, actor: Any, sent: set[str], call: EngineCall, context: Context
    ) -> None:
        """Take where to call, and the context that progress, warnings and sources are for."""
        self._link = link
        self._actor = actor
        self._sent = sent
        self._call = call
        self._context = context

    def run(self, handle: TaskHandle) -> CallEnd:
        """Call, and wait for the end; a cancelled handle ends it at the worker's next step.

        Raises: SlotLost: the worker is gone; CommandError: EENGINE, there is no connection.
        """
        end = self._link.call(self._actor, "run", self._call)
        handle.set_cancel_callback(self._cancel)
        news: Future[Any] | None = self._ask_news()
        while not end.done():
            wait([end, self._link.lost, *([news] if news else [])], return_when=FIRST_COMPLETED)
            if self._link.lost.done():
                raise unreachable()
            if news is not None and news.done():
                told = self._link.result(news)
                if told is not None:
                    self._tell(told)
                news = self._ask_news() if told is not None else None
        ended: CallEnd = self._link.result(end)
        for text in ended.news.warnings:
            self._context.warn(text)
        if not isinstance(ended.made, Failure) and ended.news.steps:
            self._context.progress(ended.news.step, ended.news.steps)
        return ended

    def _ask_news(self) -> Future[Any]:
        return self._link.call(self._actor, "news", self._call.number, NEWS_SECONDS)

    def _cancel(self) -> None:
        with contextlib.suppress(CommandError):  # it ends by the loss of the connection
            self._link.call(self._actor, "cancel", self._call.number)

    def _tell(self, news: CallNews) -> None:
        for text in news.warnings:
            self._context.warn(text)
        if news.request is not None:
            self._answer(news.request)
        if news.steps:
            try:
                self._context.progress(news.step, news.steps)
            except Cancelled:  # the worker ends it, at its next step
                self._cancel()

    def _answer(self, request: SourceRequest) -> None:
        """Send a source that the worker asks for: a clip that it has got only by its key."""
        value: Clip | Score | Failure | None
        key = ""
        try:
            if request.kind == CLIP:
                value = self._context.clip(request.name)
            else:
                value = self._context.score(request.name)
        except (CommandError, Cancelled) as error:
            value = Failure.of(error)
        sent: Any = value
        if isinstance(value, Clip):
            key = clip_key(value)
            is_kept = key in self._sent and not request.has_lost
            sent = None if is_kept else self._link.put(key, value, clip_bytes(value))
            self._sent.add(key)
        self._link.call(self._actor, "give", self._call.number, request, key, sent)
