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
FOR_TELLING = 88  # bytes kept back from every reply but the first, for the one that tells the rule


@dataclass
class _Account:
    """Hold a host's bytes, and whether it had a reply, and was told, since its last packet."""

    bytes: int = 0
    was_answered: bool = False
    was_told: bool = False


@dataclass
class AmplificationLimit:
    """Keep what each host has earned; bounded in hosts, the longest silent forgotten."""

    _accounts: OrderedDict[str, _Account] = field(default_factory=OrderedDict)

    def credit(self, host: str, size: int) -> None:
        """Note that a packet of `size` bytes came from a host."""
        before = self._accounts.pop(host, _Account())
        self._accounts[host] = _Account(min(MOST, before.bytes + FACTOR * size))
        while len(self._accounts) > HOSTS:
            self._accounts.popitem(last=False)

    def try_spend(self, host: str, size: int) -> bool:
        """Take the bytes of a reply from a host's credit; False, and nothing, if it has too few."""
        account = self._accounts.get(host)
        if account is None:
            return False
        keep = FOR_TELLING if account.was_answered and not account.was_told else 0
        if account.bytes - size < keep:
            return False
        account.bytes -= size
        account.was_answered = True
        return True

    def should_warn(self, host: str) -> bool:
        """Return True once after each packet of a host: then it is told of this rule."""
        account = self._accounts.get(host)
        if account is None or account.was_told:
            return False
        account.was_told = True
        return True
