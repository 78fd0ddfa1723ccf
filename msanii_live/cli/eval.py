"""`msanii-live eval`: the quality of a model."""

from __future__ import annotations

import argparse
from pathlib import Path

from msanii_live.cli.arguments import Commands
from msanii_live.errors import ConfigError


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "eval",
        help="measure a model on held-out music",
        description="Measures how a model sounds, or what it hears, on music that it was not "
        "trained on, and prints each figure with what true music reaches. It takes up to an hour.",
        epilog="example: msanii-live eval --foreign --out figures",
    )
    parser.add_argument("--data", type=Path, help="set of `msanii-live data build`")
    parser.add_argument("--weights", type=Path, help="weights to measure (the shipped ones)")
    parser.add_argument(
        "--composer", type=Path, metavar="WEIGHTS",
        help="measure the composer instead: its weights, or the folder of its run; needs no --data",
    )  # fmt: skip
    parser.add_argument(
        "--transcriber", type=Path, nargs="?", const=Path(), metavar="WEIGHTS",
        help="measure the transcriber instead: its weights, or the folder of its run (the shipped "
        "ones); needs FluidSynth and its soundfonts",
    )  # fmt: skip
    parser.add_argument(
        "--foreign", action="store_true",
        help="measure how music that is known as sound alone is continued; needs FluidSynth and "
        "csound's soundfont",
    )  # fmt: skip
    parser.add_argument(
        "--pieces", type=int, default=24,
        help="pieces for the transcriber and for --foreign (%(default)s)",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, help="folder for JSON and pictures")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.pieces < 1:
        raise ConfigError(f"--pieces is {arguments.pieces}: it must be 1 or more")
    if arguments.foreign:
        from msanii_live.evaluation.foreign import report_foreign

        return report_foreign(arguments.pieces, arguments.out)
    if arguments.composer is not None:
        from msanii_live.evaluation.composer.report import report_composer

        return report_composer(arguments.composer, arguments.out)
    if arguments.transcriber is not None:
        from msanii_live.evaluation.transcriber import report_transcriber

        chosen = arguments.transcriber if arguments.transcriber != Path() else None
        return report_transcriber(chosen, arguments.out, arguments.pieces)
    if arguments.data is None:
        raise ConfigError("name a set of `msanii-live data build` with --data")
    from msanii_live.evaluation.commands import report_eval

    return report_eval(arguments.data, arguments.weights, arguments.out)
