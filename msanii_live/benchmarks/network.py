"""`msanii-live bench front`: bursts, round trips compared with scsynth's, and malformed packets."""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from msanii_live.client.connection import ClientConnection, TransportName
from msanii_live.client.packets import build_packet
from msanii_live.client.replies import TERMINAL
from msanii_live.client.server_process import ServerProcess, running_server
from msanii_live.protocol.commands import COMMANDS, JobCommand
from msanii_live.protocol.reference import example

BURST = 3_000
PINGS = 500
FUZZ_SECONDS = 20.0
CONFORMANCE = Path("tests/server/test_conformance.py")


@dataclass(frozen=True)
class RoundTrips:
    """The round-trip times of one probe, in seconds."""

    name: str
    seconds: Sequence[float]

    @property
    def p50(self) -> float:
        """The median, ms."""
        return 1_000 * statistics.median(self.seconds)

    @property
    def p99(self) -> float:
        """The 99th percentile, ms."""
        ordered = sorted(self.seconds)
        return 1_000 * ordered[min(len(ordered) - 1, round(0.99 * (len(ordered) - 1)))]

    def __str__(self) -> str:
        return f"| {self.name} | {len(self.seconds)} | {self.p50:.2f} | {self.p99:.2f} |"


@dataclass(frozen=True)
class Probe:
    """A request, the connection it is sent on, and the address of its answer."""

    name: str
    line: ClientConnection
    packet: bytes
    answer: str

    def ask(self) -> float | None:
        """Return the seconds to the answer, None if none comes within 5 s."""
        started = time.perf_counter()
        self.line.send(self.packet)
        while (left := started + 5 - time.perf_counter()) > 0:
            message = self.line.receive(left)
            if message is not None and message.address == self.answer:
                return time.perf_counter() - started
        return None


def measure_burst(server: ServerProcess, transport: TransportName) -> tuple[int, float]:
    """Send pings as fast as possible; return the number of answers and the seconds they took."""
    line = ClientConnection(server.host, server.osc_port, transport)
    packets = [build_packet("/msanii/ping", ("id", n)) for n in range(BURST)]
    answered: set[str] = set()

    def listen() -> None:
        while len(answered) < BURST and (message := line.receive(5.0)) is not None:
            if message.address == "/msanii/pong":
                answered.add(str(message.args[0]))

    listening = threading.Thread(target=listen)
    listening.start()
    started = time.perf_counter()
    for packet in packets:
        line.send(packet)
    listening.join()
    took = time.perf_counter() - started
    line.close()
    return len(answered), took


def probes(server: ServerProcess, synth_port: int | None) -> list[Probe]:
    """Return the probes of this server, and of scsynth if it runs."""

    def line(port: int) -> ClientConnection:
        return ClientConnection("127.0.0.1", port)

    ping = build_packet("/msanii/ping", ("id", 1))
    asked = [
        Probe("/msanii/ping", line(server.osc_port), ping, "/msanii/pong"),
        Probe("/msanii/status", line(server.osc_port), build_packet("/msanii/status", ()),
                 "/msanii/status"),
    ]  # fmt: skip
    if synth_port is not None:
        packet = build_packet("/status", ())
        asked.append(Probe("scsynth /status", line(synth_port), packet, "/status.reply"))
    return asked


def probe_in_turn(asked: Sequence[Probe], times: int, pause: float) -> list[RoundTrips]:
    """Send every probe `times` times, one after the other, `pause` seconds apart."""
    took: dict[str, list[float]] = {each.name: [] for each in asked}
    for _ in range(times):
        for each in asked:
            took[each.name].append(each.ask() or 5.0)
            time.sleep(pause)
    return [RoundTrips(name, seconds) for name, seconds in took.items()]


def during_generation(server: ServerProcess, asked: Sequence[Probe]) -> list[RoundTrips]:
    """Send the probes while the server generates clips on the CPU."""
    done = threading.Event()

    def generate() -> None:
        line = ClientConnection(server.host, server.osc_port, "int32")
        for n in range(3):
            line.send(build_packet("/msanii/generate", ("seconds", 6, "seed", n, "id", f"busy{n}")))
        ended = 0
        while ended < 3 and (message := line.receive(120.0)) is not None:
            ended += message.address in TERMINAL
        line.close()
        done.set()

    thread = threading.Thread(target=generate)
    thread.start()
    time.sleep(0.3)
    took: dict[str, list[float]] = {each.name: [] for each in asked}
    while not done.is_set():
        for each in asked:
            took[each.name].append(each.ask() or 5.0)
            time.sleep(0.01)
    thread.join()
    return [RoundTrips(name, seconds) for name, seconds in took.items()]


