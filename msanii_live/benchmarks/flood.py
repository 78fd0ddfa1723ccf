"""How long one client waits while others flood the server.

Each flood is a process of its own, so that it takes no time from the one that measures.
"""

from __future__ import annotations

import multiprocessing
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Barrier
from pathlib import Path

from msanii_live.benchmarks.network import Probe, RoundTrips, probe_in_turn
from msanii_live.client.connection import ClientConnection
from msanii_live.client.packets import build_packet
from msanii_live.client.server_process import ServerProcess, running_server
from msanii_live.osc.slip import encode_frame

PINGS = 200
PAUSE = 0.01  # s between pings
STARTING = 60.0  # s in which the processes of a flood must start, on a busy machine
SETTLING = 0.5  # s from the start of a flood to the first ping
CAPS = build_packet("/msanii/caps", ())
PLAY = build_packet("/msanii/play", ("nothing",))

Flood = Callable[[str, int], None]


def flood_tcp(host: str, port: int) -> None:
    """Send `/msanii/caps` over one connection without pause, for ever, and read nothing."""
    frames = encode_frame("int32", CAPS) * 1_000
    while True:
        with socket.create_connection((host, port)) as sock:
            try:
                while True:
                    sock.sendall(frames)
            except ConnectionError:  # the server closes a connection that does not read
                continue


def flood_udp(host: str, port: int) -> None:
    """Send 12,000 datagrams of `/msanii/caps` as fast as possible, again and again."""
    _send_bursts(host, port, CAPS)


def flood_plays(host: str, port: int) -> None:
    """Send 12,000 datagrams of `/msanii/play` as fast as possible, again and again."""
    _send_bursts(host, port, PLAY)


def _send_bursts(host: str, port: int, packet: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        while True:
            for _ in range(12_000):
                sock.sendto(packet, (host, port))
            time.sleep(0.5)


FLOODS: dict[str, tuple[int, Flood]] = {
    "no flood": (0, flood_tcp),
    "one TCP connection, never read": (1, flood_tcp),
    "ten TCP connections, never read": (10, flood_tcp),
    "bursts of 12,000 datagrams": (1, flood_udp),
    "bursts of 12,000 plays": (1, flood_plays),
}


@contextmanager
def flooding(server: ServerProcess, count: int, flood: Flood) -> Iterator[None]:
    """Run a flood in processes of its own, from when all of them send."""
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(count + 1)
    floods = [
        context.Process(target=_start, args=(flood, ready, server.host, server.osc_port))
        for _ in range(count)
    ]
    for each in floods:
        each.start()
    try:
        ready.wait(STARTING)
        time.sleep(SETTLING if floods else 0.0)
        yield
    finally:
        for each in floods:
            each.kill()
            each.join()


def _start(flood: Flood, ready: Barrier, host: str, port: int) -> None:
    ready.wait(STARTING)
    flood(host, port)


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
