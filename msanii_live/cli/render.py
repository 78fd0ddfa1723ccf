"""`msanii-live render`: a clip made again from its sidecar."""

from __future__ import annotations

import argparse
from pathlib import Path

from msanii_live.cli.arguments import Commands, add_device, add_precision, add_threads


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("render", help="make a clip again from its JSON sidecar")
    parser.add_argument("sidecar", type=Path, help="the clip's .json, beside its sources")
    parser.add_argument("--out", type=Path, help="WAV to write (NAME-again.wav)")
    add_device(parser)
    add_precision(parser, "the one in the sidecar")
    add_threads(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from msanii_live.cli.rerender import render_again
    from msanii_live.dsp.thread_limit import limit_threads

    limit_threads(arguments.threads)
    path = render_again(arguments.sidecar, arguments.out, arguments.device, arguments.precision)
    print(path)
    return 0
