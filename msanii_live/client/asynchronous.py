"""The client for asyncio, over one TCP connection: many commands at once, each with its answer."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from msanii_live.audio import Samples
from msanii_live.client.async_commands import AsyncCommands
from msanii_live.client.blocking import ANSWER_TIMEOUT, CLIP_TIMEOUT, OnMessage
from msanii_live.client.clip_source import (
    PageAddress,
    fetch,
    is_this_machine,
    page_port,
    read_file,
)
from msanii_live.client.connection import new_token
from msanii_live.client.packets import command_packet, read_packet
from msanii_live.client.replies import (
    MadeClip,
    NoAnswer,
    ReplyCollector,
    ReplyRow,
    ServerNotRunning,
)
from msanii_live.osc.codec import Message
from msanii_live.osc.slip import FrameDecoder, encode_frame
from msanii_live.protocol.commands import Caps, Command, JobCommand


@dataclass
class _PendingCommand:
    collector: ReplyCollector
    done: asyncio.Future[None]
    on_message: OnMessage


class AsyncClient(AsyncCommands):
    """A client for asyncio. Every command of the table is a method to await:

        async with AsyncClient() as client:
            loop, bed = await asyncio.gather(client.generate(bars=4), client.generate(seconds=12))

    Commands that make a clip return a `MadeClip`, the others the rows of their answer, by field. A
    command that the server refuses raises `CommandError`, with its code.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 7770,
        on_message: OnMessage = lambda _: None,
        http_port: int | None = None,
    ) -> None:
        """Keep where the server is; `async with` connects.

        on_message: called with each message. http_port: of the server's page; None asks the server.
        """
        self.host = host
        self.port = port
        self._http_port = http_port
        self._peer = ""
        self._on_message = on_message
        self._pending: list[_PendingCommand] = []
        self._reading: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def connect(self) -> None:
        """Open the connection. Raises: ServerNotRunning: nobody listens there; OSError."""
        try:
            reader, self._writer = await asyncio.open_connection(self.host, self.port)
        except ConnectionRefusedError:
            raise ServerNotRunning(self.host, self.port) from None
        self._peer = str(self._writer.get_extra_info("peername")[0])
        self._reading = asyncio.create_task(self._read(reader))

    async def close(self) -> None:
        """Close the connection. Commands that are still pending raise NoAnswer."""
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

    async def make(
        self,
        command: JobCommand,
        timeout: float = CLIP_TIMEOUT,
        on_message: OnMessage = lambda _: None,
    ) -> MadeClip:
        """Send a command that makes a clip and return the clip.

        on_message: called with each reply to this command, progress among them.
        Raises: CommandError: the server refused it; Cancelled; NoAnswer.
        """
        clip = (await self._answer(command, timeout, on_message)).clip()
        if clip.path.is_file() and is_this_machine(self._peer):
            return clip
        return replace(clip, page=await self._page())

    async def read(self, name: str) -> Samples:
        """Return the audio of any clip, float32 (frames, channels), wherever the server runs.

        Raises: UnreadableClip; and as `ask`.
        """
        path = Path(str((await self.clip_info(name))[0]["path"]))
        if path.is_file() and is_this_machine(self._peer):
            return await asyncio.to_thread(read_file, path)
        return await asyncio.to_thread(fetch, await self._page(), name, path.as_posix())

    async def _page(self) -> PageAddress:
        if self._http_port is None:
            self._http_port = page_port(await self.ask(Caps()))
        return PageAddress(self._peer, self._http_port)

    async def ask(self, command: Command, timeout: float = ANSWER_TIMEOUT) -> list[ReplyRow]:
        """Send a command and return its answer.

        Raises: CommandError: the server refused it; NoAnswer.
        """
        return (await self._answer(command, timeout, lambda _: None)).result()

    async def _answer(
        self, command: Command, timeout: float, on_message: OnMessage
    ) -> ReplyCollector:
        if self._writer is None or self._reading is None or self._reading.done():
            raise NoAnswer("there is no connection: use `async with`, or call connect()")
        pending = _PendingCommand(
            ReplyCollector(command.address, token := new_token()),
            asyncio.get_running_loop().create_future(),
            on_message,
        )
        self._pending.append(pending)
        try:
            self._writer.write(encode_frame("int32", command_packet(command, token)))
            await asyncio.wait_for(pending.done, timeout)
        except TimeoutError:
            raise NoAnswer(f"{command.address}: no answer within {timeout:g} s") from None
        finally:
            self._pending.remove(pending)
        return pending.collector

    async def _read(self, reader: asyncio.StreamReader) -> None:
        decoder = FrameDecoder()
        try:
            while data := await reader.read(65_536):
                for message in filter(None, map(read_packet, decoder.feed(data))):
                    self._deliver(message)
        except OSError:  # the connection broke: those who wait are told so
            pass
        finally:
            for pending in self._pending:
                if not pending.done.done():
                    pending.done.set_exception(NoAnswer("the server closed the connection"))

    def _deliver(self, message: Message) -> None:
        """Hand a message to the oldest command that it answers: replies without a token go in turn.

        Several commands of one address are answered in the order in which they were sent.
        """
        self._on_message(message)
        for pending in self._pending:
            if pending.collector.accept(message):
                pending.on_message(message)
                if pending.collector.terminal is not None and not pending.done.done():
                    pending.done.set_result(None)
                return
