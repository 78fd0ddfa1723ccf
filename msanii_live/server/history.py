"""What each client has changed, to be undone and done again."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from msanii_live.errors import Code, CommandError
from msanii_live.jobs.params import Params, Value
from msanii_live.library.clip_index import FreedClip
from msanii_live.library.library import Library
from msanii_live.library.trash import TrashedClip
from msanii_live.osc.peer import Peer
from msanii_live.server.handler import Routes

MAX_CHANGES = 100  # of a client
MAX_IN_ALL = 400  # changes of all clients; the trash keeps 200 clips
MAX_CLIENTS = 256  # routes that are remembered
SAME_MOVE = 0.15  # s between two changes of a param that belong to one move of a slider


class Undoable(Protocol):
    """Something that a client did."""

    def undo(self) -> Undoable:
        """Undo it and return what does it again. Raises: CommandError: it cannot be undone."""


@dataclass(frozen=True)
class ParamChange:
    """A param that was changed.

    began, at: first and last moment of the move, seconds of the monotonic clock.
    """

    params: Params
    name: str
    before: Value
    after: Value
    began: float
    at: float

    def undo(self) -> Undoable:
        """Set the param to what it was."""
        self.params.set(self.name, self.before)
        return replace(self, before=self.after, after=self.before)


def rename_clip(library: Library, name: str, to: str) -> None:
    """Rename a clip, also as a source of others. Raises: CommandError: as `Library.rename`."""
    library.rename(name, to)
    library.relink(name, to)


@dataclass(frozen=True)
class Renaming:
    """A clip that was renamed."""

    library: Library
    name: str
    to: str

    def undo(self) -> Undoable:
        """Give the clip its former name. Raises: CommandError."""
        rename_clip(self.library, self.to, self.name)
        return Renaming(self.library, self.to, self.name)


@dataclass(frozen=True)
class Removal:
    """A clip that was freed, or moved to the trash."""

    library: Library
    clip: FreedClip | TrashedClip

    def undo(self) -> Undoable:
        """Bring the clip back. Raises: CommandError."""
        if isinstance(self.clip, TrashedClip):
            self.library.restore(self.clip)
        else:
            self.library.recall(self.clip)
        is_deleted = isinstance(self.clip, TrashedClip)
        return Return(self.library, self.clip.info.name, is_deleted)


@dataclass(frozen=True)
class Return:
    """A clip that was brought back."""

    library: Library
    name: str
    is_deleted: bool

    def undo(self) -> Undoable:
        """Remove the clip again. Raises: CommandError."""
        remove = self.library.delete if self.is_deleted else self.library.free
        return Removal(self.library, remove(self.name))


@dataclass(frozen=True)
class Replacement:
    """A clip that another of its name replaced. old: the one in the trash."""

    library: Library
    old: TrashedClip

    def undo(self) -> Undoable:
        """Exchange the clip with the one in the trash. Raises: CommandError."""
        name = self.old.info.name
        newer = self.library.delete(name) if name in self.library else None
        try:
            self.library.restore(self.old)
        except CommandError:
            if newer is not None:
                Removal(self.library, newer).undo()
            raise
        if isinstance(newer, TrashedClip):
            return Replacement(self.library, newer)
        return Return(self.library, name, True) if newer is None else Removal(self.library, newer)


@dataclass
class _Client:
    """The changes of one client, the newest last."""

    done: deque[Undoable] = field(default_factory=lambda: deque(maxlen=MAX_CHANGES))
    undone: list[Undoable] = field(default_factory=list)


class History:
    """The changes of all clients. A client is known by where its replies go.

    Every method may be called from any thread.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin without a change. clock: seconds, monotonic."""
        self._clock = clock
        self._lock = threading.RLock()
        self._by_route: OrderedDict[Peer, _Client] = OrderedDict()

    def record(self, routes: Routes, change: Undoable) -> None:
        """Add a change; what was undone before cannot be done again any more."""
        with self._lock:
            client = self._client(routes)
            client.undone.clear()
            client.done.append(change)
            self._forget_oldest()

    def record_param(self, routes: Routes, params: Params, name: str, before: Value) -> None:
        """Add the change of a param. From the second on, those of one quick move are one change."""
        with self._lock:
            began = now = self._clock()
            after = params.values()[name]
            client = self._client(routes)
            last = [each for each in list(client.done)[-2:] if isinstance(each, ParamChange)]
            is_move = len(last) == 2 and all(each.name == name for each in last)
            if is_move and now - last[1].at < SAME_MOVE and last[1].began - last[0].at < SAME_MOVE:
                before, began = last[1].before, last[1].began
                client.done.pop()
            self.record(routes, ParamChange(params, name, before, after, began, now))

    def undo(self, routes: Routes) -> None:
        """Undo the newest change. Raises: CommandError: ERANGE, there is none; or it cannot be."""
        with self._lock:
            client = self._client(routes)
            if not client.done:
                raise CommandError(Code.ERANGE, "there is nothing to undo")
            change = client.done.pop()
        again = change.undo()
        with self._lock:
            client.undone.append(again)

    def redo(self, routes: Routes) -> None:
        """Do again what was undone last. Raises: CommandError: as `undo`."""
        with self._lock:
            client = self._client(routes)
            if not client.undone:
                raise CommandError(Code.ERANGE, "there is nothing to redo")
            change = client.undone.pop()
        done = change.undo()
        with self._lock:
            client.done.append(done)

    def _client(self, routes: Routes) -> _Client:
        known = next((self._by_route[route] for route in routes if route in self._by_route), None)
        client = known or _Client()
        for route in routes:
            self._by_route[route] = client
            self._by_route.move_to_end(route)
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
