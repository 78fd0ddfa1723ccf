"""Play a server for minutes with four kinds of clients; nothing may be lost, and nothing grow.

The four: asyncio over TCP; a blocking client over SLIP; one that sends from one UDP port and
registered another, as Max does; and oscsend, a new process and port for every message. Checked at
the end: every job had one ending and no second one, every ping its pong, memory within 2 % and open
files the same. Usage: python tests/soak/soak.py [--minutes 5]. Status 1 if a check failed. Linux,
for /proc.
"""

import argparse
import asyncio
import collections
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from pythonosc.udp_client import SimpleUDPClient

from msanii_live.client import AsyncClient, Cancelled, Client, CommandError, NoAnswer
from msanii_live.client.server_process import running_server
from msanii_live.osc.codec import decode_packet

WARM_UP = 150.0  # seconds: longer than anything is remembered, and than memory takes to settle
PATIENCE = 30.0  # seconds for the last replies
ENDINGS = ("/msanii/job/done", "/msanii/job/cancelled", "/msanii/fail")
GROWTH = 0.02


class Tally:
    """Counts of what one client sent and received."""

    def __init__(self, name):
        self.name = name
        self.jobs = set()
        self.pings = set()
        self.endings = collections.Counter()
        self.pongs = collections.Counter()
        self.problems = []

    def count_reply(self, address, args):
        if address in ENDINGS:
            self.endings[args[1] if address == "/msanii/fail" else args[0]] += 1
        elif address == "/msanii/pong":
            self.pongs[args[0]] += 1

    def open(self):
        return len(self.jobs - self.endings.keys()) + len(self.pings - self.pongs.keys())

    def check(self):
        for kind, sent, received in (
            ("job", self.jobs, self.endings),
            ("ping", self.pings, self.pongs),
        ):
            if lost := sorted(sent - received.keys()):
                self.problems.append(f"{len(lost)} {kind}s without an answer, such as {lost[0]}")
            if twice := sorted(t for t in sent if received[t] > 1):
                self.problems.append(f"{len(twice)} {kind}s answered twice, such as {twice[0]}")
        print(f"{self.name}: {len(self.jobs)} jobs, {len(self.pings)} pings; "
              f"{'; '.join(self.problems) or 'each answered once'}")  # fmt: skip
        return not self.problems


def asyncio_client(server, stop, tally):
    async def player(client, number):
        rng = random.Random(number)
        last = ""
        while not stop.is_set():
            try:
                if last and rng.random() < 0.3:
                    await client.outpaint(last, seconds=0.5, keep=0, steps=2, clip=f"o{number}")
                else:
                    last = (await client.generate(seconds=0.5, steps=2, clip=f"a{number}")).name
            except (CommandError, Cancelled) as error:
                tally.problems.append(repr(error))
            await asyncio.sleep(0.8)

    def receive(message):
        if message.address == "/msanii/job/queued":
            tally.jobs.add(message.args[0])
        tally.count_reply(message.address, message.args)

    async def main():
        async with AsyncClient(server.host, server.osc_port, receive) as client:
            await asyncio.gather(*(player(client, n) for n in range(3)))

    asyncio.run(main())


def slip_client(server, stop, tally):
    rng = random.Random(2)
    with Client(server.host, server.osc_port, "slip") as client:
        number = 0
        while not stop.is_set():
            number += 1
            token = f"slip-{number}"
            tally.jobs.add(token)
            client.send("/msanii/generate", "seconds", 0.5, "steps", 4, "clip", "s", "id", token)
            if rng.random() < 0.2:
                client.send("/msanii/job/cancel", token, "id", f"cancel-{token}")
            tally.pings.add(token)
            client.send("/msanii/ping", "id", token)
            client.send("/msanii/clip/list")
            until = time.monotonic() + 0.7
            while (left := until - time.monotonic()) > 0:
                if (received := client.receive(left)) is not None:
                    note(tally, received)
            client.received.clear()
        drain(tally, lambda: client.receive(0.5))


