"""The benchmarks: where the figures in docs come from."""

from __future__ import annotations

import argparse
from pathlib import Path

from msanii_live.cli.commands import Commands
from msanii_live.errors import ConfigError


def add_bench(commands: Commands) -> None:
    """Add bench and what it measures."""
    bench = commands.add_parser("bench", help="measure: where the figures in docs come from")
    kinds = bench.add_subparsers(required=True, metavar="WHAT")

    speed = _add(kinds, "speed", "how long clips take, against the plain path of 2023")
    speed.add_argument("--full", action="store_true", help="all 200 steps of the baseline")
    speed.set_defaults(run=_speed)

    precision = _add(kinds, "precision", "clips in fp32 and in bf16 on the CPU", files=False)
    precision.add_argument("--rounds", type=int, default=5, help="of each (%(default)s)")
    precision.set_defaults(run=_precision)

    _add(kinds, "front", "what the OSC front door bears", files=False).set_defaults(run=_front)

    player = _add(kinds, "player", "whether the audio host loses frames while clips are made")
    player.add_argument("--seconds", type=float, default=60.0, help="how long (%(default)s)")
    player.add_argument("--audio", default="default", help="audio device (%(default)s)")
    player.add_argument("--engine", default="mel-flow", help="that works meanwhile (%(default)s)")
    player.set_defaults(run=_player)

    notes = _add(kinds, "notes", "how right the engines that play notes are; needs FluidSynth")
    notes.add_argument(
        "--engine", choices=("mel2mel", "spectrogram"), default="mel2mel", help="(%(default)s)"
    )
    notes.add_argument("--weights", type=Path, help="(the shipped ones)")
    notes.add_argument("--pieces", type=int, default=4, help="of each kind (%(default)s)")
    notes.add_argument("--scores", action="store_true", help="public-domain piano too; needs npm")
    notes.set_defaults(run=_notes)

    vocoders = _add(kinds, "vocoders", "the vocoders in one table, on held-out clips")
    vocoders.add_argument("--data", type=Path, help="set of `msanii-live data build`")
    vocoders.add_argument("--engine", type=Path, help="folder whose own vocoders are preferred")
    vocoders.add_argument("--clips", type=int, default=6, help="how many (%(default)s)")
    vocoders.set_defaults(run=_vocoders)

    paper = _add(kinds, "msanii2023", "the 2023 engine against its plain path")
    paper.add_argument("--full", action="store_true", help="190 s too")
    paper.add_argument("--compile", action="store_true", help="compile; needs g++")
    paper.set_defaults(run=_msanii2023)


def _add(kinds: Commands, name: str, text: str, files: bool = True) -> argparse.ArgumentParser:
    parser = kinds.add_parser(name, help=text, description=text)
    if files:
        parser.add_argument("--out", type=Path, help="folder for the figures")
    return parser


def _precision(arguments: argparse.Namespace) -> int:
    from msanii_live.bench.precisions import report_precision

    return report_precision(arguments.rounds)


def _speed(arguments: argparse.Namespace) -> int:
    from msanii_live.bench.report import report_speed

    return report_speed(arguments.out, arguments.full)


def _front(arguments: argparse.Namespace) -> int:
    from msanii_live.bench.front import report_front

    return report_front()


def _player(arguments: argparse.Namespace) -> int:
    from msanii_live.bench.player import report_player

    return report_player(arguments.out, arguments.seconds, arguments.audio, arguments.engine)


def _notes(arguments: argparse.Namespace) -> int:
    from msanii_live.bench.playing import report_notes

    if arguments.pieces < 1:
        raise ConfigError(f"--pieces is {arguments.pieces}: it must be 1 or more")
    return report_notes(
        arguments.engine, arguments.weights, arguments.pieces, arguments.scores, arguments.out
    )


def _vocoders(arguments: argparse.Namespace) -> int:
    from msanii_live.bench.report import report_vocoders

    if arguments.data is None:
        raise ConfigError("the vocoders are compared on held-out clips: name a set with --data")
    if arguments.clips < 1:
        raise ConfigError(f"--clips is {arguments.clips}: it must be 1 or more")
    engine = arguments.engine and arguments.engine.expanduser()
    if engine is not None and not engine.is_dir():
        raise ConfigError(f"engine is {str(engine)!r}: name a folder that holds a vocoder")
    return report_vocoders(arguments.data, engine, arguments.out, arguments.clips)


def _msanii2023(arguments: argparse.Namespace) -> int:
    from msanii_live.bench.msanii2023 import report_2023

    return report_2023(arguments.out, arguments.full, arguments.compile)
