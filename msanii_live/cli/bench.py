"""`msanii-live bench`: the measurements behind the figures in docs."""

from __future__ import annotations

import argparse
from pathlib import Path

from msanii_live.cli import bench_scaling, bench_sound
from msanii_live.cli.arguments import Commands, engine_name
from msanii_live.errors import ConfigError


def add(commands: Commands) -> None:
    """Add the command's parser, with one for each measurement."""
    bench = commands.add_parser("bench", help="measure what the figures in docs say")
    kinds = bench.add_subparsers(required=True, metavar="WHAT")

    speed = _add(kinds, "speed", "how long clips take, compared with the unoptimised code of 2023")
    speed.add_argument("--full", action="store_true", help="all 200 steps of the baseline")
    speed.set_defaults(run=_speed)

    precision = _add(
        kinds, "precision", "how long clips take in fp32 and in bf16 on the CPU", files=False
    )
    precision.add_argument(
        "--rounds", type=int, default=5, help="clips of each precision (%(default)s)"
    )
    precision.set_defaults(run=_precision)

    _add(
        kinds, "levels", "how far mel-flow's clips are from the level of their sources", files=False
    ).set_defaults(run=_levels)

    _add(
        kinds, "front", "how many messages the server takes, and how fast it answers", files=False
    ).set_defaults(run=_front)

    _add(
        kinds, "flood", "how long one client waits while others flood the server", files=False
    ).set_defaults(run=_flood)

    stream = _add(
        kinds, "stream", "how fast the stream is made, and how steady its level is", files=False
    )
    stream.add_argument(
        "--engine", type=engine_name, action="append", choices=("mel-flow", "composer", "tones"),
        help="engine to measure, may be given several times (mel-flow and composer)",
    )  # fmt: skip
    stream.add_argument("--chunks", type=int, default=20, help="chunks of each (%(default)s)")
    stream.set_defaults(run=_stream)

    player = _add(kinds, "player", "whether the audio host loses frames while clips are made")
    player.add_argument("--seconds", type=float, default=60.0, help="how long (%(default)s)")
    player.add_argument("--audio", default="default", help="audio device (%(default)s)")
    player.add_argument(
        "--engine", default="mel-flow", help="engine that makes clips meanwhile (%(default)s)"
    )
    player.set_defaults(run=_player)

    first = _add(
        kinds, "first-sound", "how soon a clip is heard, and how soon its file is there",
        files=False,
    )  # fmt: skip
    first.add_argument("--runs", type=int, default=5, help="of each clip (%(default)s)")
    first.add_argument("--audio", default="none", help="audio device (%(default)s)")
    first.set_defaults(run=_first_sound)

    notes = _add(kinds, "notes", "how accurately engines play notes; needs FluidSynth")
    notes.add_argument(
        "--engine", type=engine_name, choices=("mel2mel", "note-diffusion"), default="mel2mel",
        help="engine to measure (%(default)s)",
    )  # fmt: skip
    notes.add_argument("--weights", type=Path, help="weights to measure (the shipped ones)")
    notes.add_argument("--pieces", type=int, default=4, help="pieces of each kind (%(default)s)")
    notes.add_argument(
        "--scores", action="store_true", help="public-domain piano scores as well; needs npm"
    )
    notes.set_defaults(run=_notes)

    _add(
        kinds, "rack", "how fast the rack of instruments plays whole pieces", files=False
    ).set_defaults(run=_rack)

    bench_sound.add_kinds(kinds)
    cluster = _add(
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

    parts = _add(
        kinds, "parts", "stems, width and velocity of played notes; needs FluidSynth with FluidR3"
    )
    parts.add_argument(
        "--player", action="append", choices=("note-spectra", "note-diffusion", "mel2mel"),
        help="what plays, may be given several times (all three)",
    )  # fmt: skip
    parts.add_argument("--weights", type=Path, help="of note-diffusion (the shipped ones)")
    parts.add_argument("--pieces", type=int, default=6, help="number of pieces (%(default)s)")
    parts.set_defaults(run=_parts)

    playing = _add(
        kinds, "playing",
        "how well each player plays a band; needs FluidSynth with FluidR3",
    )  # fmt: skip
    playing.add_argument(
        "--player", action="append", choices=("note-spectra", "note-diffusion"),
        help="what plays, may be given several times (both)",
    )  # fmt: skip
    playing.add_argument(
        "--composed", action="store_true", help="loops of the composer instead of true notes"
    )
    playing.add_argument("--weights", type=Path, help="of note-diffusion (the shipped ones)")
    playing.add_argument("--pieces", type=int, default=30, help="number of pieces (%(default)s)")
    playing.add_argument(
        "--steps", type=int, action="append",
        help="denoising steps of note-diffusion, may be given several times (4)",
    )  # fmt: skip
    playing.set_defaults(run=_playing)

    onsets = _add(kinds, "onsets", "how far clips' onsets are from their notes; needs FluidSynth")
    onsets.add_argument("--folder", type=Path, help="shared folder with clips (makes new ones)")
    onsets.add_argument("--clips", type=int, default=6, help="number of new clips (%(default)s)")
    onsets.add_argument("--steps", type=int, help="steps of the network that plays (its own)")
    onsets.set_defaults(run=_onsets)

    tempo = _add(
        kinds, "tempo", "how far estimated tempi, downbeats and keys are off; needs FluidSynth",
        files=False,
    )  # fmt: skip
    tempo.add_argument("--clips", type=int, default=60, help="number of clips (%(default)s)")
    tempo.set_defaults(run=_tempo)

    pipelines = _add(
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

    bench_scaling.add_kinds(kinds)

    vocoders = _add(kinds, "vocoders", "how well each vocoder reconstructs held-out clips")
    vocoders.add_argument("--data", type=Path, help="set of `msanii-live data build`")
    vocoders.add_argument("--engine", type=Path, help="folder whose own vocoders are preferred")
    vocoders.add_argument("--clips", type=int, default=6, help="number of clips (%(default)s)")
    vocoders.set_defaults(run=_vocoders)

    paper = _add(kinds, "msanii2023", "the 2023 engine, compared with its unoptimised code")
    paper.add_argument("--full", action="store_true", help="clips of 190 s as well")
    paper.add_argument("--compile", action="store_true", help="compile the networks; needs g++")
    paper.set_defaults(run=_msanii2023)


def _add(kinds: Commands, name: str, text: str, files: bool = True) -> argparse.ArgumentParser:
    parser = kinds.add_parser(name, help=text, description=text)
    if files:
        parser.add_argument("--out", type=Path, help="folder for the figures")
    return parser


def _precision(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.precisions import report_precision

    return report_precision(arguments.rounds)


def _levels(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.levels import report_levels

    return report_levels()


def _speed(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.speed_report import report_speed

    return report_speed(arguments.out, arguments.full)


def _flood(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.flood import report_floods

    return report_floods()


def _front(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.network import report_network

    return report_network()


def _stream(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.stream_speed import report_streams

    if arguments.chunks < 1:
        raise ConfigError(f"--chunks is {arguments.chunks}: it must be 1 or more")
    return report_streams(arguments.engine or ["mel-flow", "composer"], arguments.chunks)


def _player(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.player import report_player

    return report_player(arguments.out, arguments.seconds, arguments.audio, arguments.engine)


def _first_sound(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.first_sound import report_first_sound

    if arguments.runs < 1:
        raise ConfigError(f"--runs is {arguments.runs}: it must be 1 or more")
    return report_first_sound(arguments.runs, arguments.audio)


def _cluster(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.workers import report_workers

    counts = arguments.workers or [1, 2, 4, 8]
    if arguments.rounds < 1 or min(counts) < 1:
        raise ConfigError("--workers and --rounds must be 1 or more")
    if arguments.delay:
        from msanii_live.benchmarks.links import report_links

        return report_links(arguments.delay, arguments.rounds)
    return report_workers(counts, arguments.rounds)


def _rack(_: argparse.Namespace) -> int:
    from msanii_live.benchmarks.rack import report_rack

    return report_rack()


def _parts(arguments: argparse.Namespace) -> int:
    from msanii_live.evaluation.part_division import report_parts

    if arguments.pieces < 1:
        raise ConfigError(f"--pieces is {arguments.pieces}: it must be 1 or more")
    players = arguments.player or ("note-spectra", "note-diffusion", "mel2mel")
    return report_parts(players, arguments.weights, arguments.pieces, arguments.out)


def _playing(arguments: argparse.Namespace) -> int:
    from msanii_live.evaluation.part_playing import PLAYERS, report_playing

    steps = arguments.steps or [4]
    if arguments.pieces < 2 or min(steps) < 1:
        raise ConfigError("--pieces must be 2 or more, and --steps 1 or more")
    return report_playing(
        arguments.player or PLAYERS, arguments.weights, arguments.pieces, steps,
        arguments.composed, arguments.out,
    )  # fmt: skip


def _notes(arguments: argparse.Namespace) -> int:
    from msanii_live.evaluation.note_rendering import report_notes

    if arguments.pieces < 1:
        raise ConfigError(f"--pieces is {arguments.pieces}: it must be 1 or more")
    return report_notes(
        arguments.engine, arguments.weights, arguments.pieces, arguments.scores, arguments.out
    )


def _onsets(arguments: argparse.Namespace) -> int:
    from msanii_live.evaluation.onset_timing import report_onsets

    if arguments.clips < 1:
        raise ConfigError(f"--clips is {arguments.clips}: it must be 1 or more")
    return report_onsets(arguments.folder, arguments.clips, arguments.steps, arguments.out)


def _pipelines(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.pipelines import report_pipelines

    if (arguments.model is None) == (arguments.random is None):
        raise ConfigError("name either the folder of a model, or one by --random")
    model = arguments.model and arguments.model.expanduser()
    return report_pipelines(
        model, arguments.random or "", arguments.seconds, arguments.steps, arguments.device,
        max(1, arguments.rounds),
    )  # fmt: skip


def _tempo(arguments: argparse.Namespace) -> int:
    from msanii_live.evaluation.tempo_and_key import report_tempo

    if arguments.clips < 1:
        raise ConfigError(f"--clips is {arguments.clips}: it must be 1 or more")
    return report_tempo(arguments.clips)


def _vocoders(arguments: argparse.Namespace) -> int:
    from msanii_live.evaluation.commands import report_vocoders

    if arguments.data is None:
        raise ConfigError("the vocoders are compared on held-out clips: name a set with --data")
    if arguments.clips < 1:
        raise ConfigError(f"--clips is {arguments.clips}: it must be 1 or more")
    engine = arguments.engine and arguments.engine.expanduser()
    if engine is not None and not engine.is_dir():
        raise ConfigError(f"engine is {str(engine)!r}: name a folder that holds a vocoder")
    return report_vocoders(arguments.data, engine, arguments.out, arguments.clips)


def _msanii2023(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.msanii2023 import report_msanii2023

    return report_msanii2023(arguments.out, arguments.full, arguments.compile)
