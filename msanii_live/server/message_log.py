"""The log of what comes in, for a musician who wonders why nothing happens."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from msanii_live.errors import Code, CommandError
from msanii_live.osc.codec import OscValue
from msanii_live.osc.peer import Peer, format_peer
from msanii_live.server.sessions import LEASE

KEPT = 200
LISTENERS = 8
RATE = 100  # lines a second that a listener is sent; it is told how many it was not

# Why a packet was dropped, for one who has not read the protocol.
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


@dataclass(frozen=True, slots=True)
class LogEntry:
    """Hold one message or dropped packet: who sent it, its words, and what became of it.

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
        words = " ".join([self.address, *map(word, self.args[:40])])
        return format_peer(self.peer), clipped(words, 600), clipped(self.outcome, 300)


@dataclass
class MessageLog:
    """Keep the last lines, and pass new ones on to those who listen, so many a second.

    tell: called with a line, a listener, and the token that it gave. written: every line so far.
    """

    tell: Callable[[LogEntry, Peer, str], None]
    lines: deque[LogEntry] = field(default_factory=lambda: deque(maxlen=KEPT))
    written: int = 0
    _listeners: dict[Peer, tuple[str, float]] = field(default_factory=dict)
    _withheld: int = 0
    _second: int = 0
    _told: int = 0

    def listen(self, peer: Peer, token: str) -> None:
        """Pass new lines on to a peer, for 60 s from its host's last message.

        Raises: CommandError: EBUSY, as many listen as may.
        """
        if peer not in self._listeners and len(self._listeners) >= LISTENERS:
            raise CommandError(Code.EBUSY, f"{LISTENERS} clients listen to the log already")
        self._listeners[peer] = token, time.monotonic() + LEASE

    def ignore(self, peer: Peer) -> None:
        """Pass no more lines on to a peer."""
        self._listeners.pop(peer, None)

    def touch(self, source: Peer) -> None:
        """Renew the leases of a host."""
        for peer, (token, _) in self._listeners.items():
            if peer[0] == source[0]:
                self._listeners[peer] = token, time.monotonic() + LEASE

    def since(self, number: int) -> list[LogEntry]:
        """Return the lines after the first so many, of those that are kept."""
        fresh = min(self.written - number, len(self.lines))
        return list(self.lines)[len(self.lines) - fresh :]

    def note(self, peer: Peer, address: str, args: Sequence[OscValue], outcome: str) -> None:
        """Write a line."""
        now = time.monotonic()
        line = LogEntry(now, peer, address, tuple(args), outcome)
        self.lines.append(line)
        self.written += 1
        if not self._listeners:
            return
        if int(now) != self._second:
            self._second, self._told = int(now), 0
        if self._told >= RATE:
            self._withheld += 1
            return
        self._told += 1
        for listener, (token, until) in list(self._listeners.items()):
            if until < now:
                self.ignore(listener)
                continue
            if self._withheld:
                self.tell(LogEntry(now, peer, "…", (), f"{self._withheld} more"), listener, token)
            self.tell(line, listener, token)
        self._withheld = 0

    def note_drop(self, size: int, peer: Peer, reason: str) -> None:
        """Write a line about a packet that was dropped before it was read."""
        self.note(peer, f"({size} bytes)", (), f"dropped: {REASON_TEXTS[reason]}")


def word(value: OscValue) -> str:
    """Write one argument as it would be typed; a text with a space is quoted.

    >>> [word(v) for v in (8.0, "dark techno", b"ab", None, True)]
    ['8.0', "'dark techno'", '(blob of 2 bytes)', 'nil', '1']
    """
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, bytes):
        return f"(blob of {len(value)} bytes)"
    if isinstance(value, str) and (not value or not value.isprintable() or " " in value):
        return repr(value)
    return "nil" if value is None else str(value)


def clipped(text: str, most: int) -> str:
    """Cut a text so that its UTF-8 has at most so many bytes."""
    raw = text.encode("utf-8", "replace")
    return text if len(raw) <= most else raw[: most - 3].decode("utf-8", "ignore") + "…"
