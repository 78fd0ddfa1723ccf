"""Handlers of the commands about the stream and its params, and the events of the stream."""

from __future__ import annotations

from functools import partial

from msanii_live.engines.registry import EngineRegistry
from msanii_live.jobs.params import Params
from msanii_live.protocol import replies
from msanii_live.protocol.commands import PARAMS, Param, StreamStart, StreamStop
from msanii_live.protocol.replies import ReplyMessage
from msanii_live.server.events import EventSender
from msanii_live.server.handler import (
    Answer,
    Call,
    Handler,
    HandlerTable,
    Routes,
    on_engine,
    on_sound,
)
from msanii_live.server.history import History
from msanii_live.server.scheduled_messages import LEAD
from msanii_live.streaming.stream import Stream

TOPIC = "stream"


class StreamEvents:
    """Events of the stream, sent to whoever started it and to topic `stream`.

    Called from the stream's thread; see `streaming.listener.StreamListener`.
    """

    def __init__(self, events: EventSender, routes: Routes) -> None:
        """Take what sends events, and who started the stream."""
        self._events = events
        self._routes = routes

    def chunk_ready(
        self, index: int, start: float, seconds: float, took: float, ahead: float
    ) -> None:
        """Send that a chunk is ready."""
        self._send(replies.STREAM_CHUNK(index, start, seconds, took, ahead))

    def late(self, index: int, seconds: float) -> None:
        """Send that the last bar is repeated."""
        self._send(replies.STREAM_LATE(index, seconds))

    def warn(self, text: str) -> None:
        """Send what went wrong."""
        self._send(replies.WARN(StreamStart.address, text))

    def ended(self, reason: str) -> None:
        """Send why the stream has ended."""
        self._send(replies.WARN(StreamStart.address, f"the stream has ended: {reason}"))

    def _send(self, message: ReplyMessage) -> None:
        self._events.send([message], self._routes, TOPIC)


class StreamHandlers:
    """Commands that start, stop and steer the stream."""

    def __init__(
        self,
        stream: Stream,
        params: Params,
        registry: EngineRegistry,
        events: EventSender,
        history: History,
    ) -> None:
        """Take the stream, what steers it, engines, what sends events, and what can be undone."""
        self._stream = stream
        self._params = params
        self._registry = registry
        self._events = events
        self._history = history

    def table(self) -> HandlerTable:
        """Return the handler of each command."""
        return {
            StreamStart: on_engine(self._start),
            StreamStop: on_sound(self._stop, LEAD),
            **{
                param: Handler(self._param, question=partial(self._value, param))
                for param in PARAMS
            },
        }

    def _start(self, command: StreamStart, call: Call) -> Answer:
        self._registry.get(command.engine)  # may import for seconds; nothing may wait for that
        self._stream.start(command, StreamEvents(self._events, call.routes))
        return Answer()

    def _stop(self, command: StreamStop, call: Call) -> Answer:
        self._stream.stop(command.at, command.fade, call.due)
        return Answer()

    def _param(self, command: Param, call: Call) -> Answer:
        if getattr(command, "value", None) is None:
            return Answer([self._value(type(command))])
        before = self._params.value(command.name)
        self._params.apply(command)
        self._history.record_param(call.routes, self._params, command.name, before)
        return Answer([replies.DONE(command.address, call.token, -1)])

    def _value(self, param: type[Param]) -> ReplyMessage:
        value = self._params.apply(param())
        assert value is not None
        return replies.PARAM_REPLIES[param](value)
