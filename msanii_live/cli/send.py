"""`msanii-live send`: one command from a shell, and its replies."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msanii_live.cli.arguments import Commands, add_server_address
from msanii_live.errors import MsaniiError

if TYPE_CHECKING:
    from msanii_live.client.connection import TransportName
    from msanii_live.osc.codec import Message

REPLY_TIMEOUT = 3.0  # seconds that the answer to a command without a job may take
FLAGS = ("--host", "--port", "--udp", "--help", "-h")


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "send",
        help="send one command to a running server and print its replies",
        description="Sends one command, prints its replies, and ends with 0 if it was carried out, "
        "else with 1. `msanii-live docs osc` lists the commands.",
        epilog="example: msanii-live send generate style house bars 4 clip a play 1",
    )
    add_server_address(parser)
    parser.add_argument("--udp", action="store_true", help="send over UDP instead of TCP")
    parser.add_argument("address", help="the command, such as /msanii/generate or generate")
    parser.add_argument(
        "words", nargs=argparse.REMAINDER, help="its arguments, such as seconds 8 style house"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    if misplaced := [word for word in arguments.words if word.partition("=")[0] in FLAGS]:
        flags = " ".join(misplaced)
        raise MsaniiError(f"{flags}: flags stand in front of the command: send {flags} … ping")
    transport: TransportName = "udp" if arguments.udp else "int32"
    return send(arguments.host, arguments.port, transport, arguments.address, arguments.words)


def send(host: str, port: int, transport: TransportName, address: str, words: Sequence[str]) -> int:
    """Send a message, print every reply to it, and return once the last one has come.

    address: whole, or what follows /msanii/. words: a number goes as the number that it looks like.
    Returns 0, or 1 where the server failed, was cancelled or did not answer.
    """
    from msanii_live.client import Client
    from msanii_live.client.blocking import CLIP_TIMEOUT
    from msanii_live.client.connection import new_token
    from msanii_live.client.packets import parse_word
    from msanii_live.client.replies import ReplyCollector
    from msanii_live.protocol import replies
    from msanii_live.protocol.request import peek_token

    address = address if address.startswith("/") else f"/msanii/{address}"
    args = [parse_word(word) for word in words]
    token = peek_token(args, address)
    if not token:
        token = new_token()
        is_marked = any(word.startswith("@") for word in words)
        args += ["@id" if is_marked else "id", token]
    collector = ReplyCollector(address, token)
    with Client(host, port, transport) as client:
        client.send(address, *args)
        until = time.monotonic() + REPLY_TIMEOUT
        while collector.terminal is None:
            message = client.receive(until - time.monotonic())
            if message is None:
                print(f"msanii-live: no answer from {host}:{port}", file=sys.stderr)
                return 1
            is_notice = message.address in (replies.WARN.address, replies.LATE.address)
            if collector.accept(message) or is_notice:
                print(format_reply(message), flush=True)
                if message.address.startswith("/msanii/job/"):
                    until = time.monotonic() + CLIP_TIMEOUT
    failures = (replies.FAIL.address, replies.JOB_CANCELLED.address)
    return int(collector.terminal.address in failures)


def format_reply(message: Message) -> str:
    """Write a reply with the name of each field.

    >>> from msanii_live.osc.codec import Message
    >>> format_reply(Message("/msanii/late", ("/msanii/play", 0.25)))
    '/msanii/late command=/msanii/play seconds=0.25'
    """
    from msanii_live.client.replies import as_row

    fields = [
        f"{name}={f'{value:g}' if isinstance(value, float) else value}"
        for name, value in as_row(message).items()
    ]
    return " ".join([message.address, *fields])
