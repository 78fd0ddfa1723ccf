"""`msanii-live serve`: the server."""

from __future__ import annotations

import argparse

from msanii_live.cli.arguments import Commands, add_config_flags, parse_config


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "serve",
        help="run the server",
        description="Runs until Ctrl-C. It prints a line that begins with `ready` when it can be "
        "played. Flags count before variables such as MSANII_LIVE_PORT, and these before the "
        "settings file.",
    )
    add_config_flags(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    config = parse_config(arguments)
    from msanii_live.process import run

    return run(config)
