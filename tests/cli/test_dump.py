"""`msanii-live dump`: what comes in, and what becomes of it."""

import queue
import signal
import subprocess
import threading

from tests.cli.shell import MSANII


def test_each_message_is_printed_with_its_outcome(tones):
    wanted = {
        "/msanii/gen style house  → EADDR no command has the address",
        "(8 bytes)  → dropped: not OSC",
        "/msanii/ping id dumped  → ok",
    }
    with subprocess.Popen(
        [*MSANII, "dump", "--last", "0", "--port", str(tones.server.osc_port)],
        stdout=subprocess.PIPE, text=True,
    ) as dump:  # fmt: skip
        lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=lambda: [lines.put(line) for line in dump.stdout]).start()
        for _ in range(100):  # until the server knows that somebody listens
            tones.client.send("/msanii/gen", "style", "house")
            tones.client.connection.send(b"not OSC!")
            tones.ask("/msanii/ping", "id", "dumped", reply="/msanii/pong", token="dumped")
            try:
                while wanted:
                    line = lines.get(timeout=0.2)
                    wanted -= {text for text in wanted if text in line}
                break
            except queue.Empty:
                continue
        dump.send_signal(signal.SIGINT)
        assert dump.wait(10) == 130
    assert not wanted
