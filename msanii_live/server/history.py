"""What each client has changed, to be undone and done again."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, MutableSequence
from dataclasses import dataclass, field

from msanii_live.errors import Code, CommandError
from msanii_live.jobs.params import Params, Value
from msanii_live.osc.peer import NOBODY, Connection, Peer
from msanii_live.server.changes import NotesChange, ParamChange, Undoable
from msanii_live.server.handler import Routes

MAX_CHANGES = 100  # of a client
MAX_IN_ALL = 400  # changes of all clients; the trash keeps 200 clips
MAX_CLIENTS = 256  # routes that are remembered
SAME_MOVE = 0.15  # s between two changes of a param that belong to one move of a slider


@dataclass(frozen=True)
class _Step:
    """A change in the order of all changes of all clients.

    change: to be undone, or what undoes that. text: what was done, in words.
    """

    number: int
    change: Undoable
    text: str


@dataclass
class _Client:
    """The changes of one client, the newest last."""

    done: deque[_Step] = field(default_factory=lambda: deque(maxlen=MAX_CHANGES))
    undone: list[_Step] = field(default_factory=list)


class History:
    """The changes of all clients. A client is known by where its replies go.

    The pages of one machine are one client, so that a page that is loaded again can undo what was
    done before. A MIDI control that is mapped to undo, which no client sent, acts on the newest
    change of any client. Every method may be called from any thread.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin without a change. clock: seconds, monotonic."""
        self._clock = clock
        self._lock = threading.RLock()
        self._by_route: OrderedDict[Peer, _Client] = OrderedDict()
        self._count = 0

    def record(self, routes: Routes, change: Undoable) -> None:
        """Add a change; what was undone before cannot be done again any more."""
        with self._lock:
            client = self._client(routes)
            client.undone.clear()
            client.done.append(self._step(change, change.text))
            self._forget_oldest()

    def record_param(self, routes: Routes, params: Params, name: str, before: Value) -> None:
        """Add the change of a param. From the second on, those of one quick move are one change."""
        with self._lock:
            began = now = self._clock()
            after = params.values()[name]
            client = self._client(routes)
            newest = [step.change for step in list(client.done)[-2:]]
            last = [each for each in newest if isinstance(each, ParamChange)]
            is_move = len(last) == 2 and all(each.name == name for each in last)
            if is_move and now - last[1].at < SAME_MOVE and last[1].began - last[0].at < SAME_MOVE:
                before, began = last[1].before, last[1].began
                client.done.pop()
            self.record(routes, ParamChange(params, name, before, after, began, now))

    def undo(self, routes: Routes) -> tuple[str, ...]:
        """Undo the newest change, and return what the client should know of it, in sentences.

        One that cannot be undone now stays, unless what it needs is gone for good.
        Raises: CommandError: ERANGE, there is none; ENOCLIP, its clip is gone; or it cannot be.
        """
        with self._lock:
            client = self._acting(routes, lambda each: list(each.done))
            if not client.done:
                why = "this client has nothing to undo; each `msanii-live send` is another client"
                raise CommandError(Code.ERANGE, why)
            step = client.done.pop()
        return self._reverse(step, client.done, client.undone)

    def redo(self, routes: Routes) -> tuple[str, ...]:
        """Do again what was undone last; else as `undo`."""
        with self._lock:
            client = self._acting(routes, lambda each: each.undone)
            if not client.undone:
                raise CommandError(Code.ERANGE, "there is nothing to redo")
            step = client.undone.pop()
        return self._reverse(step, client.undone, client.done)

    def texts(self, routes: Routes) -> tuple[list[str], list[str]]:
        """Return what can be undone and what can be done again, in words, the next one first."""
        with self._lock:
            client = self._client(routes)
            done = [step.text for step in reversed(client.done)]
            return done, [step.text for step in reversed(client.undone)]

    def _reverse(
        self, step: _Step, taken: MutableSequence[_Step], other: MutableSequence[_Step]
    ) -> tuple[str, ...]:
        """Reverse a step. taken: where it came from, and goes back to if it may succeed later."""
        try:
            again = step.change.undo()
        except BaseException as error:
            with self._lock:
                if _may_succeed_later(error):
                    taken.append(step)
            raise
        with self._lock:
            other.append(self._step(again, step.text))
        return again.warnings if isinstance(again, NotesChange) else ()

    def _step(self, change: Undoable, text: str) -> _Step:
        self._count += 1
        return _Step(self._count, change, text)

    def _acting(self, routes: Routes, steps: Callable[[_Client], list[_Step]]) -> _Client:
        """Return the client whose change is meant: for a MIDI control, the one with the newest."""
        own = self._client(routes)
        if NOBODY not in routes:
            return own
        known = [each for each in self._by_route.values() if steps(each)]
        return max(known, key=lambda each: steps(each)[-1].number, default=own)

    def _client(self, routes: Routes) -> _Client:
        keys = [_key(route) for route in routes]
        known = next((self._by_route[key] for key in keys if key in self._by_route), None)
        client = known or _Client()
        for key in keys:
            self._by_route[key] = client
            self._by_route.move_to_end(key)
        while len(self._by_route) > MAX_CLIENTS:
            self._by_route.popitem(last=False)
        return client

    def _forget_oldest(self) -> None:
        """Forget what is more than `MAX_IN_ALL`, first of the clients that were silent longest."""
        clients = list({id(client): client for client in self._by_route.values()}.values())
        excess = sum(len(client.done) for client in clients) - MAX_IN_ALL
        for client in clients:
            while excess > 0 and client.done:
                client.done.popleft()
                excess -= 1


def _key(route: Peer) -> Peer:
    """Return what a client is known by: the pages of one machine, by WebSocket, are one."""
    is_page = isinstance(route, Connection) and route.number < 0
    return Connection(route[0], 0, -1) if is_page else route


def _may_succeed_later(error: BaseException) -> bool:
    """Return whether an undo that failed may succeed once something is out of its way."""
    if isinstance(error, CommandError):
        return error.code is not Code.ENOCLIP
    return isinstance(error, OSError)
