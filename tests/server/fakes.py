"""Parts of a server for tests without sockets: what is sent is kept in a list."""

import asyncio
import contextlib
import threading

from msanii_live.osc.codec import Message, decode_packet
from msanii_live.server.background_tasks import BackgroundTasks
from msanii_live.server.events import LoopCaller
from msanii_live.server.message_log import MessageLog
from msanii_live.server.reply_sender import ReplySender
from msanii_live.server.router import Router
from msanii_live.server.scheduled_messages import ScheduledMessages, TimelineClock
from msanii_live.server.sessions import Sessions

CLIENT = ("127.0.0.1", 9_000)
OTHER = ("127.0.0.1", 9_001)


class Wire:
    """Transports that keep the packets that were sent, decoded."""

    def __init__(self):
        self.sent = []

    def send(self, packet, peer):
        for message in decode_packet(packet):
            self.sent.append((peer, message))

    def is_own(self, peer):
        return False

    def addresses(self, peer=CLIENT):
        return [message.address for where, message in self.sent if where == peer]

    def failures(self):
        return [m.args for _, m in self.sent if m.address == "/msanii/fail"]


class Bench:
    """A router with a given table of handlers, on a running event loop."""

    def __init__(self, handlers):
        loop = asyncio.get_running_loop()
        self.wire = Wire()
        self.sessions = Sessions()
        self.sender = ReplySender(self.sessions)
        self.sender.connect(self.wire)
        self.log = MessageLog(lambda reply, peer: self.sender.send(reply, (peer,)))
        self.scheduled = ScheduledMessages(loop)
        self.worker_calls = []
        self.tasks = BackgroundTasks(
            lambda routes=None: set(), self.sender.send, LoopCaller(loop), self._on_worker
        )
        self.router = Router(
            handlers,
            self.sessions,
            self.sender,
            self.log,
            self.scheduled,
            TimelineClock(lambda: 0.0),
            self.tasks,
        )

    def _on_worker(self, call):
        self.worker_calls.append(threading.Thread(target=call))
        self.worker_calls[-1].start()

    def send(self, address, *args, time_tag=None, source=CLIENT):
        self.router.receive((Message(address, args, time_tag),), source)

    async def until(self, condition, seconds=5.0):
        """Run the event loop until a condition holds."""
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.005)

    def close(self):
        self.scheduled.close()
        self.tasks.close()


def run(test, handlers):
    """Run `async test(bench)`."""

    async def main():
        bench = Bench(handlers)
        with contextlib.closing(bench):
            return await test(bench)

    return asyncio.run(main())