def registered_client(server, stop, tally):
    """Send with python-osc from one port, and listen on another."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sender = SimpleUDPClient(server.host, server.osc_port)
        sender.send_message("/msanii/notify", [1, sock.getsockname()[1]])
        number = 0
        while not stop.is_set():
            number += 1
            token = f"max-{number}"
            tally.jobs.add(token)
            tally.pings.add(token)
            sender.send_message(
                "/msanii/generate", ["seconds", 0.5, "steps", 2, "clip", "m", "id", token]
            )
            sender.send_message("/msanii/ping", ["id", token])
            sender.send_message("/msanii/nothing", [])
            receive_replies(tally, sock, 0.6)
        drain(tally, lambda: receive_one(sock, 0.5))
        sender._sock.close()


def oscsend_client(server, stop, tally):
    program = shutil.which("oscsend")
    if program is None:
        print("oscsend is not installed: three kinds of clients", file=sys.stderr)
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = str(sock.getsockname()[1])

        def send(address, tags, *words):
            where = [program, server.host, str(server.osc_port), address]
            subprocess.run([*where, tags, *words], check=True, timeout=20)

        number = 0
        while not stop.is_set():
            number += 1
            token = f"send-{number}"
            tally.jobs.add(token)
            tally.pings.add(token)
            keys = ["clip", "n", "id", token, "reply_port", port]
            send("/msanii/generate", "sfsssssi", "seconds", "0.5", *keys)
            send("/msanii/ping", "sssi", "id", token, "reply_port", port)
            receive_replies(tally, sock, 1.0)
        drain(tally, lambda: receive_one(sock, 0.5))


def noise(server, stop, _tally):
    """Send what is no OSC, and what begins as OSC does, to UDP and TCP."""
    rng = random.Random(5)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        while not stop.is_set():
            for _ in range(20):
                packet = rng.choice([b"", b"/msanii/ping\0\0\0\0,", b"#bundle\0"]) + rng.randbytes(
                    12
                )
                sock.sendto(packet, (server.host, server.osc_port))
            try:
                with socket.create_connection((server.host, server.osc_port), 5) as connection:
                    connection.sendall(
                        rng.choice([b"GET /\r\n", b"\0\0\0\x10/half", b"\xc0/\xdbx\xc0"])
                    )
            except OSError:
                pass
            time.sleep(0.5)


def note(tally, message):
    tally.count_reply(message.address, message.args)


def receive_one(sock, timeout):
    sock.settimeout(timeout)
    try:
        return decode_packet(sock.recv(65_536))[0]
    except TimeoutError:
        return None


def receive_replies(tally, sock, seconds):
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if (message := receive_one(sock, left)) is not None:
            note(tally, message)


def drain(tally, receive):
    until = time.monotonic() + PATIENCE
    quiet = False
    while time.monotonic() < until and not (quiet and not tally.open()):
        message = receive()
        quiet = message is None
        if message is not None:
            note(tally, message)


def resident_mb(pid):
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def soak(minutes):
    kinds = (asyncio_client, slip_client, registered_client, oscsend_client, noise)
    tallies = [Tally(kind.__name__.replace("_client", "")) for kind in kinds]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.txt"
        flags = ("--engine", "tones", "--audio", "none", "--log-level", "warning")
        with running_server(Path(folder) / "clips", *flags, log=log) as server:
            pid = server.child.pid
            stop = threading.Event()
            threads = [
                threading.Thread(target=guarded, args=(kind, server, stop, tally))
                for kind, tally in zip(kinds, tallies, strict=True)
            ]
            for thread in threads:
                thread.start()
            samples = []
            end = time.monotonic() + 60 * minutes
            warm = time.monotonic() + min(WARM_UP, 30 * minutes)
            while time.monotonic() < end and server.child.poll() is None:
                time.sleep(2)
                if time.monotonic() > warm:
                    files = len(os.listdir(f"/proc/{pid}/fd"))
                    samples.append((resident_mb(pid), files))
                    if len(samples) % 15 == 1:
                        print(f"{resident_mb(pid):.1f} MB, {files} open files", flush=True)
            stop.set()
            for thread in threads:
                thread.join(PATIENCE + 20)
            alive = server.child.poll() is None
            with Client(server.host, server.osc_port, "int32") as client:
                counts = {row["name"]: row["value"] for row in client.caps()}
        failures = [line for line in log.read_text().splitlines() if "ERROR" in line]
    return report(tallies, samples, alive, failures, counts)


def guarded(kind, server, stop, tally):
    try:
        kind(server, stop, tally)
    except (OSError, NoAnswer, subprocess.SubprocessError) as error:
        tally.problems.append(f"it broke off: {error!r}")


def report(tallies, samples, alive, failures, counts):
    good = [tally.check() for tally in tallies]
    third = len(samples) // 3
    first, last = samples[:third], samples[-third:]
    before, after = (statistics.median(mb for mb, _ in part) for part in (first, last))
    growth = after / before - 1
    files = [statistics.median(n for _, n in part) for part in (first, last)]
    print(f"memory {before:.1f} MB, then {after:.1f} MB: {100 * growth:+.2f} %")
    print(f"open files {files[0]:g}, then {files[1]:g}")
    print(f"packets {counts['count-received']}, of them handled {counts['count-handled']}; "
          f"errors in the log {len(failures)}")  # fmt: skip
    for line in failures[:5]:
        print(line)
    flat = growth < GROWTH and abs(files[1] - files[0]) <= 1
    ok = all(good) and alive and not failures and flat and counts["count-receive-errors"] == "0"
    print("passed" if ok else "FAILED")
    return 0 if ok else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5.0)
    sys.exit(soak(parser.parse_args().minutes))
