"""`msanii-live listen`: every message that reaches a port, and packets that are no OSC."""

import re
import signal
import socket
import struct
import subprocess

from msanii_live.osc.codec import encode
from tests.cli.shell import MSANII


def test_messages_bundles_and_broken_packets_are_printed():
    ping = encode("/msanii/ping", "s", ("me",))
    bundle = b"#bundle\0" + struct.pack(">Qi", 1, len(ping)) + ping
    endless = b"#bundle\0" + struct.pack(">Qi", 1, -4) + ping
    with subprocess.Popen([*MSANII, "listen", "0"], stdout=subprocess.PIPE, text=True) as listen:
        port = int(re.search(r":(\d+);", listen.stdout.readline())[1])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for packet in (encode("/a", "if", (7, 0.5)), bundle, endless):
                sender.sendto(packet, ("127.0.0.1", port))
        lines = [listen.stdout.readline() for _ in range(3)]
        listen.send_signal(signal.SIGINT)
        assert listen.wait(10) == 130
    assert lines[0].endswith(" /a 7 0.5\n")
    assert lines[1].endswith(" /msanii/ping 'me'\n")
    assert lines[2].endswith(" malformed OSC packet: size\n")
