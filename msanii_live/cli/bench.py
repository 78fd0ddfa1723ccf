"""`msanii-live bench`: the measurements behind the figures in docs."""

from __future__ import annotations

import argparse
from pathlib import Path

from msanii_live.cli import bench_playing, bench_scaling, bench_sound
from msanii_live.cli.arguments import Commands, bench_parser, engine_name
from msanii_live.errors import ConfigError


def add(commands: Commands) -> None:
    """Add the command's parser, with one for each measurement."""
    bench = commands.add_parser("bench", help="measure what the figures in docs say")
    kinds = bench.add_subparsers(required=True, metavar="WHAT")
    _add_speed(kinds)
    _add_precision(kinds)
    _add_levels(kinds)
    _add_front(kinds)
    _add_flood(kinds)
    _add_stream(kinds)
    _add_player(kinds)
    _add_first_sound(kinds)
    _add_page(kinds)
    _add_cluster(kinds)
    _add_pipelines(kinds)
    _add_msanii2023(kinds)
    for module in (bench_sound, bench_playing, bench_scaling):
        module.add_kinds(kinds)


def _add_speed(kinds: Commands) -> None:
    speed = bench_parser(
        kinds, "speed", "how long clips take, compared with the unoptimised code of 2023"
    )
    speed.add_argument("--full", action="store_true", help="all 200 steps of the baseline")
    speed.set_defaults(run=_speed)


