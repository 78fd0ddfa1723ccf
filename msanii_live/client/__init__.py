"""Clients of a running server, for Python; torch is not loaded.

`Client` waits for each answer, `AsyncClient` is for asyncio; both have a method for every command
of the table:

    from msanii_live.client import Client

    with Client() as client:
        loop = client.generate(bars=4, bpm=124, style="house")
        longer = client.outpaint(loop.name, seconds=6)
        print(longer.path, client.clip_list())
"""

from msanii_live.client.asynchronous import AsyncClient
from msanii_live.client.blocking import Client
from msanii_live.client.clip_source import UnreadableClip
from msanii_live.client.replies import MadeClip, NoAnswer, ServerNotRunning, as_row
from msanii_live.errors import Cancelled, CommandError
from msanii_live.osc.codec import Message

__all__ = [
    "AsyncClient",
    "Cancelled",
    "Client",
    "CommandError",
    "MadeClip",
    "Message",
    "NoAnswer",
    "ServerNotRunning",
    "UnreadableClip",
    "as_row",
]
