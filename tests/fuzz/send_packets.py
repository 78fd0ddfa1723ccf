"""Send fuzzed packets to a real server, with a `/msanii/ping` after every thousand.

Real messages with a few bytes changed, and bytes that are none, over UDP and both framings of TCP.
Checked: every ping is answered, every packet is handled or counted with the reason why not, no
failure is an EINTERNAL, the log has no traceback, and as many files are open as before. Usage:
python -m tests.fuzz.send_packets [--packets 1000000] [--seed 7]. Status 1 if a check failed.
Linux, for /proc.
"""

import argparse
import collections
import contextlib
import os
import random
import socket
import sys
import tempfile
import time
from pathlib import Path

from msanii_live.client.connection import ClientConnection
from msanii_live.client.packets import build_packet
from msanii_live.client.server_process import running_server
from msanii_live.osc.codec import PacketError, decode_packet
from msanii_live.protocol.commands import COMMANDS, JobCommand
from msanii_live.protocol.reference import example
from msanii_live.server.message_log import REASON_TEXTS

ROUND = 1_000  # packets before a ping
PATIENCE = 60.0  # s for a round, on a busy machine
PROGRESS_EVERY = 30.0  # s
JOBS = 0.02  # share of messages that make a clip: each may take a second of the engine's time


def seeds():
    """Return the packets that make clips, and all others but the one that ends the server."""
    made, others = [], []
    for command in COMMANDS:
        if command.address != "/msanii/quit":
            address, args = example(command)
            if issubclass(command, JobCommand):  # one job for all that are alike
                made.append(build_packet(address, [*args, "id", "fuzz"]))
            else:
                others.append(build_packet(address, args))
    return made, others


def fuzzed(rng, made, others):
    """Return one packet."""
    if rng.random() < 0.05:
        return rng.choice([b"", b"/", b"#bundle\0"]) + rng.randbytes(rng.randrange(64))
    packet = bytearray(rng.choice(made if rng.random() < JOBS else others))
    for _ in range(rng.randrange(1, 5)):
        match rng.randrange(3):
            case 0:
                packet[rng.randrange(len(packet))] = rng.randrange(256)
            case 1:
                place = rng.randrange(0, len(packet), 4)
                packet[place:place] = rng.randbytes(4)
            case 2:
                packet[rng.randrange(len(packet))] ^= 1 << rng.randrange(8)
    if rng.random() < 0.1:
        del packet[rng.randrange(len(packet)) :]
    return bytes(packet)


def send_round(connection, ear, rng, packets, number):
    """Send so many packets and a ping; return the codes of failures, None without a pong.

    ear: a UDP socket for the pong: the fuzzed packets may have registered any other port.
    """
    token = f"fuzz-{number}"
    codes = collections.Counter()
    for sent in range(packets):
        connection.send(fuzzed(rng, *SEEDS))
        if sent % 50 == 49:  # a client that never reads is closed
            read_failures(connection, codes)
    connection.send(build_packet("/msanii/job/cancel", ("all",)))
    port = ear.getsockname()[1]
    connection.send(build_packet("/msanii/ping", ("id", token, "reply_port", port)))
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        read_failures(connection, codes)
        with contextlib.suppress(BlockingIOError, PacketError):
            while True:
                for message in decode_packet(ear.recv(65_536)):
                    if message.address == "/msanii/pong" and token in message.args:
                        return codes
    return None


def read_failures(connection, codes):
    """Read what has come on a connection and count the codes of failures."""
    while (message := connection.receive(0.002)) is not None:
        if message.address == "/msanii/fail":
            codes[message.args[3]] += 1


SEEDS = seeds()


def fuzz(packets, seed):
    """Send packets in rounds and print the result. Return the status: 1 if a check failed."""
    rng = random.Random(seed)
    codes, unanswered = collections.Counter(), 0
    with tempfile.TemporaryDirectory() as folder, udp_socket() as ear:
        log = Path(folder) / "log.txt"
        flags = ("--engine", "tones", "--audio", "none", "--log-level", "error")
        with running_server(Path(folder) / "clips", *flags, log=log) as server:
            connections = [
                ClientConnection(server.host, server.osc_port, transport)
                for transport in ("udp", "int32", "slip")
            ]
            files = open_files(server)
            began = due = time.monotonic()
            for number in range(-(-packets // ROUND)):
                connection = connections[number % len(connections)]
                found = send_round(
                    connection, ear, rng, min(ROUND, packets - number * ROUND), number
                )
                if found is None:
                    unanswered += 1
                    if server.child.poll() is not None or not connection.is_open:
                        break
                else:
                    codes.update(found)
                if (now := time.monotonic()) > due:
                    due = now + PROGRESS_EVERY
                    sent = min(packets, (number + 1) * ROUND)
                    print(f"{sent:,} of {packets:,} packets in {now - began:.0f} s", flush=True)
            took = time.monotonic() - began
            alive = server.child.poll() is None
            later = open_files(server) if alive else -1
            counts = read_counters(server) if alive else collections.Counter()
            for connection in connections:
                connection.close()
        text = log.read_text("utf-8", "replace")
    dropped = sum(counts[f"dropped-{reason}"] for reason in REASON_TEXTS)
    counted = counts["handled"] + counts["receive-errors"] + dropped
    print(f"{packets:,} packets in {took:.0f} s; pings without an answer: {unanswered}")
    print(f"received {counts['received']:,}: handled {counts['handled']:,}, dropped {dropped:,}")
    print(f"failures by code: {dict(codes.most_common())}; open files {files}, then {later}")
    ok = alive and not unanswered and not counts["receive-errors"] and not codes["EINTERNAL"]
    # The message that asks for the counters is received, and not yet handled.
    ok &= counted == counts["received"] - 1 and "Traceback" not in text and later <= files + 2
    if "Traceback" in text:
        print(text[:4_000])
    print("passed" if ok else "FAILED")
    return 0 if ok else 1


def udp_socket():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.setblocking(False)
    return sock


def open_files(server):
    return len(os.listdir(f"/proc/{server.child.pid}/fd"))


def read_counters(server):
    """Return what the server counted, by name.

    Over a new connection: the fuzzed packets may have registered other ports for the old ones.
    """
    connection = ClientConnection(server.host, server.osc_port, "int32")
    connection.send(build_packet("/msanii/caps", ("id", "counters")))
    counts = collections.Counter()
    while (message := connection.receive(PATIENCE)) is not None and message.address != (
        "/msanii/done"
    ):
        if message.address == "/msanii/caps" and str(message.args[0]).startswith("count-"):
            counts[str(message.args[0]).removeprefix("count-")] = int(message.args[1])
    return counts


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    sys.exit(fuzz(arguments.packets, arguments.seed))
