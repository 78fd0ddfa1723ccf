"""`msanii-live bench gpu`, `growth` and `daw`: time by length, clips, clients and busy programs."""

from __future__ import annotations

import argparse
from pathlib import Path

from msanii_live.cli.arguments import Commands
from msanii_live.errors import ConfigError

PUBLISHED_SIZES = ("stable-audio-3-small", "stable-audio-open")  # of benchmarks/random_models.py


def add_kinds(kinds: Commands) -> None:
    """Add the parsers of all three."""
    text = "clips of 6 to 190 s in 1, 4 and 16 steps on a GPU; under ten minutes"
    gpu = kinds.add_parser("gpu", help=text, description=text)
    gpu.add_argument("--device", default="auto", help="(%(default)s)")
    gpu.add_argument(
        "--seconds", type=float, action="append", help="may be given several times (6 30 120 190)"
    )
    gpu.add_argument("--steps", type=int, action="append", help="as --seconds (1 4 16)")
    gpu.add_argument(
        "--model", type=Path, action="append", default=[],
        help="folder of a published model to measure too; may be given several times",
    )  # fmt: skip
    gpu.add_argument(
        "--random", choices=PUBLISHED_SIZES,
        help="instead: a published model at its full size with random weights, which take as long "
        "as others: 6 and 120 s from the message until the WAV is there, and its memory",
    )  # fmt: skip
    gpu.set_defaults(run=_gpu)

    text = "how time and memory grow with length, clips in the folder, clients and hours"
    growth = kinds.add_parser("growth", help=text, description=text)
    growth.add_argument(
        "--clips", type=int, default=100_000, help="in the largest folder (%(default)s)"
    )
    growth.add_argument("--device", default="cpu", help="(%(default)s)")
    growth.add_argument("--out", type=Path, help="folder for the figure")
    growth.set_defaults(run=_growth)

    text = "clips, answers and streams while other programs keep the cores busy; Linux and macOS"
    daw = kinds.add_parser("daw", help=text, description=text)
    daw.add_argument("--busy", type=int, default=2, help="programs that count (%(default)s)")
    daw.add_argument(
        "--threads", type=int, action="append",
        help="of the server; may be given several times (its default)",
    )  # fmt: skip
    daw.add_argument("--runs", type=int, default=5, help="clips of each kind (%(default)s)")
    daw.add_argument(
        "--minutes", type=float, default=0.0, help="streams of so many minutes too (%(default)s)"
    )
    daw.set_defaults(run=_daw)


def _gpu(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.gpu import LENGTHS, STEPS, report_gpu

    lengths, steps = arguments.seconds or LENGTHS, arguments.steps or STEPS
    if min(lengths) <= 0 or min(steps) < 1:
        raise ConfigError("--seconds must be above 0, and --steps 1 or more")
    if arguments.random is not None:
        from msanii_live.benchmarks.full_size import LENGTHS as FULL_LENGTHS
        from msanii_live.benchmarks.full_size import report_full_size

        if len(arguments.steps or [8]) > 1 or arguments.model:
            raise ConfigError("--random takes one number of --steps and no --model")
        chosen = arguments.steps[0] if arguments.steps else None
        return report_full_size(
            arguments.random, arguments.device, arguments.seconds or FULL_LENGTHS, chosen
        )
    models = [model.expanduser() for model in arguments.model]
    return report_gpu(arguments.device, lengths, steps, models)


def _growth(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.growth import report_growth

    if arguments.clips < 100:
        raise ConfigError(f"--clips is {arguments.clips}: it must be 100 or more")
    return report_growth(arguments.clips, arguments.out, arguments.device)


def _daw(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.beside import report_beside

    threads = arguments.threads or [0]
    if arguments.busy < 0 or arguments.runs < 1 or min(threads) < 0 or arguments.minutes < 0:
        raise ConfigError("--runs must be 1 or more, and the other numbers 0 or more")
    return report_beside(arguments.busy, threads, arguments.runs, arguments.minutes)
