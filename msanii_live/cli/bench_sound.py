"""`msanii-live bench drums` and `bench peaks`: what is measured in the sound of clips."""

from __future__ import annotations

import argparse

from msanii_live.cli.arguments import Commands, engine_name
from msanii_live.errors import ConfigError

ENGINES = ("composer", "rack", "mel-flow")


def add(kinds: Commands) -> None:
    """Add the parsers of both measurements."""
    text = "how near drums come to FluidSynth's; needs FluidSynth with FluidR3"
    drums = kinds.add_parser("drums", help=text, description=text)
    drums.set_defaults(run=_drums)

    text = "true peaks of clips of each verb and of the stream"
    peaks = kinds.add_parser("peaks", help=text, description=text)
    peaks.add_argument(
        "--engine", type=engine_name, action="append", choices=ENGINES,
        help="engine to measure, may be given several times (all three)",
    )  # fmt: skip
    peaks.add_argument("--rounds", type=int, default=3, help="clips of each (%(default)s)")
    peaks.set_defaults(run=_peaks)


def _drums(_: argparse.Namespace) -> int:
    from msanii_live.evaluation.drum_hits import report_drums

    return report_drums()


def _peaks(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.peaks import report_peaks

    if arguments.rounds < 1:
        raise ConfigError(f"--rounds is {arguments.rounds}: it must be 1 or more")
    return report_peaks(arguments.engine or ENGINES, arguments.rounds)
