"""The queue of received packets, shared by all transports: bounded, decoded in turn, counted."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from msanii_live.osc.codec import REASONS, Message, PacketError, decode_packet
from msanii_live.osc.peer import Connection, Peer, format_peer

MAX_PENDING_BYTES = 4 * 1024 * 1024  # bytes not yet decoded; beyond it, datagrams are dropped
SATURATION_BYTES = MAX_PENDING_BYTES // 4  # beyond it, connections are not read
PACKET_OVERHEAD = 256  # bytes of memory, about, that even an empty packet takes up

_DECODE_BATCH = 64  # packets decoded before the rest of the event loop has a turn
_COUNTERS = ("received", "handled", "receive_errors")
_DROP_REASONS = ("source", "loop", "backlog", *REASONS)

OnMessages = Callable[[tuple[Message, ...], Peer], None]
OnPacket = Callable[[int, Peer, str], None]
OnDisconnect = Callable[[Connection], None]

log = logging.getLogger("msanii_live.osc")


class IngressQueue:
    """A bounded queue of received packets. All methods are for the event loop's own thread.

    counters: `received` is the sum of `handled`, `receive_errors`, every `dropped_…` and the
    packets that still wait.
    """

    def __init__(
        self,
        on_messages: OnMessages,
        on_packet: OnPacket = lambda size, peer, reason: None,
        on_disconnect: OnDisconnect = lambda connection: None,
    ) -> None:
        """Store the callbacks.

        on_messages: called with the messages of each valid packet (none for an empty bundle) and
        its sender. It must be quick. An exception that it raises is logged and counted.
        on_packet: called before that for every packet, with its size in bytes, its sender, and the
        reason for which it is dropped, or "".
        on_disconnect: called with each connection that has closed.
        """
        self._on_messages = on_messages
        self._on_packet = on_packet
        self.on_disconnect = on_disconnect
        self._loop = asyncio.get_running_loop()
        self._pending: deque[tuple[bytes, Peer]] = deque()
        self._pending_bytes = 0
        self._is_decoding = False  # whether a call of `_decode` is scheduled
        self._drain_callbacks: deque[Callable[[], None]] = deque()
        self._is_closed = False
        names = [*_COUNTERS, *(f"dropped_{reason}" for reason in _DROP_REASONS)]
        self.counters = dict.fromkeys(names, 0)

    def put(self, data: bytes, peer: Peer, *, droppable: bool = True) -> None:
        """Queue a packet, or drop it if it is droppable and the queue is full."""
        if self._is_closed:
            return
        cost = len(data) + PACKET_OVERHEAD
        if droppable and self._pending_bytes + cost > MAX_PENDING_BYTES:
            self.reject(data, peer, "backlog")
            return
        self.counters["received"] += 1
        self._pending_bytes += cost
        self._pending.append((data, peer))
        if not self._is_decoding:
            self._is_decoding = True
            self._loop.call_soon(self._decode)

    def reject(self, data: bytes, peer: Peer, reason: str) -> None:
        """Count a packet as dropped. reason: `source`, `loop`, `backlog` or one of `REASONS`."""
        self.counters["received"] += 1
        self._count_drop(data, peer, reason)

    @property
    def is_saturated(self) -> bool:
        """Whether so much is pending that connections should pause reading; see `on_drained`."""
        return self._pending_bytes > SATURATION_BYTES

    def on_drained(self, resume: Callable[[], None]) -> None:
        """Call `resume` once, when the queue is no longer saturated."""
        self._drain_callbacks.append(resume)

    def close(self) -> None:
        """Discard pending packets and accept no more."""
        self._is_closed = True
        self._pending.clear()
        self._drain_callbacks.clear()

    def _decode(self) -> None:
        """Deliver one batch of packets, oldest first, and schedule the next batch."""
        for _ in range(_DECODE_BATCH):
            if not self._pending:  # checked each time: `on_messages` may have closed this queue
                break
            data, peer = self._pending.popleft()
            self._pending_bytes -= len(data) + PACKET_OVERHEAD
            self._deliver(data, peer)
        self._is_decoding = bool(self._pending)
        if self._is_decoding:
            self._loop.call_soon(self._decode)
        while self._drain_callbacks and not self.is_saturated:
            self._drain_callbacks.popleft()()

    def _deliver(self, data: bytes, peer: Peer) -> None:
        try:
            messages = decode_packet(data)
        except PacketError as error:  # no reply: the sender's address may be forged
            self._count_drop(data, peer, error.reason)
            return
        try:
            self._on_packet(len(data), peer, "")
            self._on_messages(messages, peer)
        except Exception:  # one message that fails must not stop the server from receiving
            self.counters["receive_errors"] += 1
            log.exception("a message from %s could not be handled", format_peer(peer))
        else:
            self.counters["handled"] += 1

    def _count_drop(self, data: bytes, peer: Peer, reason: str) -> None:
        self.counters[f"dropped_{reason}"] += 1
        self._on_packet(len(data), peer, reason)
