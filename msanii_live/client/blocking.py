"""The client that waits for each answer."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from msanii_live.audio import Samples
from msanii_live.client.blocking_commands import BlockingCommands
from msanii_live.client.clip_source import (
    PageAddress,
    fetch,
    is_this_machine,
    page_port,
    read_file,
)
from msanii_live.client.connection import ClientConnection, TransportName, new_token
from msanii_live.client.packets import Sent, build_packet, command_packet
from msanii_live.client.replies import (
    TERMINAL,
    MadeClip,
    NoAnswer,
    ReplyCollector,
    ReplyRow,
    ServerNotRunning,
    as_row,
)
from msanii_live.errors import MsaniiError
from msanii_live.osc.codec import Message, OscValue
from msanii_live.protocol.commands import Caps, Command, JobCommand, Notify

ANSWER_TIMEOUT = 10.0  # seconds
CLIP_TIMEOUT = 300.0
RESEND_AFTER = 1.0  # seconds without a reply over UDP after which a command is sent again
RENEW_AFTER = 25.0  # seconds after which a client registers again; a lease lasts 60

OnMessage = Callable[[Message], None]


class Client(BlockingCommands):
    """A client that waits for each answer. Every command of the table is a method.

    Commands that make a clip return a `MadeClip`, the others the rows of their answer, by field. A
    command that the server refuses raises `CommandError`, with its code. received: every message
    so far, in order.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 7770,
        transport: TransportName = "udp",
        http_port: int | None = None,
    ) -> None:
        """Open a connection.

        http_port: of the server's page; None asks the server.
        Raises: ServerNotRunning: nobody listens there (TCP); OSError.
        """
        self.host = host
        self.port = port
        self.connection = ClientConnection(host, port, transport)
        self.received: list[Message] = []
        self._http_port = http_port
        self._is_remote = not is_this_machine(self.connection.peer)
        self._registered_at = -math.inf

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def make(
        self,
        command: JobCommand,
        timeout: float = CLIP_TIMEOUT,
        on_message: OnMessage = lambda _: None,
    ) -> MadeClip:
        """Send a command that makes a clip and return the clip.

        on_message: called with each message that comes meanwhile, progress among them.
        Raises: CommandError: the server refused it; Cancelled; NoAnswer; ServerNotRunning.
        """
        clip = self._answer(command, timeout, on_message).clip()
        if clip.path.is_file() and not self._is_remote:
            return clip
        return replace(clip, page=self._page())

    def read(self, name: str) -> Samples:
        """Return the audio of any clip, float32 (frames, channels), wherever the server runs.

        Raises: UnreadableClip; and as `ask`.
        """
        path = Path(str(self.clip_info(name)[0]["path"]))
        if path.is_file() and not self._is_remote:
            return read_file(path)
        return fetch(self._page(), name, path.as_posix())

    def _page(self) -> PageAddress:
        if self._http_port is None:
            self._http_port = page_port(self.ask(Caps()))
        return PageAddress(self.connection.peer, self._http_port)

    def ask(self, command: Command, timeout: float = ANSWER_TIMEOUT) -> list[ReplyRow]:
        """Send a command and return its answer.

        Raises: CommandError: the server refused it; NoAnswer; ServerNotRunning.
        """
        return self._answer(command, timeout, lambda _: None).result()

    def _answer(self, command: Command, timeout: float, on_message: OnMessage) -> ReplyCollector:
        collector = ReplyCollector(command.address, token := new_token())
        packet = command_packet(command, token)
        # The server makes one clip of one token; a command that only reads may come twice.
        may_resend = isinstance(command, JobCommand) or command.read_only
        self._keep_registered()
        self.connection.send(packet)
        until = time.monotonic() + timeout
        was_received = self.connection.transport != "udp" or not may_resend
        while (left := until - time.monotonic()) > 0:
            message = self.receive(min(left, RENEW_AFTER if was_received else RESEND_AFTER))
            self._keep_registered()
            if message is None:
                if self.connection.is_refused:
                    raise ServerNotRunning(self.host, self.port)
                if not self.connection.is_open:
                    break
                if not was_received:
                    self.connection.send(packet)
                continue
            on_message(message)
            was_received |= collector.accept(message)
            if collector.terminal is not None:
                return collector
        raise NoAnswer(f"{command.address}: no answer within {timeout:g} s")

    def _keep_registered(self) -> None:
        """Register with a server on another machine, which sends little over UDP to others."""
        if not self._is_remote or self.connection.transport != "udp":
            return
        if (now := time.monotonic()) - self._registered_at >= RENEW_AFTER:
            self._registered_at = now
            self.connection.send(command_packet(Notify(on=1), new_token()))

    # -- single messages -------------------------------------------------------------------------

    def send(self, address: str, *args: Sent) -> None:
        """Send one message unchecked; ints, floats and strings go as i, f and s."""
        self.connection.send(build_packet(address, args))

    def receive(self, timeout: float) -> Message | None:
        """Return the next message, None if none comes in time."""
        message = self.connection.receive(timeout)
        if message is not None:
            self.received.append(message)
        return message

    def wait(
        self,
        addresses: Sequence[str],
        token: str | None = None,
        timeout: float = 60.0,
        on_message: OnMessage = lambda _: None,
    ) -> Message:
        """Return the first message of these addresses whose first two fields include the token.

        Raises: NoAnswer: none came in time.
        """
        until = time.monotonic() + timeout
        while self.connection.is_open and (left := until - time.monotonic()) > 0:
            message = self.receive(left)
            if message is None:
                continue
            on_message(message)
            if message.address in addresses and (token is None or token in message.args[:2]):
                return message
        raise NoAnswer(f"no {' or '.join(addresses)} within {timeout:g} s")

    def job(
        self,
        address: str,
        token: str,
        *args: Sent,
        timeout: float = 120.0,
        on_message: OnMessage = lambda _: None,
    ) -> tuple[OscValue, ...]:
        """Send a command that makes a clip, unchecked; return the fields of its /msanii/job/done.

        Raises: MsaniiError: the job failed or was cancelled; NoAnswer.
        """
        self.send(address, *args, "id", token)
        terminal = self.wait(TERMINAL, token, timeout, on_message)
        if terminal.address != "/msanii/job/done":
            raise MsaniiError(f"{address}: {terminal.address} {as_row(terminal)}")
        return terminal.args

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()
