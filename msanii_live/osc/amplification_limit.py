"""A limit on how many bytes are sent to a host whose address has not been verified.

Anyone can forge the sender's address of a UDP packet. If a small request had a large answer, this
server could be used to flood somebody else (a reflection attack). So every byte that comes from a
host allows three bytes of replies to it, as QUIC does before an address is validated (RFC 9000,
section 8.1). A reply beyond that is not sent.

The limit does not apply to this machine, to TCP and WebSocket connections, and to hosts that
registered with `/msanii/notify`.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

AMPLIFICATION_FACTOR = 3  # bytes of replies for each byte received
MAX_CREDIT = 6_000  # bytes that a host can save up: enough for one page of a list
MAX_HOSTS = 1_024
WARNING_RESERVE = 88  # bytes that every reply but the first leaves for the warning about this limit


@dataclass
class _Account:
    """The credit of one host, and what it was sent since its last packet."""

    bytes: int = 0
    was_answered: bool = False
    was_warned: bool = False


@dataclass
class AmplificationLimit:
    """The reply credit of each host. At most `MAX_HOSTS`; the least recently heard goes first."""

    _accounts: OrderedDict[str, _Account] = field(default_factory=OrderedDict)

    def credit(self, host: str, size: int) -> None:
        """Add the credit for a packet of `size` bytes that came from a host."""
        previous = self._accounts.pop(host, _Account())
        total = min(MAX_CREDIT, previous.bytes + AMPLIFICATION_FACTOR * size)
        self._accounts[host] = _Account(total)
        while len(self._accounts) > MAX_HOSTS:
            self._accounts.popitem(last=False)

    def try_spend(self, host: str, size: int) -> bool:
        """Take `size` bytes from a host's credit. Return False if the credit is too low."""
        account = self._accounts.get(host)
        if account is None:
            return False
        reserve = WARNING_RESERVE if account.was_answered and not account.was_warned else 0
        if account.bytes - size < reserve:
            return False
        account.bytes -= size
        account.was_answered = True
        return True

    def should_warn(self, host: str) -> bool:
        """Return True once after each packet of a host: the host should be told of this limit."""
        account = self._accounts.get(host)
        if account is None or account.was_warned:
            return False
        account.was_warned = True
        return True
