"""`msanii-live spec`: docs/osc.md from the command table."""

from __future__ import annotations

import argparse

from msanii_live.cli.arguments import Commands


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("spec", help="print docs/osc.md from the command table")
    parser.set_defaults(run=_run)


def _run(_: argparse.Namespace) -> int:
    from msanii_live.protocol.reference import render_markdown

    print(render_markdown(), end="")
    return 0
