"""How long one client waits while others flood the server."""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from msanii_live.benchmarks.network import Probe, RoundTrips, probe_in_turn
from msanii_live.client.connection import ClientConnection
from msanii_live.client.packets import build_packet
from msanii_live.client.server_process import ServerProcess, running_server
from msanii_live.osc.slip import encode_frame

PINGS = 200
PAUSE = 0.01  # s between pings
CAPS = build_packet("/msanii/caps", ())

Flood = Callable[[ServerProcess, threading.Event], None]


def tcp_flood(server: ServerProcess, stop: threading.Event) -> None:
    """Send `/msanii/caps` over one connection without pause, and read nothing, until `stop`."""
    frames = encode_frame("int32", CAPS) * 1_000
    with socket.create_connection((server.host, server.osc_port)) as sock:
        sock.settimeout(0.2)
        while not stop.is_set():
            try:
                sock.sendall(frames)
            except TimeoutError:
                continue
            except ConnectionError:  # the server closes a connection that does not read
                break
    if not stop.is_set():
        tcp_flood(server, stop)


def udp_flood(server: ServerProcess, stop: threading.Event) -> None:
    """Send 12,000 datagrams of `/msanii/caps` as fast as possible, again and again."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        while not stop.is_set():
            for _ in range(12_000):
                sock.sendto(CAPS, (server.host, server.osc_port))
            stop.wait(0.5)


FLOODS: dict[str, tuple[int, Flood]] = {
    "no flood": (0, tcp_flood),
    "one TCP connection, never read": (1, tcp_flood),
    "ten TCP connections, never read": (10, tcp_flood),
    "bursts of 12,000 datagrams": (1, udp_flood),
}


@contextmanager
def flooding(server: ServerProcess, count: int, flood: Flood) -> Iterator[None]:
    """Run a flood on threads of its own."""
    stop = threading.Event()
    threads = [threading.Thread(target=flood, args=(server, stop)) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def measure_floods(server: ServerProcess) -> list[RoundTrips]:
    """Return the round trips of another client's pings and stops under each flood."""
    results = []
    for name, (count, flood) in FLOODS.items():
        line = ClientConnection(server.host, server.osc_port, "int32")
        probes = [
            Probe(f"/msanii/ping, {name}", line, build_packet("/msanii/ping", ()), "/msanii/pong"),
            Probe(f"/msanii/stop, {name}", line, build_packet("/msanii/stop", ()), "/msanii/done"),
        ]
        with flooding(server, count, flood):
            results += probe_in_turn(probes, PINGS, PAUSE)
        line.close()
    return results


def report_floods() -> int:
    """Measure and print the table. Returns the status: 1 where an answer was lost."""
    with tempfile.TemporaryDirectory() as folder:
        flags = ("--audio", "none", "--engine", "tones", "--log-level", "error")
        with running_server(Path(folder), "--config", "none", *flags) as server:
            rows = measure_floods(server)
    print("| another client's message | round trips | p50 ms | p99 ms |\n| --- | --- | --- | --- |")
    for row in rows:
        print(row)
    return 0 if all(len(row.seconds) == PINGS for row in rows) else 1
