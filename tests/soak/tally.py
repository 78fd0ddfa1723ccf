"""What one client of the soak sent and received, and ways to receive."""

import collections
import time

from msanii_live.osc.codec import decode_packet

PATIENCE = 120.0  # seconds for the last replies: 64 jobs may wait on a busy machine
ENDINGS = ("/msanii/job/done", "/msanii/job/cancelled", "/msanii/fail")


class Tally:
    """Counts of what one client sent and received."""

    def __init__(self, name):
        self.name = name
        self.jobs = set()
        self.pings = set()
        self.endings = collections.Counter()
        self.pongs = collections.Counter()
        self.problems = []
        self.answers = 0  # of HTTP, and chunks of the stream
        self.states = 0  # updates of the page's state

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
        other = [
            f"{n} {what}" for n, what in ((self.answers, "answers"), (self.states, "states")) if n
        ]
        sent_in_all = [f"{len(self.jobs)} jobs", f"{len(self.pings)} pings", *other]
        result = "; ".join(self.problems[:5]) or "each answered once"
        print(f"{self.name}: {', '.join(sent_in_all)}; {result}")
        return not self.problems


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
