"""What a handler is: what it is given, what it returns, and where it runs.

A handler is a function `(command, call) -> Answer`. The table of handlers maps each command class
of the protocol to one `Handler`; the router looks nothing else up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, NamedTuple, TypeAlias

from msanii_live.osc.peer import Peer
from msanii_live.protocol.command import Command
from msanii_live.protocol.replies import ReplyMessage
from msanii_live.protocol.request import Request

Routes: TypeAlias = tuple[Peer, ...]


class Lane(Enum):
    """The thread that a handler runs on.

    Each runs a client's handlers in order of arrival, and lets clients take turns; see
    `background_tasks`. EVENT_LOOP: for what only reads or sets memory.
    DISK: for what touches the disk. SOUND: for what starts and stops sound, which waits for nothing
    else. ENGINE: for what may import an engine. WORKER: for what loads or frees one, between jobs.
    """

    EVENT_LOOP = auto()
    DISK = auto()
    SOUND = auto()
    ENGINE = auto()
    WORKER = auto()


class Call(NamedTuple):
    """One request, who sent it, and where its replies go.

    token: the client's `id`. due: the second of the player's timeline that its time tag stands for;
    None for now.
    """

    request: Request
    token: str
    source: Peer
    routes: Routes
    due: float | None = None


class Answer(NamedTuple):
    """What a handler returns.

    messages: replies, in order. The router adds `/msanii/done` where the table promises it. routes:
    where they go, where that is not where the call says. then: called once they are sent.
    is_complete: False where the terminal reply comes later, from a job or a sync.
    """

    messages: Sequence[ReplyMessage] = ()
    routes: Routes | None = None
    then: Callable[[], None] | None = None
    is_complete: bool = True


@dataclass(frozen=True)
class Handler:
    """A function that carries out one command, and how it is run.

    lead: seconds before its time tag at which it is run, so that its sound is on time. question:
    returns the reply to the command without arguments, from memory; None where it is no question.
    """

    run: Callable[[Any, Call], Answer]
    lane: Lane = Lane.EVENT_LOOP
    lead: float = 0.0
    question: Callable[[], ReplyMessage] | None = None


HandlerTable: TypeAlias = Mapping[type[Command], Handler]


def on_disk(run: Callable[[Any, Call], Answer]) -> Handler:
    """Return a handler that runs on the thread of the disk."""
    return Handler(run, Lane.DISK)


def on_sound(run: Callable[[Any, Call], Answer], lead: float = 0.0) -> Handler:
    """Return a handler that runs on the thread of sound; see `Handler` for `lead`."""
    return Handler(run, Lane.SOUND, lead)


def on_engine(run: Callable[[Any, Call], Answer]) -> Handler:
    """Return a handler that runs on the thread that imports engines."""
    return Handler(run, Lane.ENGINE)


def on_worker(run: Callable[[Any, Call], Answer]) -> Handler:
    """Return a handler that runs on the worker's thread, between jobs."""
    return Handler(run, Lane.WORKER)
