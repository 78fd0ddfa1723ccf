"""`msanii-live listen`: print what reaches a port, for a musician who wonders what was sent."""

from __future__ import annotations

import socket
import time

from msanii_live.osc.codec import PacketError, decode_packet


def listen(port: int) -> int:
    """Print each OSC message that reaches a port of this machine, until Ctrl-C."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", port))
        print(f"listening on 127.0.0.1:{listener.getsockname()[1]}; Ctrl-C ends it", flush=True)
        while True:
            packet, source = listener.recvfrom(65_536)
            stamp = time.strftime("%H:%M:%S")
            try:
                for message in decode_packet(packet):
                    words = " ".join(
                        repr(a) if isinstance(a, str) else str(a) for a in message.args
                    )
                    print(f"{stamp} {source[0]}:{source[1]} {message.address} {words}", flush=True)
            except PacketError as error:
                print(f"{stamp} {source[0]}:{source[1]} {error}", flush=True)
