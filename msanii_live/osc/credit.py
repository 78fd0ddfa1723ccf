"""Never amplify: what a host whose address nobody has checked may be sent.

UDP lets anyone write any address as the sender's. Were a small request answered with much, this
server could be turned on others. So a host earns three bytes of replies with every byte that comes
from it, and a reply that it has not earned is not sent. Trusted without credit are this machine,
whose address no one else can write; a connection, whose far end has answered; and a host with a
registration (`/msanii/notify`), which is the musician's own word.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

FACTOR = 3
MOST = 6_000  # bytes that a host can save up: a page of a list, never a flood
HOSTS = 1_024


@dataclass
class Credit:
    """Keep what each host has earned, in bytes; bounded in hosts, the longest silent forgotten."""

    _bytes: OrderedDict[str, int] = field(default_factory=OrderedDict)
    _told: set[str] = field(default_factory=set)

    def earn(self, host: str, size: int) -> None:
        """Note that a packet of `size` bytes came from a host."""
        self._bytes[host] = min(MOST, self._bytes.pop(host, 0) + FACTOR * size)
        self._told.discard(host)
        while len(self._bytes) > HOSTS:
            self._told.discard(self._bytes.popitem(last=False)[0])

    def spend(self, host: str, size: int) -> bool:
        """Take the bytes of a reply from a host's credit; False, and nothing, if it has too few."""
        left = self._bytes.get(host, 0) - size
        if left < 0:
            return False
        self._bytes[host] = left
        return True

    def may_tell(self, host: str) -> bool:
        """Return True once after each packet of a host: then it is told of this rule."""
        if host in self._told or host not in self._bytes:
            return False
        self._told.add(host)
        return True
