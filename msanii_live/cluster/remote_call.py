"""One call of an engine's method in a worker: progress, warnings, sources and its one end."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace
from typing import Any

from msanii_live.audio import Clip
from msanii_live.cluster.calls import (
    CLIP,
    CallEnd,
    CallNews,
    EngineCall,
    Failure,
    Made,
    SourceRequest,
)
from msanii_live.cluster.kept_clips import clip_bytes, clip_key
from msanii_live.cluster.link import RayLink, unreachable
from msanii_live.cluster.news_feed import NewsBox, NewsFeed
from msanii_live.cluster.received_spans import ReceivedSpans
from msanii_live.engines.base import Context
from msanii_live.errors import Cancelled, CommandError
from msanii_live.jobs.job import source_names
from msanii_live.jobs.task import SlotLost, TaskHandle
from msanii_live.notes import Score
from msanii_live.protocol.commands import GenerationCommand

ASK_SECONDS = 5.0  # between questions to a worker whether it is still there
HUNG = "it does not answer"


class RemoteCall:
    """A call that a worker carries out, watched by the thread of a slot.

    sent: keys of the clips that this worker has got, which grows. patience: s after which a worker
    that does not answer a question is lost.
    """

    def __init__(
        self,
        link: RayLink,
        feed: NewsFeed,
        actor: Any,
        sent: set[str],
        call: EngineCall,
        context: Context,
        patience: float,
    ) -> None:
        """Take where to call, and the context that progress, warnings and sources are for."""
        self._link = link
        self._feed = feed
        self._actor = actor
        self._sent = sent
        self._call = call
        self._context = context
        self._spans = ReceivedSpans(context.spans)
        self._patience = patience
        self._cancelled: Future[None] = Future()
        self._question: Future[Any] | None = None  # asked of the worker, while it is open
        self._asked = 0.0  # when that was, s

    def run(self, handle: TaskHandle) -> tuple[CallEnd, Any]:
        """Call, and wait for the end; a cancelled handle ends it at the worker's next step.

        Returns how it ended, and what the link fetches to get what was made.
        Raises: SlotLost: the worker is gone, or hangs; CommandError: EENGINE, there is no
        connection.
        """
        call, new = self._with_sources()
        with self._feed.listening(call.number) as box:
            end, made = self._link.start(self._actor, "run", call, *new)
            # Whoever cancels is not kept waiting by the connection: this thread sends it.
            handle.set_cancel_callback(self._note_cancel)
            self._watch(end, box)
        ended: CallEnd = self._link.result(end)
        for text in ended.news.warnings:
            self._context.warn(text)
        if ended.failure is None and ended.news.steps:
            self._context.progress(ended.news.step, ended.news.steps)
        return ended, made

    def fetch(self, made: Any) -> Made:
        """Return what the call has made. Raises: SlotLost; CommandError: EENGINE, as `run`."""
        fetched: Made = self._link.fetch(made)
        if isinstance(fetched, Clip):
            self._spans.complete(fetched)
        return fetched

    def _watch(self, end: Future[Any], box: NewsBox) -> None:
        """Tell what comes in until a call has ended. Raises: as `run`."""
        awaited: list[Future[Any]] = [end, self._link.lost, self._cancelled]
        self._asked = time.monotonic()
        while not end.done():
            ready = box.ready
            wait([*awaited, ready], self._until_question(), FIRST_COMPLETED)
            if self._link.lost.done():
                raise unreachable()
            if self._cancelled in awaited and self._cancelled.done():
                awaited.remove(self._cancelled)
                self._cancel()
            if ready.done():
                for news in box.take():
                    self._tell(news)
            self._check()

    def _until_question(self) -> float:
        """Return the seconds until the worker is to be asked, or to have answered, 0.2 at least."""
        patience = ASK_SECONDS if self._question is None else self._patience
        return max(0.2, self._asked + patience - time.monotonic())

    def _check(self) -> None:
        """Ask a worker from time to time whether it is there. Raises: SlotLost: it is not."""
        now = time.monotonic()
        if self._question is None:
            if now - self._asked >= ASK_SECONDS:
                self._question = self._link.call(self._actor, "news", self._call.number)
                self._asked = now
        elif self._question.done():
            told, self._question = self._link.result(self._question), None
            if told is not None:
                self._tell(told)
        elif now - self._asked > self._patience:
            raise SlotLost(HUNG)

    def _with_sources(self) -> tuple[EngineCall, Sequence[Any]]:
        """Return the call with the clips that its command names, and those the worker lacks.

        To ask for them would take the worker two more ways there and back. A source that is not
        there is left out: the worker asks for it, and gets the error, if its engine needs it.
        """
        commands = (arg for arg in self._call.args if isinstance(arg, GenerationCommand))
        names = (name for command in commands for name in source_names(command))
        new, known = [], []
        for name in dict.fromkeys(names):
            with contextlib.suppress(CommandError):
                clip = self._context.clip(name)
                key = clip_key(clip)
                if key in self._sent:
                    known.append((name, key))
                else:
                    new.append(((name, key), self._link.put(key, clip, clip_bytes(clip))))
                    self._sent.add(key)
        sources = (*(source for source, _ in new), *known)
        call = replace(self._call, sources=sources, wants_spans=self._spans.is_wanted)
        return call, [reference for _, reference in new]

    def _note_cancel(self) -> None:
        with contextlib.suppress(Exception):  # it is noted already
            self._cancelled.set_result(None)

    def _cancel(self) -> None:
        with contextlib.suppress(CommandError):  # it ends by the loss of the connection
            self._link.call(self._actor, "cancel", self._call.number)

    def _tell(self, news: CallNews) -> None:
        for text in news.warnings:
            self._context.warn(text)
        self._spans.take(news)
        if news.request is not None:
            self._answer(news.request)
        if news.steps:
            # One that is cancelled ends at the worker's next step.
            with contextlib.suppress(Cancelled):
                self._context.progress(news.step, news.steps)

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
