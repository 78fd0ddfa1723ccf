"""The queue of received packets, shared by all transports: bounded, fair, counted.

Every peer has a queue of its own. Peers take turns, and each turn is paid in processor time: a peer
whose packets took long to handle misses turns until it has paid, so that no client delays another.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from msanii_live.osc.codec import REASONS, Message, PacketError, decode_packet
from msanii_live.osc.peer import Connection, Peer, format_peer

MAX_PENDING_BYTES = 4 * 1024 * 1024  # of one peer; beyond it, its datagrams are dropped
MAX_TOTAL_BYTES = 4 * MAX_PENDING_BYTES  # of all peers together
SATURATION_BYTES = MAX_PENDING_BYTES // 4  # of one connection; beyond it, it is not read
PACKET_OVERHEAD = 256  # bytes of memory, about, that even an empty packet takes up

_SLICE = 0.002  # s spent on packets before the rest of the event loop has a turn
_TURN = 0.00025  # s that a turn pays for, and after which no further packet begins in it
_TURN_PACKETS = 8  # at most: the cost clock is a system call, and is read once a turn
_MAX_DEBT = 0.002  # s that a peer pays at most: a pause of the interpreter's is nobody's fault
# s that the event loop sleeps after a slice, so that other threads get the interpreter's lock:
# after a system call the loop takes it back before a thread that waits for it has woken up.
_PAUSE = 0.0002
_COUNTERS = ("received", "handled", "receive_errors")
_DROP_REASONS = ("source", "loop", "backlog", *REASONS)

OnMessages = Callable[[tuple[Message, ...], Peer], None]
OnPacket = Callable[[int, Peer, str], None]
OnDisconnect = Callable[[Connection], None]

# What a packet costs is the time of this thread alone: a peer does not pay for other programs that
# had the processor meanwhile. Windows counts that time in steps of 16 ms.
_cost_clock = time.perf_counter if sys.platform == "win32" else time.thread_time

log = logging.getLogger("msanii_live.osc")


@dataclass(eq=False)
class _PeerQueue:
    """The pending packets of one peer. debt: s of handling that its next turns pay for."""

    peer: Peer
    packets: deque[bytes] = field(default_factory=deque)
    bytes: int = 0
    debt: float = 0.0
    resume: list[Callable[[], None]] = field(default_factory=list)


class IngressQueue:
    """A bounded, fair queue of received packets. All methods are for the event loop's own thread.

    counters: `received` is the sum of `handled`, `receive_errors`, every `dropped_…` and the
    packets that still wait.
    """

    def __init__(
        self,
        on_messages: OnMessages,
        on_packet: OnPacket = lambda size, peer, reason: None,
        on_disconnect: OnDisconnect = lambda connection: None,
        clock: Callable[[], float] = time.perf_counter,
        cost_clock: Callable[[], float] = _cost_clock,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Store the callbacks.

        on_messages: called with the messages of each valid packet (none for an empty bundle) and
        its sender. It must be quick. An exception that it raises is logged and counted.
        on_packet: called before that for every packet, with its size in bytes, its sender, and the
        reason for which it is dropped, or "".
        on_disconnect: called with each connection that has closed. clock: seconds,
        for slices. cost_clock: seconds, for what a packet costs.
        pause: sleeps for so many seconds; called after each slice that leaves something pending.
        """
        self._on_messages = on_messages
        self._on_packet = on_packet
        self.on_disconnect = on_disconnect
        self._clock = clock
        self._cost_clock = cost_clock
        self._pause = pause
        self._loop = asyncio.get_running_loop()
        self._queues: dict[Peer, _PeerQueue] = {}
        self._turns: deque[_PeerQueue] = deque()  # those with pending packets or a debt
        self._pending_bytes = 0
        self._is_decoding = False  # whether a call of `_decode` is scheduled
        self._is_closed = False
        names = [*_COUNTERS, *(f"dropped_{reason}" for reason in _DROP_REASONS)]
        self.counters = dict.fromkeys(names, 0)

    def put(self, data: bytes, peer: Peer, *, droppable: bool = True) -> None:
        """Queue a packet, or drop it if it is droppable and too much is pending."""
        if self._is_closed:
            return
        size = len(data) + PACKET_OVERHEAD
        queue = self._queues.get(peer)
        own = queue.bytes if queue else 0
        if droppable and (
            own + size > MAX_PENDING_BYTES or self._pending_bytes + size > MAX_TOTAL_BYTES
        ):
            self.reject(data, peer, "backlog")
            return
        if queue is None:
            queue = self._queues[peer] = _PeerQueue(peer)
            self._turns.append(queue)
        self.counters["received"] += 1
        self._pending_bytes += size
        queue.bytes += size
        queue.packets.append(data)
        if not self._is_decoding:
            self._is_decoding = True
            self._loop.call_soon(self._decode)

    def reject(self, data: bytes, peer: Peer, reason: str) -> None:
        """Count a packet as dropped. reason: `source`, `loop`, `backlog` or one of `REASONS`."""
        self.counters["received"] += 1
        self._count_drop(data, peer, reason)

    def is_saturated(self, peer: Peer) -> bool:
        """Return whether so much of a peer is pending that it should not be read."""
        queue = self._queues.get(peer)
        return queue is not None and queue.bytes > SATURATION_BYTES

    def on_drained(self, peer: Peer, resume: Callable[[], None]) -> None:
        """Call `resume` once, when a peer that is saturated no longer is."""
        self._queues[peer].resume.append(resume)

    def close(self) -> None:
        """Discard pending packets and accept no more."""
        self._is_closed = True
        self._queues.clear()
        self._turns.clear()

    def _decode(self) -> None:
        """Handle packets for one slice of time, each peer in its turn, and schedule the next."""
        end = self._clock() + _SLICE
        while self._turns and self._clock() < end:
            queue = self._turns.popleft()
            if queue.debt > _TURN / 2:
                queue.debt -= _TURN
            elif queue.packets:
                self._take_turn(queue)
                if self._is_closed:
                    return
            if queue.packets or queue.debt > _TURN / 2:
                self._turns.append(queue)
            else:
                self._queues.pop(queue.peer, None)
            while queue.resume and queue.bytes <= SATURATION_BYTES:
                queue.resume.pop()()
        self._is_decoding = bool(self._turns)
        if self._is_decoding:
            if self._pending_bytes:
                self._pause(_PAUSE)
            self._loop.call_soon(self._decode)

    def _take_turn(self, queue: _PeerQueue) -> None:
        """Handle a peer's packets for one turn: one at least."""
        began, end = self._cost_clock(), self._clock() + _TURN
        for _ in range(min(len(queue.packets), _TURN_PACKETS)):
            data = queue.packets.popleft()
            size = len(data) + PACKET_OVERHEAD
            queue.bytes -= size
            self._pending_bytes -= size
            self._deliver(data, queue.peer)
            if self._is_closed or self._clock() >= end:
                break
        queue.debt = min(self._cost_clock() - began - _TURN, _MAX_DEBT)

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
