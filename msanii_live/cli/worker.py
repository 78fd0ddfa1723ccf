"""`msanii-live worker`: give this machine's GPUs to servers."""

from __future__ import annotations

import argparse

from msanii_live.cli.arguments import Commands


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("worker", help="give this machine's GPUs to a server, by Ray")
    role = parser.add_mutually_exclusive_group(required=True)
    role.add_argument("--head", action="store_true", help="be the machine that others join")
    role.add_argument("--join", metavar="HOST", help="join the head at HOST or HOST:PORT")
    parser.add_argument(
        "--bind", metavar="ADDRESS", default="",
        help="address of this machine that the others reach (a head: 127.0.0.1)",
    )  # fmt: skip
    parser.add_argument("--port", type=int, default=6379, help="of a head (%(default)s)")
    parser.add_argument(
        "--client-port", type=int, default=10001, help="of a head, for servers (%(default)s)"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from msanii_live.cluster import node

    if arguments.head:
        node.run_head(arguments.bind or node.LOOPBACK, arguments.port, arguments.client_port)
    else:
        node.run_joined(arguments.join, arguments.bind)
    return 0
