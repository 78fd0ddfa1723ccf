"""`msanii-live eval`: the quality of the model."""

from __future__ import annotations

import argparse
from pathlib import Path

from msanii_live.cli.arguments import Commands


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("eval", help="measure the model on held-out music")
    parser.add_argument("--data", type=Path, required=True, help="set of `msanii-live data build`")
    parser.add_argument("--weights", type=Path, help="weights to measure (the shipped ones)")
    parser.add_argument("--out", type=Path, help="folder for JSON and pictures")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from msanii_live.evaluation.commands import report_eval

    return report_eval(arguments.data, arguments.weights, arguments.out)
