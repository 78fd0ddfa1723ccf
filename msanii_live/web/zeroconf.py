"""Announcement of OSC and OSCQuery on the network by Zeroconf, so that programs find the server."""

from __future__ import annotations

import logging
import socket
from ipaddress import ip_address

from zeroconf import Error, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from msanii_live.web.security import announced_host

log = logging.getLogger("msanii_live.osc")

OSCQUERY = "_oscjson._tcp.local."
OSC = "_osc._udp.local."


class Announcement:
    """The services that are announced until `close`."""

    def __init__(self, zeroconf: AsyncZeroconf, services: list[ServiceInfo]) -> None:
        """Use `announce` instead."""
        self._zeroconf = zeroconf
        self.services = services

    async def close(self) -> None:
        """Withdraw the announcement."""
        for service in self.services:
            await (await self._zeroconf.async_unregister_service(service))
        await self._zeroconf.async_close()


async def announce(host: str, osc_port: int, http_port: int) -> Announcement | None:
    """Announce the server on the networks that reach it. On failure, log a warning and return None.

    host: the IP address that is bound.
    """
    address = ip_address(host)
    addresses = own_addresses() if address.is_unspecified else [host]
    try:
        zeroconf = AsyncZeroconf(interfaces=addresses)
        name = f"msanii-live {socket.gethostname().split('.')[0]} {osc_port}"
        services = [
            ServiceInfo(
                kind, f"{name}.{kind}", port=port, parsed_addresses=addresses,
                server=announced_host(osc_port),
            )
            for kind, port in ((OSCQUERY, http_port), (OSC, osc_port))
        ]  # fmt: skip
        for service in services:
            await (await zeroconf.async_register_service(service, allow_name_change=True))
    except (OSError, ValueError, Error) as error:
        log.warning("the server is not announced on the network: %s", error or type(error).__name__)
        return None
    return Announcement(zeroconf, services)


def own_addresses() -> list[str]:
    """Return the IPv4 addresses of this machine that others can reach, or loopback if none."""
    import ifaddr

    found = [str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4]
    return [each for each in found if not ip_address(each).is_loopback] or ["127.0.0.1"]
