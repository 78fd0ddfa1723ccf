"""Where a packet comes from, and where a reply can be sent."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

Network = IPv4Network | IPv6Network
UdpAddress = tuple[str, int]  # host as an IP address, and UDP port


class Connection(NamedTuple):
    """The identity of one TCP or WebSocket connection.

    number: unique for the life of the server. TCP counts up from 1, WebSocket down from -1.
    """

    host: str
    port: int
    number: int


Peer = UdpAddress | Connection
NOBODY: Peer = ("::1", 0)  # the sender of what the server tells itself, who needs no reply


def is_loopback(host: str) -> bool:
    """Return whether an IP address is this machine.

    >>> is_loopback("127.0.0.1"), is_loopback("::ffff:127.0.0.1"), is_loopback("192.0.2.1")
    (True, True, False)
    """
    return _is_loopback(host)


def is_allowed(host: str, allow: Sequence[Network]) -> bool:
    """Return whether a host may send to this server: this machine and the allowed networks."""
    address = _parse_host(host)
    return address.is_loopback or any(address in network for network in allow)


@lru_cache(1_024)
def _is_loopback(host: str) -> bool:
    return _parse_host(host).is_loopback


def _parse_host(host: str) -> IPv4Address | IPv6Address:
    address = ip_address(host.split("%")[0])  # without the zone of a link-local address
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def format_peer(peer: Peer) -> str:
    """Return a peer as text for logs.

    >>> format_peer(("127.0.0.1", 9000)), format_peer(Connection("127.0.0.1", 9000, 3))
    ('127.0.0.1:9000', '127.0.0.1:9000 connection 3')
    """
    address = f"{peer[0]}:{peer[1]}"
    return f"{address} connection {peer.number}" if isinstance(peer, Connection) else address