def _speed(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.speed_report import report_speed

    return report_speed(arguments.out, arguments.full)


def _add_precision(kinds: Commands) -> None:
    precision = bench_parser(
        kinds, "precision", "how long clips take in fp32 and in bf16 on the CPU", files=False
    )
    precision.add_argument(
        "--rounds", type=int, default=5, help="clips of each precision (%(default)s)"
    )
    precision.set_defaults(run=_precision)


def _precision(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.precisions import report_precision

    return report_precision(arguments.rounds)


def _add_levels(kinds: Commands) -> None:
    bench_parser(
        kinds, "levels", "how far mel-flow's clips are from the level of their sources", files=False
    ).set_defaults(run=_levels)


def _levels(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.levels import report_levels

    return report_levels()


def _add_front(kinds: Commands) -> None:
    bench_parser(
        kinds, "front", "how many messages the server takes, and how fast it answers", files=False
    ).set_defaults(run=_front)


def _front(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.network import report_network

    return report_network()


def _add_flood(kinds: Commands) -> None:
    bench_parser(
        kinds, "flood", "how long one client waits while others flood the server", files=False
    ).set_defaults(run=_flood)


def _flood(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.flood import report_floods

    return report_floods()


def _add_stream(kinds: Commands) -> None:
    stream = bench_parser(
        kinds, "stream", "how fast the stream is made, and how steady its level is", files=False
    )
    stream.add_argument(
        "--engine", type=engine_name, action="append", choices=("mel-flow", "composer", "tones"),
        help="engine to measure, may be given several times (mel-flow and composer)",
    )  # fmt: skip
    stream.add_argument("--chunks", type=int, default=20, help="chunks of each (%(default)s)")
    stream.set_defaults(run=_stream)


def _stream(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.stream_speed import report_streams

    if arguments.chunks < 1:
        raise ConfigError(f"--chunks is {arguments.chunks}: it must be 1 or more")
    return report_streams(arguments.engine or ["mel-flow", "composer"], arguments.chunks)


def _add_player(kinds: Commands) -> None:
    player = bench_parser(
        kinds, "player", "whether the audio host loses frames while clips are made"
    )
    player.add_argument("--seconds", type=float, default=60.0, help="how long (%(default)s)")
    player.add_argument("--audio", default="default", help="audio device (%(default)s)")
    player.add_argument(
        "--engine", default="mel-flow", help="engine that makes clips meanwhile (%(default)s)"
    )
    player.set_defaults(run=_player)


def _player(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.player import report_player

    return report_player(arguments.out, arguments.seconds, arguments.audio, arguments.engine)


def _add_first_sound(kinds: Commands) -> None:
    first = bench_parser(
        kinds, "first-sound", "how soon a clip is heard, and how soon its file is there",
        files=False,
    )  # fmt: skip
    first.add_argument("--runs", type=int, default=5, help="of each clip (%(default)s)")
    first.add_argument("--audio", default="none", help="audio device (%(default)s)")
    first.set_defaults(run=_first_sound)


def _first_sound(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.first_sound import report_first_sound

    if arguments.runs < 1:
        raise ConfigError(f"--runs is {arguments.runs}: it must be 1 or more")
    return report_first_sound(arguments.runs, arguments.audio)


def _add_page(kinds: Commands) -> None:
    page = bench_parser(
        kinds, "page", "how soon a clip is heard in a browser after a click; needs Chromium",
        files=False,
    )  # fmt: skip
    page.add_argument("--runs", type=int, default=5, help="of each clip (%(default)s)")
    page.set_defaults(run=_page)


def _page(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.page_sound import report_page

    if arguments.runs < 1:
        raise ConfigError(f"--runs is {arguments.runs}: it must be 1 or more")
    return report_page(arguments.runs)


def _add_cluster(kinds: Commands) -> None:
    cluster = bench_parser(
        kinds, "cluster", "how jobs scale with workers, by engines that only wait; needs Ray",
        files=False,
    )  # fmt: skip
    cluster.add_argument(
        "--workers", type=int, action="append", help="may be given several times (1, 2, 4, 8)"
    )
    cluster.add_argument("--rounds", type=int, default=4, help="jobs a worker (%(default)s)")
    cluster.add_argument(
        "--delay", type=float, action="append", metavar="MS",
        help="instead: how long jobs take over a link with this delay each way; Linux, as root",
    )  # fmt: skip
    cluster.set_defaults(run=_cluster)


def _cluster(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.workers import report_workers

    counts = arguments.workers or [1, 2, 4, 8]
    if arguments.rounds < 1 or min(counts) < 1:
        raise ConfigError("--workers and --rounds must be 1 or more")
    if arguments.delay:
        from msanii_live.benchmarks.links import report_links

        return report_links(arguments.delay, arguments.rounds)
    return report_workers(counts, arguments.rounds)


def _add_pipelines(kinds: Commands) -> None:
    pipelines = bench_parser(
        kinds, "pipelines", "what is added to the time of a published model's own calls",
        files=False,
    )  # fmt: skip
    pipelines.add_argument("model", type=Path, nargs="?", help="folder of the model")
    pipelines.add_argument(
        "--random", choices=bench_scaling.PUBLISHED_SIZES,
        help="instead: a published model at its full size, with random weights",
    )  # fmt: skip
    pipelines.add_argument("--seconds", type=float, default=6.0, help="of clips (%(default)s)")
    pipelines.add_argument("--steps", type=int, help="denoising steps (the model's own)")
    pipelines.add_argument("--device", default="auto", help="(%(default)s)")
    pipelines.add_argument("--rounds", type=int, default=3, help="of each command (%(default)s)")
    pipelines.set_defaults(run=_pipelines)


def _pipelines(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.pipelines import report_pipelines

    if (arguments.model is None) == (arguments.random is None):
        raise ConfigError("name either the folder of a model, or one by --random")
    model = arguments.model and arguments.model.expanduser()
    return report_pipelines(
        model, arguments.random or "", arguments.seconds, arguments.steps, arguments.device,
        max(1, arguments.rounds),
    )  # fmt: skip


def _add_msanii2023(kinds: Commands) -> None:
    paper = bench_parser(kinds, "msanii2023", "the 2023 engine, compared with its unoptimised code")
    paper.add_argument("--full", action="store_true", help="clips of 190 s as well")
    paper.add_argument("--compile", action="store_true", help="compile the networks; needs g++")
    paper.set_defaults(run=_msanii2023)


def _msanii2023(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.msanii2023 import report_msanii2023

    return report_msanii2023(arguments.out, arguments.full, arguments.compile)
