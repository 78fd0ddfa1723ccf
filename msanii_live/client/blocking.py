"""The client that waits for each answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Self

from msanii_live.client.connection import Line, Transport, new_token
from msanii_live.client.messages import (  # fmt: skip
    TERMINAL,
    Answer,
    MadeClip,
    NoAnswer,
    Row,
    Sent,
    as_row,
    call,
    command_of,
    message,
    packet,
)
from msanii_live.errors import MsaniiError
from msanii_live.osc.codec import Message, OscValue
from msanii_live.protocol.commands import Command, GenerationCommand

ASKING = 10.0  # seconds that an answer may take
MAKING = 300.0
AGAIN = 1.0  # seconds without a word over UDP after which a command is sent again


class Client:
    """Speak to a server. Every command of the table is a method: `client.clip_list(page=2)`.

    Making commands return a `MadeClip`, the others the rows of their answer, by field. What the
    server refuses is raised as `CommandError`, with its code. received: every message so far, in
    order.
    """

    def __init__(
        self, host: str = "127.0.0.1", port: int = 7770, transport: Transport = "udp"
    ) -> None:
        """Open a line. Raises: OSError: nobody listens there (TCP)."""
        self.host = host
        self.port = port
        self.line = Line(host, port, transport)
        self.received: list[Message] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        command_of(name)

        def ask(*values: Sent, **keys: Sent) -> MadeClip | list[Row]:
            command = call(name, values, keys)
            return (
                self.make(command) if isinstance(command, GenerationCommand) else self.ask(command)
            )

        return ask

    def make(
        self, command: GenerationCommand, timeout: float = MAKING,
        on_message: Callable[[Message], None] = lambda _: None,
    ) -> MadeClip:  # fmt: skip
        """Have a clip made. Raises: CommandError: the server's; Cancelled; NoAnswer."""
        return self._answer(command, timeout, on_message).clip()

    def ask(self, command: Command, timeout: float = ASKING) -> list[Row]:
        """Return the answer to a command. Raises: CommandError: the server's; NoAnswer."""
        return self._answer(command, timeout, lambda _: None).result()

    def _answer(
        self, command: Command, timeout: float, on_message: Callable[[Message], None]
    ) -> Answer:
        answer = Answer.to(command.address, token := new_token())
        sent = packet(command, token)
        # The token makes a making command the same one; a reading one may as well come twice.
        may_repeat = isinstance(command, GenerationCommand) or command.read_only
        self.line.send(sent)
        until = time.monotonic() + timeout
        heard_any = self.line.transport != "udp" or not may_repeat
        while (left := until - time.monotonic()) > 0:
            heard = self.receive(left if heard_any else min(left, AGAIN))
            if heard is None:
                if not self.line.is_open:
                    break
                if not heard_any:
                    self.line.send(sent)
                continue
            on_message(heard)
            heard_any |= answer.takes(heard)
            if answer.ending is not None:
                return answer
        raise NoAnswer(f"{command.address}: no answer within {timeout:g} s")

    # -- closer to the wire ----------------------------------------------------------------------

    def send(self, address: str, *args: Sent) -> None:
        """Send one message as it is; ints, floats and strings go as i, f and s."""
        self.line.send(message(address, args))

    def receive(self, timeout: float) -> Message | None:
        """Return the next message, None if none comes in time."""
        heard = self.line.receive(timeout)
        if heard is not None:
            self.received.append(heard)
        return heard

    def wait(
        self,
        addresses: Sequence[str],
        token: str | None = None,
        timeout: float = 60.0,
        on_message: Callable[[Message], None] = lambda _: None,
    ) -> Message:
        """Return the first message of these addresses whose first two fields include the token.

        Raises: NoAnswer: none came in time.
        """
        until = time.monotonic() + timeout
        while (left := until - time.monotonic()) > 0:
            heard = self.receive(left)
            if heard is None:
                break
            on_message(heard)
            if heard.address in addresses and (token is None or token in heard.args[:2]):
                return heard
        raise NoAnswer(f"no {' or '.join(addresses)} within {timeout:g} s")

    def job(
        self,
        address: str,
        token: str,
        *args: Sent,
        timeout: float = 120.0,
        on_message: Callable[[Message], None] = lambda _: None,
    ) -> tuple[OscValue, ...]:
        """Send a making command as it is and return the fields of its /msanii/job/done.

        Raises: MsaniiError: the job failed or was cancelled; NoAnswer.
        """
        self.send(address, *args, "id", token)
        ending = self.wait(TERMINAL, token, timeout, on_message)
        if ending.address != "/msanii/job/done":
            raise MsaniiError(f"{address}: {ending.address} {as_row(ending)}")
        return ending.args

    def close(self) -> None:
        """Close the line."""
        self.line.close()
