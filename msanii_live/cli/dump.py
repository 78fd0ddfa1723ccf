"""`msanii-live dump`: what reaches a running server, and what becomes of it."""

from __future__ import annotations

import argparse
import sys
import time

from msanii_live.cli.arguments import Commands, add_server_address
from msanii_live.errors import Code, CommandError

RENEWAL = 20.0  # seconds, well within the lease


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "dump", help="print each message that reaches a running server, and its outcome"
    )
    add_server_address(parser)
    parser.add_argument(
        "--last", type=int, default=20, help="earlier messages to print, 0 to 200 (%(default)s)"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    return dump(arguments.host, arguments.port, arguments.last)


def dump(host: str, port: int, last: int) -> int:
    """Print every message that reaches a server, and what becomes of it, until Ctrl-C."""
    from msanii_live.client import Client
    from msanii_live.client.replies import as_row
    from msanii_live.protocol import replies

    with Client(host, port, "int32") as client:
        renewed = -RENEWAL
        while True:
            if time.monotonic() - renewed > RENEWAL:
                client.send("/msanii/dump", 1, "last", last)
                last, renewed = 0, time.monotonic()
            message = client.receive(1.0)
            if message is None and not client.connection.is_open:
                print("msanii-live: the server has gone", file=sys.stderr)
                return 1
            if message is None:
                continue
            row = as_row(message)
            if message.address == replies.DUMP_LINE.address:
                received = time.localtime(time.time() - float(row["age-seconds"]))
                clock = time.strftime("%H:%M:%S", received)
                line = f"{clock} {row['sender']:21} {row['message']}  → {row['outcome']}"
                print(line, flush=True)
            elif message.address == replies.FAIL.address:
                raise CommandError(Code(str(row["code"])), str(row["text"]))
