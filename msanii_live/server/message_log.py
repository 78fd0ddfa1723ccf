"""The log of incoming messages, for a musician who wonders why nothing happens."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from msanii_live.errors import Code, CommandError
from msanii_live.osc.codec import OscValue
from msanii_live.osc.peer import Peer, format_peer
from msanii_live.protocol import replies
from msanii_live.protocol.coercion import shortest_decimal
from msanii_live.protocol.replies import ReplyMessage
from msanii_live.server.sessions import LEASE

KEPT = 200
LISTENERS = 8
RATE = 100  # entries a second that a listener is sent; beyond that only how many there were

# Why a packet was dropped, in words.
REASON_TEXTS = {
    "source": "not from this machine or a network of --allow",
    "loop": "from this server's own port",
    "backlog": "too much waits to be read",
    "empty": "not OSC: no bytes",
    "alignment": "not OSC: a length is no multiple of 4, or a blob's padding is not zero",
    "size": "not OSC: an argument or element is longer than what is there",
    "depth": "bundles more than 16 deep",
    "address": "not OSC: it does not start with a slash or #bundle",
    "string": "not OSC: a text without its end, or with wrong padding",
    "tag": "not OSC: unknown type tags, or no comma before them",
}


class LogEntry(NamedTuple):
    """One message or dropped packet: its sender, its words, its outcome.

    at: when it came, monotonic seconds.
    """

    at: float
    peer: Peer
    address: str
    args: tuple[OscValue, ...]
    outcome: str

    @property
    def age(self) -> float:
        """Seconds since it came."""
        return time.monotonic() - self.at

    def fields(self) -> tuple[str, str, str]:
        """Return sender, message and outcome as texts short enough to send."""
        words = " ".join([self.address, *map(format_argument, self.args[:40])])
        return format_peer(self.peer), truncate_text(words, 600), truncate_text(self.outcome, 300)

    def reply(self, token: str) -> ReplyMessage:
        """Return the `/msanii/dump/line` of this entry for a listener's token."""
        return replies.DUMP_LINE(token, self.age, *self.fields())


@dataclass
class MessageLog:
    """The last entries, passed on to those who listen, at most `RATE` a second.

    send: called with the reply of an entry and a listener. written: the count of all entries.
    """

    send: Callable[[ReplyMessage, Peer], object]
    entries: deque[LogEntry] = field(default_factory=lambda: deque(maxlen=KEPT))
    written: int = 0
    _listeners: dict[Peer, tuple[str, float]] = field(default_factory=dict)
    _skipped: int = 0
    _second: int = 0
    _sent_this_second: int = 0

    def listen(self, peer: Peer, token: str) -> None:
        """Send new entries to a peer, for 60 s from its host's last message.

        Raises: CommandError: EBUSY, as many listen as may.
        """
        if peer not in self._listeners and len(self._listeners) >= LISTENERS:
            raise CommandError(Code.EBUSY, f"{LISTENERS} clients listen to the log already")
        self._listeners[peer] = token, time.monotonic() + LEASE

    def ignore(self, peer: Peer) -> None:
        """Send a peer no more entries."""
        self._listeners.pop(peer, None)

    def touch(self, source: Peer) -> None:
        """Renew the leases of a host."""
        for peer, (token, _) in self._listeners.items():
            if peer[0] == source[0]:
                self._listeners[peer] = token, time.monotonic() + LEASE

    def since(self, number: int) -> list[LogEntry]:
        """Return the entries after the first `number`, of those that are kept."""
        fresh = min(self.written - number, len(self.entries))
        return list(self.entries)[len(self.entries) - fresh :]

    def add(self, peer: Peer, address: str, args: Sequence[OscValue], outcome: str) -> None:
        """Add an entry, and send it to the listeners."""
        now = time.monotonic()
        entry = LogEntry(now, peer, address, tuple(args), outcome)
        self.entries.append(entry)
        self.written += 1
        if not self._listeners:
            return
        if int(now) != self._second:
            self._second, self._sent_this_second = int(now), 0
        if self._sent_this_second >= RATE:
            self._skipped += 1
            return
        self._sent_this_second += 1
        for listener, (token, until) in list(self._listeners.items()):
            if until < now:
                self.ignore(listener)
                continue
            if self._skipped:
                skipped = LogEntry(now, peer, "…", (), f"{self._skipped} more")
                self.send(skipped.reply(token), listener)
            self.send(entry.reply(token), listener)
        self._skipped = 0

    def add_drop(self, size: int, peer: Peer, reason: str) -> None:
        """Add an entry about a packet that was dropped before it was read."""
        self.add(peer, f"({size} bytes)", (), f"dropped: {REASON_TEXTS[reason]}")


def format_argument(value: OscValue) -> str:
    """Return one argument as it would be typed; a text with a space is quoted.

    >>> [format_argument(v) for v in (8.0, 0.8000000119, "dark techno", b"ab", None, True)]
    ['8.0', '0.8000000119', "'dark techno'", '(blob of 2 bytes)', 'nil', '1']
    >>> format_argument(0.800000011920929)  # 0.8 as a 32-bit float
    '0.8'
    """
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return str(shortest_decimal(value))
    if isinstance(value, bytes):
        return f"(blob of {len(value)} bytes)"
    if isinstance(value, str) and (not value or not value.isprintable() or " " in value):
        return repr(value)
    return "nil" if value is None else str(value)


def truncate_text(text: str, limit: int) -> str:
    """Return a text cut so that its UTF-8 has at most `limit` bytes."""
    raw = text.encode("utf-8", "replace")
    return text if len(raw) <= limit else raw[: limit - 3].decode("utf-8", "ignore") + "…"
