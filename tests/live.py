"""Run a real server for tests and speak to it over loopback."""

import contextlib
import socket
import threading
from dataclasses import dataclass

from msanii_live.client import Client
from msanii_live.client.server_process import running_server


@dataclass
class Live:
    client: Client
    folder: object
    server: object

    def job(self, address, token, *args, **options):
        return self.client.job(address, token, *args, **options)

    def ask(self, address, *args, reply=("/msanii/done", "/msanii/fail"), token=None, timeout=10):
        self.client.send(address, *args)
        reply = (reply,) if isinstance(reply, str) else reply
        return self.client.wait((*reply, "/msanii/fail"), token, timeout)

    def count(self, address, token):
        return sum(m.address == address and token in m.args for m in self.client.received)

    def drain(self, seconds=0.5):
        while self.client.receive(seconds):
            pass


@contextlib.contextmanager
def live(folder, *flags, log=None, **how):
    log = log or folder / "log.txt"
    with running_server(folder, "--audio", "none", *flags, log=log, **how) as server:
        client = Client(server.host, server.osc_port)
        try:
            yield Live(client, folder, server)
        finally:
            client.close()


def free_port():
    """Return the number of a TCP port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def in_thread(call):
    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    return thread
