"""The client for asyncio, over one TCP connection: many commands at once, each with its answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Self

from msanii_live.client.blocking import ASKING, MAKING
from msanii_live.client.connection import new_token
from msanii_live.client.messages import (
    Answer,
    MadeClip,
    NoAnswer,
    Row,
    Sent,
    call,
    command_of,
    packet,
)
from msanii_live.osc.codec import Message, PacketError, decode_packet
from msanii_live.osc.slip import FrameDecoder, encode_frame
from msanii_live.protocol.commands import Command, GenerationCommand

Heard = Callable[[Message], None]


@dataclass
class _Waiting:
    answer: Answer
    done: asyncio.Future[None]
    heard: Heard


class AsyncClient:
    """Speak to a server. Every command of the table is a method to await:

        async with AsyncClient() as client:
            loop, bed = await asyncio.gather(client.generate(bars=4), client.generate(seconds=12))

    Making commands give a `MadeClip`, the others the rows of their answer, by field. What the
    server refuses is raised as `CommandError`, with its code.
    """

    def __init__(
        self, host: str = "127.0.0.1", port: int = 7770, heard: Heard | None = None
    ) -> None:
        """Take where the server is, and who hears every message; `async with` connects."""
        self.host = host
        self.port = port
        self._heard = heard or (lambda message: None)
        self._waiting: list[_Waiting] = []
        self._reading: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def connect(self) -> None:
        """Open the connection. Raises: OSError: nobody listens there."""
        reader, self._writer = await asyncio.open_connection(self.host, self.port)
        self._reading = asyncio.create_task(self._read(reader))

    async def close(self) -> None:
        """Close the connection; whoever still waits for an answer gets NoAnswer."""
        if self._reading is not None:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reading
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        command_of(name)

        async def ask(*values: Sent, **keys: Sent) -> MadeClip | list[Row]:
            command = call(name, values, keys)
            if isinstance(command, GenerationCommand):
                return await self.make(command)
            return await self.ask(command)

        return ask

    async def make(
        self, command: GenerationCommand, timeout: float = MAKING, heard: Heard = lambda _: None
    ) -> MadeClip:
        """Have a clip made. heard: called with each reply to this command, progress among them.

        Raises: CommandError: the server's; Cancelled; NoAnswer.
        """
        return (await self._answer(command, timeout, heard)).clip()

    async def ask(self, command: Command, timeout: float = ASKING) -> list[Row]:
        """Return the answer to a command. Raises: CommandError: the server's; NoAnswer."""
        return (await self._answer(command, timeout, lambda _: None)).result()

    async def _answer(self, command: Command, timeout: float, heard: Heard) -> Answer:
        if self._writer is None or self._reading is None or self._reading.done():
            raise NoAnswer("there is no connection: use `async with`, or call connect()")
        waiting = _Waiting(
            Answer.to(command.address, token := new_token()),
            asyncio.get_running_loop().create_future(),
            heard,
        )
        self._waiting.append(waiting)
        try:
            self._writer.write(encode_frame("int32", packet(command, token)))
            await asyncio.wait_for(waiting.done, timeout)
        except TimeoutError:
            raise NoAnswer(f"{command.address}: no answer within {timeout:g} s") from None
        finally:
            self._waiting.remove(waiting)
        return waiting.answer

    async def _read(self, reader: asyncio.StreamReader) -> None:
        splitter = FrameDecoder()
        try:
            while data := await reader.read(65_536):
                for each in splitter.feed(data):
                    with contextlib.suppress(PacketError):
                        for message in decode_packet(each):
                            self._take(message)
        except OSError:  # the connection broke: told below
            pass
        finally:
            for waiting in self._waiting:
                if not waiting.done.done():
                    waiting.done.set_exception(NoAnswer("the server closed the connection"))

    def _take(self, message: Message) -> None:
        self._heard(message)
        for waiting in self._waiting:  # the oldest first: replies without a token go in turn
            if waiting.answer.takes(message):
                waiting.heard(message)
                if waiting.answer.ending is not None and not waiting.done.done():
                    waiting.done.set_result(None)
                return
