"""Checks of the network: ports, a round trip over each transport, and other machines."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import json
import os
import socket
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from msanii_live.cli.doctor.checks import Check, mend, note, ok
from msanii_live.cli.doctor.port_owner import find_port_owner
from msanii_live.client import Client, NoAnswer
from msanii_live.client.connection import TransportName, new_token
from msanii_live.client.packets import read_packet
from msanii_live.client.server_process import NotReady, running_server
from msanii_live.config import Config
from msanii_live.errors import PortInUse
from msanii_live.osc.binding import bind_sockets

ANSWER_TIMEOUT = 2.0  # s
BROWSE_TIMEOUT = 4.0  # s
# A proxy, which HTTP_PROXY may name, would ask itself for 127.0.0.1.
DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
FIREWALL = "let Python through this machine's firewall, for UDP and TCP"


def check_network(config: Config) -> Iterator[Check]:
    """Check the ports, then the server that has them, or a server started for this."""
    host = _local_address(config.bind)
    runs = config.port > 0 and _answers(host, config.port)
    yield from check_ports(config, runs)
    if runs:
        yield from check_server(host, config.port, config.http_port, "the server that runs")
    else:
        yield from _check_own_server()
    yield from _check_beyond(config, runs)


def _local_address(bind: str) -> str:
    """Return an address at which this machine reaches a server that is bound to one."""
    if bind in ("0.0.0.0", "localhost"):
        return "127.0.0.1"
    return "::1" if bind == "::" else bind


def _answers(host: str, port: int) -> bool:
    try:
        _round_trip(host, port, "udp")
    except (NoAnswer, OSError):
        return False
    return True


# -- ports -----------------------------------------------------------------------------------------


def check_ports(config: Config, runs: bool) -> Iterator[Check]:
    """Try to bind each port. runs: a server answers there already."""
    wanted = (
        (socket.SOCK_DGRAM, "UDP", config.port, "--port"),
        (socket.SOCK_STREAM, "TCP", config.port, "--port"),
        (socket.SOCK_STREAM, "HTTP", config.http_port, "--http-port"),
    )
    for kind, name, port, flag in wanted:
        what = f"{name} port {port}"
        if port == 0:
            yield ok(f"{name} port", f"any that is free, by {flag} 0")
            continue
        error = _bind(config.bind, kind, port)
        if error is None:
            yield ok(what, "free")
        elif error.errno == errno.EADDRINUSE:
            yield _taken(kind, what, port, flag, runs)
        elif error.errno == errno.EACCES:
            yield mend(what, "not allowed to be used", f"pick one above 1023 with {flag}")
        else:
            reason = error.strerror or str(error)
            yield mend(what, f"{config.bind}: {reason}", "give --bind an address of this machine")


def _bind(host: str, kind: socket.SocketKind, port: int) -> OSError | None:
    """Bind a port as the server does; return the error, None if there is none."""

    async def bind() -> None:
        for trial in await bind_sockets(host, port, kind, ""):
            if kind == socket.SOCK_STREAM:
                trial.listen()
            trial.close()

    try:
        asyncio.run(bind())
    except PortInUse:
        return OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
    except OSError as error:
        return error
    return None


def _taken(kind: socket.SocketKind, what: str, port: int, flag: str, runs: bool) -> Check:
    owner = find_port_owner(kind, port)
    by = f"by {owner}" if owner else "by a program that the system does not name"
    if runs:
        return ok(what, f"held {by}: msanii-live runs")
    ending = f"end it (kill {owner.process})" if owner else "end that program"
    return mend(what, f"held {by}", f"{ending}, or pick another port with {flag}")


# -- round trips -----------------------------------------------------------------------------------


def _check_own_server() -> Iterator[Check]:
    """Start a small server on free ports, and check whether clients reach it."""
    with tempfile.TemporaryDirectory() as folder:
        flags = ("--config", "none", "--engine", "tones", "--audio", "none")
        log = Path(folder, "log.txt")
        try:
            with running_server(Path(folder), *flags, log=log) as own:
                yield from check_server(
                    own.host, own.osc_port, own.http_port, "a server started for this"
                )
        except NotReady as error:
            remedy = "run msanii-live serve --engine tones --audio none, and read what it says"
            yield mend("a trial server", str(error).splitlines()[-1], remedy)


def check_server(host: str, port: int, http_port: int, server: str) -> Iterator[Check]:
    """Send a ping over each transport. server: what it is, in words."""
    clients: tuple[tuple[str, TransportName, bool], ...] = (
        ("client over UDP", "udp", False),
        ("client that listens on another port, as Max does", "udp", True),
        ("client over TCP", "int32", False),
    )
    for what, transport, elsewhere in clients:
        try:
            took = _round_trip(host, port, transport, elsewhere)
        except (NoAnswer, OSError) as error:
            yield mend(what, f"{server}, {host}:{port}: {error}", FIREWALL)
        else:
            yield ok(what, f"{server} answered after {1000 * took:.1f} ms")
    yield _ask_page(host, http_port, server)


def _round_trip(host: str, port: int, transport: TransportName, elsewhere: bool = False) -> float:
    """Return the seconds from a ping to its reply.

    elsewhere: ask for the reply on another port. Raises: NoAnswer; OSError.
    """
    client, token = Client(host, port, transport), new_token()
    try:
        began = time.monotonic()
        if not elsewhere:
            client.send("/msanii/ping", "id", token)
            client.wait(["/msanii/pong"], token, ANSWER_TIMEOUT)
            return time.monotonic() - began
        with socket.socket(client.connection.socket.family, socket.SOCK_DGRAM) as listener:
            listener.bind((client.connection.socket.getsockname()[0], 0))
            client.send("/msanii/ping", "id", token, "reply_port", listener.getsockname()[1])
            _await_pong(listener, token, began + ANSWER_TIMEOUT)
        return time.monotonic() - began
    finally:
        client.close()


def _await_pong(listener: socket.socket, token: str, until: float) -> None:
    while (left := until - time.monotonic()) > 0:
        listener.settimeout(left)
        try:
            message = read_packet(listener.recv(65_536))
        except TimeoutError:
            continue
        if message is not None and message.args == (token,):
            return
    raise NoAnswer(f"no /msanii/pong within {ANSWER_TIMEOUT:g} s")


def _ask_page(host: str, port: int, server: str) -> Check:
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{port}/"
    try:
        with DIRECTLY.open(f"{url}api/state", timeout=ANSWER_TIMEOUT) as answer:
            state = json.load(answer)["server"]["state"]
    except (OSError, ValueError, KeyError) as error:
        remedy = "give --http-port the port that the server was started with, or see its log"
        return mend("page over HTTP", f"{server}, {url}: {error}", remedy)
    return ok("page over HTTP", f"{url} says {state}")


# -- beyond this machine ---------------------------------------------------------------------------


def _check_beyond(config: Config, runs: bool) -> Iterator[Check]:
    """Check what other machines need: an address in an allowed network, and Zeroconf."""
    if config.is_loopback:
        yield ok("network", "this machine only; others need --bind and --allow")
        return
    from msanii_live.web.zeroconf import own_addresses

    own = own_addresses()
    networks = [ipaddress.ip_network(text, strict=False) for text in config.allow]
    inside = [each for each in own if any(ipaddress.ip_address(each) in net for net in networks)]
    if inside:
        yield ok("network", f"others reach {', '.join(inside)}, from {', '.join(config.allow)}")
    else:
        yield note(
            "network",
            f"this machine is {', '.join(own)}, which is not in {', '.join(config.allow)}",
            "give --allow the network that both machines are on, such as 192.168.1.0/24",
        )
    if config.is_announced and runs:
        yield _browse(config.http_port)


def _browse(http_port: int) -> Check:
    """Browse for the server's announcement, as another host would."""
    from zeroconf import Error, ServiceBrowser, Zeroconf

    from msanii_live.web.zeroconf import OSCQUERY

    found = threading.Event()

    def on_change(zeroconf: Zeroconf, service_type: str, name: str, state_change: object) -> None:
        info = zeroconf.get_service_info(service_type, name, 1_000)
        if info is not None and info.port == http_port:
            found.set()

    remedy = "let multicast (UDP port 5353) through the firewall; clients can name host and port"
    try:
        browser = Zeroconf()
    except (OSError, Error) as error:
        return note("Zeroconf", f"no multicast here: {error}", remedy)
    try:
        ServiceBrowser(browser, OSCQUERY, handlers=[on_change])
        if found.wait(BROWSE_TIMEOUT):
            return ok("Zeroconf", f"{OSCQUERY} tells of port {http_port}")
    finally:
        browser.close()
    return note("Zeroconf", f"nobody tells of port {http_port} within {BROWSE_TIMEOUT:g} s", remedy)
