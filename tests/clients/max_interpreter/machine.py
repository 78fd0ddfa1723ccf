"""The machine that patches run on: a virtual clock, UDP sockets, receivers and the console."""

import heapq
import itertools
import random
import selectors
import socket
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.clients.max_interpreter.atoms import MaxError, Message

MAX_DEPTH = 100  # messages inside each other: Max overflows later, but no patch of ours needs 40
WHOLE_NOTE, STEP_TICKS = 1920, 240  # in ticks of Live's transport
PATIENCE = 30.0  # seconds of real time that something may take
PAUSE = 0.02  # seconds of one look at the sockets
STEP = 100.0  # ms by which time passes while a patch waits for a server


@dataclass(order=True)
class Event:
    """Something that happens at a virtual time, in ms."""

    due: float
    order: int
    action: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)


@dataclass
class LiveTransport:
    """The transport of Live, which the player's `transport` object reports."""

    tempo: float = 120.0
    playing: bool = False
    metre: tuple[int, int] = (4, 4)
    position: int = 0  # ticks since the start
    on_tick: list[Callable[[int], None]] = field(default_factory=list)

    def pass_beats(self, count: int) -> None:
        """Play so many beats of the metre; those who listen hear of each eighth at least."""
        for _ in range(count * WHOLE_NOTE // self.metre[1] // STEP_TICKS if self.playing else 0):
            self.position += STEP_TICKS
            for hear in self.on_tick:
                hear(self.position)


class Machine:
    """Max, as far as patches can tell. Time stands still but in `advance`; the network is real.

    seed: of `random` objects; each machine has another if None. left_first: deliver one outlet's
    message to several boxes from left to right, the opposite of what Max does, to see that a patch
    does not depend on the order.
    """

    def __init__(self, seed: int | None = None, left_first: bool = False) -> None:
        self.now = 0.0
        self.console: list[str] = []
        self.printed: list[str] = []
        self.opened: list[str] = []  # patches and pages that a patch opened
        self.chosen_file: Path | None = None  # what the user chooses in a dialog
        self.random = random.Random(seed)
        self.left_first = left_first
        self.live = LiveTransport()
        self.receivers: dict[str, list[Callable[[Message], None]]] = defaultdict(list)
        self.buffers: dict[str, object] = {}
        self.receivers["max"].append(self._tell_max)
        self.depth = 0
        self._selector = selectors.DefaultSelector()
        self._events: list[Event] = []
        self._order = itertools.count()
        self._instances = itertools.count(1001)

    def close(self) -> None:
        """Close all sockets."""
        for key in list(self._selector.get_map().values()):
            self.forget(key.fileobj)  # type: ignore[arg-type]
        self._selector.close()

    def _tell_max(self, message: Message) -> None:
        """Do what a message to Max itself asks."""
        if message.selector != "launchbrowser":
            raise MaxError(f"max: {message} is not known here")
        self.opened.append(str(message.args[0]))

    # -- names and time ----------------------------------------------------------------------------

    def next_instance(self) -> int:
        """Return a number that no other patch of this machine has."""
        return next(self._instances)

    def schedule(self, delay: float, action: Callable[[], None]) -> Event:
        """Do something after a delay, in ms of virtual time."""
        event = Event(self.now + delay, next(self._order), action)
        heapq.heappush(self._events, event)
        return event

    def advance(self, milliseconds: float) -> None:
        """Let virtual time pass. Packets that have arrived are read between the events."""
        end = self.now + milliseconds
        while self._events and self._events[0].due <= end:
            event = heapq.heappop(self._events)
            if not event.cancelled:
                self.now = event.due
                event.action()
                self._read_sockets(0.0)
        self.now = end

    def advance_until(self, condition: Callable[[], bool], limit: float) -> None:
        """Let time pass as fast as it does really, with an eye on the network.

        Raises: MaxError: the condition is not true after the limit, in ms.
        """
        end = self.now + limit
        while not condition():
            if self.now >= end:
                raise MaxError(f"not after {limit} ms: the console says {self.console}")
            self.advance(STEP)
            until = time.monotonic() + STEP / 1000
            while not condition() and (left := until - time.monotonic()) > 0:
                self._read_sockets(left)

    # -- network -----------------------------------------------------------------------------------

    def listen(self, port: int, hear: Callable[[bytes], None]) -> socket.socket | None:
        """Call `hear` with each datagram that comes to a port. Return None if the port is taken."""
        ears = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            ears.bind(("", port))
        except OSError:
            ears.close()
            return None
        ears.setblocking(False)
        self._selector.register(ears, selectors.EVENT_READ, hear)
        return ears

    def forget(self, ears: socket.socket) -> None:
        """Stop listening, and close the socket."""
        self._selector.unregister(ears)
        ears.close()

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Read the network until a condition is true. Virtual time stands still.

        Raises: MaxError: it is not true after `PATIENCE` seconds.
        """
        until = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > until:
                raise MaxError(f"not after {PATIENCE} s: the console says {self.console}")
            self._read_sockets(PAUSE)

    def _read_sockets(self, timeout: float) -> None:
        if not self._selector.get_map():
            time.sleep(timeout)
            return
        for key, _ in self._selector.select(timeout):
            try:
                packet = key.fileobj.recv(65_536)  # type: ignore[union-attr]
            except OSError:
                continue
            key.data(packet)