def fuzz(server: ServerProcess) -> tuple[int, bool]:
    """Send messages with changed bytes, and a ping after every 200.

    Returns the number of messages, and whether every ping was answered.
    """
    rng = random.Random(7)
    # No message that generates a clip or ends the server.
    seeds = [
        build_packet(*example(command))
        for command in COMMANDS
        if not issubclass(command, JobCommand) and command.address != "/msanii/quit"
    ]
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ping = probes(server, None)[0]
    sent, answered, until = 0, True, time.monotonic() + FUZZ_SECONDS
    while time.monotonic() < until:
        for _ in range(200):
            packet = bytearray(rng.choice(seeds))
            for _ in range(rng.randrange(1, 5)):
                packet[rng.randrange(len(packet))] = rng.randrange(256)
            if rng.random() < 0.2:
                del packet[rng.randrange(len(packet)) :]
            sock.sendto(packet, (server.host, server.osc_port))
            sent += 1
        answered &= ping.ask() is not None
    sock.close()
    return sent, answered


@contextlib.contextmanager
def scsynth() -> Iterator[int | None]:
    """Run scsynth on a JACK dummy driver; yields its port, or None if a program is missing."""
    programs = shutil.which("jackd"), shutil.which("scsynth")
    if not all(programs):
        print("jackd or scsynth is missing: apt-get install jackd2 supercollider-server",
              file=sys.stderr)  # fmt: skip
        yield None
        return
    jack, synth = map(str, programs)
    environment = {**os.environ, "JACK_DEFAULT_SERVER": f"front{os.getpid()}",
                   "JACK_NO_AUDIO_RESERVATION": "1", "JACK_NO_START_SERVER": "1"}  # fmt: skip
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment}
    with contextlib.ExitStack() as running:
        for command in (
            [jack, "-r", "-n", environment["JACK_DEFAULT_SERVER"], "-d", "dummy", "-p", "1024"],
            [synth, "-u", str(port), "-B", "127.0.0.1"],
        ):
            child = subprocess.Popen(command, **quiet)  # type: ignore[call-overload]
            running.callback(_end, child)
            time.sleep(1.5)
        line = ClientConnection("127.0.0.1", port)
        ready = any(
            Probe("", line, build_packet("/status", ()), "/status.reply").ask() for _ in range(3)
        )
        line.close()
        yield port if ready else None


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(5)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def conformance() -> str:
    """Run the conformance tests if this is a checkout; return pytest's summary."""
    if not CONFORMANCE.exists():
        return "not run: no checkout here"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", str(CONFORMANCE), "-p", "no:cacheprovider", "-o",
        "addopts="], capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    found = re.search(r"=+ (.*(?:passed|failed|error).*) in ", run.stdout)
    return found[1] if found else f"status {run.returncode}"


def report_network(device: str = "cpu") -> int:
    """Measure and print the table. Returns the status: 1 where an answer was lost."""
    good = True
    with tempfile.TemporaryDirectory() as folder, scsynth() as synth_port:
        flags = ("--audio", "none", "--device", device, "--log-level", "error")
        with running_server(Path(folder), "--config", "none", *flags) as server:
            for transport in ("udp", "int32", "slip"):
                answered, took = measure_burst(server, transport)
                good &= answered == BURST
                print(f"burst over {transport}: {answered} of {BURST} answered in {took:.2f} s")
            asked = probes(server, synth_port)
            for state, trips in (
                ("idle", probe_in_turn(asked, PINGS, 0.005)),
                ("while it generates on the CPU", during_generation(server, asked)),
            ):
                print(f"\n| {state} | round trips | p50 ms | p99 ms |\n| --- | --- | --- | --- |")
                for each in trips:
                    print(each)
            for probe in asked:
                probe.line.close()
            sent, all_answered = fuzz(server)
            good &= all_answered
            print(f"\nbroken packets: {sent}; pings between them all answered: {all_answered}")
    print(f"conformance: {conformance()}")
    return 0 if good else 1
