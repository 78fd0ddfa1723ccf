"""`msanii-live send` and `msanii-live dump`: the protocol from a shell."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from msanii_live.client.blocking import MAKING, Client
from msanii_live.client.connection import Transport, new_token
from msanii_live.client.messages import ROOT, Answer, as_row, typed
from msanii_live.errors import Code, CommandError, MsaniiError
from msanii_live.osc.codec import Message
from msanii_live.protocol import replies
from msanii_live.protocol.request import peek_token

QUIET = 3.0  # seconds that the answer to a command without a job may take
RENEWAL = 20.0  # seconds, well within the lease


def send(host: str, port: int, transport: Transport, address: str, words: Sequence[str]) -> int:
    """Send a message, print every reply to it, and return once the last one has come.

    address: whole, or what follows /msanii/. words: a number goes as the number that it looks like.
    Returns 0, or 1 where the server failed, was cancelled or said nothing.
    """
    address = address if address.startswith("/") else ROOT + address
    args = [typed(word) for word in words]
    token = peek_token(args, address)
    if not token:
        token = new_token()
        marked = any(word.startswith("@") for word in words)
        args += ["@id" if marked else "id", token]
    answer = Answer.to(address, token)
    with _client(host, port, transport) as client:
        client.send(address, *args)
        until = time.monotonic() + QUIET
        while answer.ending is None:
            heard = client.receive(until - time.monotonic())
            if heard is None:
                print(f"msanii-live: no answer from {host}:{port}", file=sys.stderr)
                return 1
            if answer.takes(heard) or heard.address in (replies.WARN.address, replies.LATE.address):
                print(spelt(heard), flush=True)
                if heard.address.startswith(f"{ROOT}job/"):
                    until = time.monotonic() + MAKING
    return int(answer.ending.address in (replies.FAIL.address, replies.JOB_CANCELLED.address))


def dump(host: str, port: int, last: int) -> int:
    """Print every message that reaches a server, and what becomes of it, until Ctrl-C."""
    with _client(host, port, "int32") as client:
        renewed = -RENEWAL
        while True:
            if time.monotonic() - renewed > RENEWAL:
                client.send(f"{ROOT}dump", 1, "last", last)
                last, renewed = 0, time.monotonic()
            heard = client.receive(1.0)
            if heard is None and not client.line.is_open:
                print("msanii-live: the server has gone", file=sys.stderr)
                return 1
            if heard is None:
                continue
            row = as_row(heard)
            if heard.address == replies.DUMP_LINE.address:
                came = time.localtime(time.time() - float(row["age-seconds"]))
                at = time.strftime("%H:%M:%S", came)
                print(f"{at} {row['sender']:21} {row['message']}  → {row['outcome']}", flush=True)
            elif heard.address == replies.FAIL.address:
                raise CommandError(Code(str(row["code"])), str(row["text"]))


def spelt(heard: Message) -> str:
    """Write a reply with the name of each field.

    >>> spelt(Message("/msanii/late", ("/msanii/play", 0.25)))
    '/msanii/late command=/msanii/play seconds=0.25'
    """
    fields = [
        f"{name}={f'{value:g}' if isinstance(value, float) else value}"
        for name, value in as_row(heard).items()
    ]
    return " ".join([heard.address, *fields])


def _client(host: str, port: int, transport: Transport) -> Client:
    try:
        return Client(host, port, transport)
    except OSError as error:
        raise MsaniiError(
            f"nobody listens on {host}:{port}: start `msanii-live serve`, or say where with --host "
            f"and --port ({error})"
        ) from None
