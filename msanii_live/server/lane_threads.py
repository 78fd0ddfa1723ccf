"""The threads of a lane: each client's calls in order, those of different clients in turns."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable


class LaneThreads:
    """Threads that run calls beside the event loop. Every method may be called from any thread.

    A client's calls run one after the other. Clients take turns, a call each, so that nobody waits
    for all that another has sent. With several threads, nobody waits for another's slow call.
    """

    def __init__(self, name: str, threads: int = 1) -> None:
        """Start no thread before the first call. name: of the threads."""
        self._name = name
        self._max_threads = threads
        self._threads: list[threading.Thread] = []
        self._calls: dict[Hashable, deque[Callable[[], None]]] = {}  # of clients not yet done
        self._turns: deque[Hashable] = deque()  # clients of which a call waits and none runs
        self._is_closed = False
        lock = threading.Lock()
        self._has_turn = threading.Condition(lock)
        self._has_ended = threading.Condition(lock)

    def submit(self, call: Callable[[], None], client: Hashable) -> bool:
        """Run a call after the client's earlier ones; not at all once closed. It must not raise.

        Return whether it has its turn at once: no earlier call of the client waits or runs.
        """
        with self._has_turn:
            if self._is_closed:
                return False
            if client in self._calls:
                self._calls[client].append(call)
                return False
            self._calls[client] = deque([call])
            self._turns.append(client)
            if len(self._threads) < min(self._max_threads, len(self._calls)):
                self._start_thread()
            self._has_turn.notify()
            return True

    def wait_for(self, client: Hashable, seconds: float) -> bool:
        """Wait until all calls of a client have ended; return whether they have."""
        with self._has_ended:
            return self._has_ended.wait_for(lambda: client not in self._calls, seconds)

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until the calls of all clients have ended; return whether they have."""
        with self._has_ended:
            return self._has_ended.wait_for(lambda: not self._calls, seconds)

    def close(self) -> None:
        """Discard the calls that have not begun. Those that run are not waited for."""
        with self._has_turn:
            self._is_closed = True
            self._turns.clear()
            self._has_turn.notify_all()

    def _start_thread(self) -> None:
        name = f"{self._name}_{len(self._threads)}"
        thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run(self) -> None:
        while True:
            with self._has_turn:
                self._has_turn.wait_for(lambda: self._turns or self._is_closed)
                if self._is_closed:
                    return
                client = self._turns.popleft()
                call = self._calls[client].popleft()
            call()
            with self._has_turn:
                if self._calls[client]:
                    self._turns.append(client)
                    self._has_turn.notify()
                else:
                    del self._calls[client]
                    self._has_ended.notify_all()
