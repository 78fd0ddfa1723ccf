"""Where packets from every transport meet: queued within a bound, decoded, counted, handed on."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from msanii_live.osc.codec import REASONS, Message, PacketError, decode_packet
from msanii_live.osc.peer import Connection, Peer, format_peer

PENDING_LIMIT = 4 * 1024 * 1024  # bytes read but not yet decoded; beyond it, datagrams are dropped
BREATH = PENDING_LIMIT // 4  # bytes beyond which connections are not read from
PACKET_OVERHEAD = 256  # bytes of memory, about, that even an empty packet takes up

_DECODE_LIMIT = 64  # packets decoded before the rest of the event loop has a turn
_COUNTED = ("received", "handled", "receive_errors")
_DROPS = ("source", "loop", "backlog", *REASONS)

Receive = Callable[[tuple[Message, ...], Peer], None]
Noticed = Callable[[int, Peer, str], None]

log = logging.getLogger("msanii_live.osc")


class IngressQueue:
    """Take packets from the transports. All methods are for the event loop's own thread.

    `received` is the sum of `handled`, `receive_errors`, every `dropped_…` and what still waits.
    """

    def __init__(
        self,
        receive: Receive,
        noticed: Noticed = lambda size, peer, reason: None,
        gone: Callable[[Connection], None] = lambda stream: None,
    ) -> None:
        """Take who hears of good packets, of every packet, and of connections that closed.

        receive: called with the messages of each good packet (none, if it is an empty bundle) and
        where it came from. It must be quick. What it raises is logged and counted.
        noticed: called first, with the bytes, the peer, and why it is dropped, "" if it is not.
        """
        self._receive = receive
        self._noticed = noticed
        self.gone = gone
        self._loop = asyncio.get_running_loop()
        self._pending: deque[tuple[bytes, Peer]] = deque()
        self._bytes = 0
        self._decoding = False  # whether a turn of `_decode` is due
        self._breathless: deque[Callable[[], None]] = deque()
        self._closed = False
        self.counters = dict.fromkeys([*_COUNTED, *(f"dropped_{why}" for why in _DROPS)], 0)

    def offer(self, data: bytes, peer: Peer, *, keep: bool = False) -> None:
        """Queue a packet, or drop it if too much waits; with `keep` it is never dropped."""
        if self._closed:
            return
        cost = len(data) + PACKET_OVERHEAD
        if self._bytes + cost > PENDING_LIMIT and not keep:
            self.refuse(data, peer, "backlog")
            return
        self.counters["received"] += 1
        self._bytes += cost
        self._pending.append((data, peer))
        if not self._decoding:
            self._decoding = True
            self._loop.call_soon(self._decode)

    def refuse(self, data: bytes, peer: Peer, reason: str) -> None:
        """Count a packet as dropped. reason: `source`, `loop`, `backlog` or one of `REASONS`."""
        self.counters["received"] += 1
        self._drop(data, peer, reason)

    @property
    def is_saturated(self) -> bool:
        """Tell whether so much waits that connections should pause; see `when_calm`."""
        return self._bytes > BREATH

    def on_drained(self, resume: Callable[[], None]) -> None:
        """Call once, when less waits."""
        self._breathless.append(resume)

    def close(self) -> None:
        """Forget what waits, and take nothing more."""
        self._closed = True
        self._pending.clear()
        self._breathless.clear()

    def _decode(self) -> None:
        """Hand on the oldest packets, up to a limit, and come back for the rest."""
        for _ in range(_DECODE_LIMIT):
            if not self._pending:  # also once `receive` has closed this intake
                break
            data, peer = self._pending.popleft()
            self._bytes -= len(data) + PACKET_OVERHEAD
            self._deliver(data, peer)
        self._decoding = bool(self._pending)
        if self._decoding:
            self._loop.call_soon(self._decode)
        while self._breathless and not self.is_saturated:
            self._breathless.popleft()()

    def _deliver(self, data: bytes, peer: Peer) -> None:
        try:
            messages = decode_packet(data)
        except PacketError as error:  # no reply: the sender may be forged
            self._drop(data, peer, error.reason)
            return
        try:
            self._noticed(len(data), peer, "")
            self._receive(messages, peer)
        except Exception:  # one bad message must not make the server deaf
            self.counters["receive_errors"] += 1
            log.exception("a message from %s could not be handled", format_peer(peer))
        else:
            self.counters["handled"] += 1

    def _drop(self, data: bytes, peer: Peer, reason: str) -> None:
        self.counters[f"dropped_{reason}"] += 1
        self._noticed(len(data), peer, reason)
