"""The process of a Ray node: `ray start --block`, ended when its standard input is closed."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Any


def main() -> None:
    """Start a node with the words of the command line, and stay until the input is closed."""
    threading.Thread(target=_end_with_input, daemon=True).start()
    start_node(sys.argv[1:])


def start_node(words: Sequence[str]) -> None:
    """Do as `ray start` with some words, which stays until it is to end."""
    from ray.scripts import scripts

    ray_main: Any = scripts.main
    sys.argv = ["ray", "start", *words]
    ray_main()


def leave_out_proxy(parameters: Any, is_head: bool) -> None:
    """Have a head start no proxy for clients: Ray calls this with the parameters of a node."""
    parameters.ray_client_server_port = None


def _end_with_input() -> None:
    while sys.stdin.buffer.read(4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
