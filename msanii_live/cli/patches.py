"""`msanii-live patches`: the patches for Max, Live, Pure Data and SuperCollider."""

from __future__ import annotations

import argparse
from pathlib import Path

from msanii_live.cli.arguments import Commands


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "patches", help="copy the patches for Max, Live, Pd and SuperCollider to where those look"
    )
    acts = parser.add_subparsers(required=True, metavar="WHAT")
    install = acts.add_parser("install", help="copy them, and say where; nothing is ever deleted")
    install.add_argument(
        "programs", nargs="*", metavar="PROGRAM",
        help="max, live, pd or supercollider, even if it is not found here (all that are found)",
    )  # fmt: skip
    install.add_argument("--to", type=Path, metavar="FOLDER", help="copy everything there instead")
    install.add_argument("--list", action="store_true", help="only say where each would go")
    install.set_defaults(run=_install)


def _install(arguments: argparse.Namespace) -> int:
    from msanii_live.patches.install import install

    return install(arguments.programs, arguments.to, arguments.list)
