"""`msanii-live listen`: what reaches a port, for a musician who wonders what was sent."""

from __future__ import annotations

import argparse
import socket
import time

from msanii_live.cli.arguments import Commands, port_number
from msanii_live.errors import ConfigError


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("listen", help="print every OSC message that reaches a port")
    parser.add_argument(
        "port", type=port_number, nargs="?", default=57121, help="UDP port (%(default)s)"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    return listen(arguments.port)


def listen(port: int) -> int:
    """Print each OSC message that reaches a port of this machine, until Ctrl-C."""
    # Any program may send here, bundles and broken packets too: the server's codec reads them all.
    from msanii_live.osc.codec import PacketError, decode_packet

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise ConfigError(
                f"cannot listen on UDP port {port}: {error.strerror}; end the program that has it, "
                "or send to another port"
            ) from None
        print(f"listening on 127.0.0.1:{listener.getsockname()[1]}; Ctrl-C ends it", flush=True)
        while True:
            packet, source = listener.recvfrom(65_536)
            prefix = f"{time.strftime('%H:%M:%S')} {source[0]}:{source[1]}"
            try:
                for message in decode_packet(packet):
                    words = " ".join(
                        repr(a) if isinstance(a, str) else str(a) for a in message.args
                    )
                    print(f"{prefix} {message.address} {words}", flush=True)
            except PacketError as error:
                print(f"{prefix} {error}", flush=True)
