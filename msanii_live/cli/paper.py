"""`msanii-live paper`: the figures of the 2023 paper, with the models of today."""

from __future__ import annotations

import argparse
from pathlib import Path

from msanii_live.cli.arguments import Commands, add_device


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("paper", help="draw figures 2 to 8 of the 2023 paper again")
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    parser.add_argument(
        "--engine",
        action="append",
        help="engine of one row, as for serve; repeatable (mel-flow, random-2023)",
    )
    add_device(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from msanii_live.evaluation.paper_figures import draw_paper_figures

    engines = arguments.engine or ["mel-flow", "random-2023"]
    return draw_paper_figures(arguments.out, engines, arguments.device)
