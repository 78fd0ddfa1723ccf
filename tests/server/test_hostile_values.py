"""Every command of the table with hostile values in every argument: always an answer, and soon."""

import math
import time

import pytest

from msanii_live.client.connection import ClientConnection
from msanii_live.protocol import replies
from msanii_live.protocol.commands import COMMANDS, Dump, JobCommand, Notify, Quit, Sync
from msanii_live.protocol.schema import arguments
from tests.live import live
from tests.osc import packets

PATIENCE = 60.0  # s that the answers to one argument's values may take together
NUMBERS = [
    0, -1, 1, 2, 127, 128, 255, 256, 65_535, 65_536, 2**24, 2**24 + 1, 2**31 - 1, -(2**31),
]  # fmt: skip
LONG_NUMBERS = [2**31, 2**53, 2**63 - 1, -(2**63), 10**12]
FLOATS = [
    0.0, -0.0, 0.5, 1.0000001, -1e-9, 1e-45, 3.4e38, -3.4e38, math.nan, math.inf, -math.inf, 0.1,
    2.5,
]  # fmt: skip
DOUBLES = [1e308, -1e308, 5e-324, 1e15, math.nan, math.inf]
TEXTS = [
    "", " ", "none", "all", "current", "last", "input", "take", "a", "no-such-clip", "one", ".",
    "..", "../x", "../../etc/passwd", "/etc/passwd", "C:\\x", "Macintosh HD:/x.wav",
    "file:///etc/passwd", "~", "~root/x", "~nobody-here", "a/b.wav", "x.wav", "x.mid", "con",
    "nul.wav", "a" * 64, "a" * 65, "a" * 255, "a" * 256 + ".wav", "a" * 1_000, "é", "é", "日本語",
    "🎹", "\u202e", "\ufeff", "a\nb", "a\tb", "\x01", "\x7f", "%s%n", "${x}", "{0}", "'; drop",
    "<script>", "1", "1.5", "1e400", "-1", "0x10", "nan", "inf", "١٢", "1,5", "1/2", "true",
    "@seconds", "seconds", "id", "clip", "at", "#bundle", "/msanii/ping", "*", "?", "[a-z]",
    "{a,b}", "techno", "C#m", "Am F C G", "Am:2 H7/Fis", "C:0", "7/8", "intro 4, verse 8", "drums",
]  # fmt: skip
VALUES = (
    [("i", v) for v in NUMBERS]
    + [("h", v) for v in LONG_NUMBERS]
    + [("f", v) for v in FLOATS]
    + [("d", v) for v in DOUBLES]
    + [("s", v) for v in TEXTS]
    + [("b", ""), ("b", "00ff00ff"), ("T", None), ("F", None), ("N", None), ("I", None)]
    + [("c", "x"), ("r", "01020304"), ("m", "00903c40"), ("t", 1)]
)
# Of the values of a kind that an argument does not take, which are all refused alike, it gets some.
SOME = [pair for n, pair in enumerate(VALUES) if n % 8 == 0 or pair[0] not in "ihfds"]
WALKED = [command for command in COMMANDS if command is not Quit]
GOOD = {"i": ("i", 1), "f": ("f", 1.0), "s": ("s", "one")}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    with live(folder, "--engine", "tones") as it:
        it.job("/msanii/generate", "setup", "seconds", 1, "seed", 1, "clip", "one")
        yield it
    assert "Traceback" not in (folder / "log.txt").read_text()


def values_for(command, name):
    """Return the values for an argument: all of the kinds that it takes, and some of the others."""
    argument = next((each for each in arguments(command) if each.name == name), None)
    tags = "s" if argument is None or argument.kind == "s" else ""
    if argument is None or argument.takes_a_number or argument.has_numbers:
        tags += "ihfd"
    return [pair for pair in VALUES if pair[0] in tags or pair in SOME]


def message(command, name, tag, value):
    """Return a packet with one hostile value; other required arguments are plausible."""
    pairs = []
    for argument in arguments(command):
        if argument.name == name:
            pairs.append((argument, tag, value))
        elif argument.required:
            pairs.append((argument, *GOOD[argument.kind]))
    tags, values = "", []
    for argument, kind, one in pairs:
        if not argument.positional:
            tags, values = tags + "s", [*values, f"@{argument.name}"]
        tags += kind
        if kind not in "TFNI":
            values.append(one)
    return packets.message(command.address, *values, tags=tags)


def final_addresses(command):
    """Return the addresses of which each message is answered with exactly one."""
    if issubclass(command, JobCommand):
        return {replies.JOB_QUEUED.address, replies.FAIL.address}
    addresses = {command.reply, replies.FAIL.address, replies.DONE.address}
    listed = replies.is_listed(command.reply)
    return addresses - {command.reply} | {replies.DONE.address} if listed else addresses


@pytest.mark.parametrize("command", WALKED, ids=lambda command: command.address)
def test_every_value_is_answered(server, command):
    names = [argument.name for argument in arguments(command)] or [None]
    if command is Notify:
        names.remove("port")  # a valid one is where the answer goes
    line = ClientConnection(server.client.host, server.client.port, "int32")
    try:
        for name in names:  # a machine that stops for a second seldom does so three times
            assert any(is_answered_in_time(line, command, name) for _ in range(3)), name
        line.send(packets.message("/msanii/job/cancel", "all"))
        line.send(packets.message("/msanii/stream/stop"))
        line.send(packets.message("/msanii/stop"))
        line.send(packets.message("/msanii/dump", 0))
        line.send(packets.message("/msanii/ping", "id", "end"))
        wait_for_pong(line, "end")
    finally:
        line.close()


def is_answered_in_time(line, command, name):
    """Send all values for one argument; return whether each was answered within a second."""
    count = 0
    for tag, value in values_for(command, name):
        line.send(message(command, name, tag, value))
        count += 1
        if count % 16 == 0 and issubclass(command, JobCommand):
            line.send(packets.message("/msanii/job/cancel", "all"))
    answers, slow = collect(line, command, count)
    assert answers == count, (command.address, name, answers, count)
    return not slow


def collect(line, command, count):
    """Return how many answers came, and whether any gap between two of them lasted a second."""
    wanted, answers, slow = final_addresses(command), 0, False
    until = time.monotonic() + PATIENCE
    while answers < count and time.monotonic() < until:
        began = time.monotonic()
        reply = line.receive(2.0)
        slow = slow or time.monotonic() - began > 1.0
        if reply is None:
            continue
        if reply.address == replies.FAIL.address:
            assert reply.args[3] != "EINTERNAL", reply
            if reply.args[0] not in (command.address, ""):
                continue  # of the cancelling in between, or of a job
            if reply.args[2] != -1:
                continue  # the end of a job that was answered for when it was queued
        if reply.address == replies.DONE.address and reply.args[0] != command.address:
            continue
        answers += reply.address in wanted
    return answers, slow


def wait_for_pong(line, token):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        reply = line.receive(1.0)
        if reply is not None and reply.address == "/msanii/pong" and reply.args[0] == token:
            return
    raise AssertionError("no answer to the last ping")


def test_the_walk_is_over_the_whole_table():
    assert len(VALUES) >= 110
    assert {Dump, Sync} < set(WALKED)
    assert len(WALKED) == len(COMMANDS) - 1
