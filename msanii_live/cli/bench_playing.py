"""`msanii-live bench notes`, `rack`, `parts` and others: how engines play notes, and hear them."""

from __future__ import annotations

import argparse
from pathlib import Path

from msanii_live.cli.arguments import Commands, bench_parser, engine_name
from msanii_live.errors import ConfigError


def add_kinds(kinds: Commands) -> None:
    """Add the parsers of these measurements."""
    _add_notes(kinds)
    _add_rack(kinds)
    _add_parts(kinds)
    _add_playing(kinds)
    _add_onsets(kinds)
    _add_tempo(kinds)
    _add_vocoders(kinds)


def _add_notes(kinds: Commands) -> None:
    notes = bench_parser(kinds, "notes", "how accurately engines play notes; needs FluidSynth")
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


def _notes(arguments: argparse.Namespace) -> int:
    from msanii_live.evaluation.note_rendering import report_notes

    if arguments.pieces < 1:
        raise ConfigError(f"--pieces is {arguments.pieces}: it must be 1 or more")
    return report_notes(
        arguments.engine, arguments.weights, arguments.pieces, arguments.scores, arguments.out
    )


def _add_rack(kinds: Commands) -> None:
    bench_parser(
        kinds, "rack", "how fast the rack of instruments plays whole pieces", files=False
    ).set_defaults(run=_rack)


def _rack(_: argparse.Namespace) -> int:
    from msanii_live.benchmarks.rack import report_rack

    return report_rack()


def _add_parts(kinds: Commands) -> None:
    parts = bench_parser(
        kinds, "parts", "stems, width and velocity of played notes; needs FluidSynth with FluidR3"
    )
    parts.add_argument(
        "--player", action="append", choices=("note-spectra", "note-diffusion", "mel2mel"),
        help="what plays, may be given several times (all three)",
    )  # fmt: skip
    parts.add_argument("--weights", type=Path, help="of note-diffusion (the shipped ones)")
    parts.add_argument("--pieces", type=int, default=6, help="number of pieces (%(default)s)")
    parts.set_defaults(run=_parts)


def _parts(arguments: argparse.Namespace) -> int:
    from msanii_live.evaluation.part_division import report_parts

    if arguments.pieces < 1:
        raise ConfigError(f"--pieces is {arguments.pieces}: it must be 1 or more")
    players = arguments.player or ("note-spectra", "note-diffusion", "mel2mel")
    return report_parts(players, arguments.weights, arguments.pieces, arguments.out)


def _add_playing(kinds: Commands) -> None:
    playing = bench_parser(
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


def _playing(arguments: argparse.Namespace) -> int:
    from msanii_live.evaluation.part_playing import PLAYERS, report_playing

    steps = arguments.steps or [4]
    if arguments.pieces < 2 or min(steps) < 1:
        raise ConfigError("--pieces must be 2 or more, and --steps 1 or more")
    return report_playing(
        arguments.player or PLAYERS, arguments.weights, arguments.pieces, steps,
        arguments.composed, arguments.out,
    )  # fmt: skip


def _add_onsets(kinds: Commands) -> None:
    onsets = bench_parser(
        kinds, "onsets", "how far clips' onsets are from their notes; needs FluidSynth"
    )
    onsets.add_argument("--folder", type=Path, help="shared folder with clips (makes new ones)")
    onsets.add_argument("--clips", type=int, default=6, help="number of new clips (%(default)s)")
    onsets.add_argument("--steps", type=int, help="steps of the network that plays (its own)")
    onsets.set_defaults(run=_onsets)


def _onsets(arguments: argparse.Namespace) -> int:
    from msanii_live.evaluation.onset_timing import report_onsets

    if arguments.clips < 1:
        raise ConfigError(f"--clips is {arguments.clips}: it must be 1 or more")
    return report_onsets(arguments.folder, arguments.clips, arguments.steps, arguments.out)


def _add_tempo(kinds: Commands) -> None:
    tempo = bench_parser(
        kinds, "tempo", "how far estimated tempi, downbeats and keys are off; needs FluidSynth",
        files=False,
    )  # fmt: skip
    tempo.add_argument("--clips", type=int, default=60, help="number of clips (%(default)s)")
    tempo.set_defaults(run=_tempo)


def _tempo(arguments: argparse.Namespace) -> int:
    from msanii_live.evaluation.tempo_and_key import report_tempo

    if arguments.clips < 1:
        raise ConfigError(f"--clips is {arguments.clips}: it must be 1 or more")
    return report_tempo(arguments.clips)


def _add_vocoders(kinds: Commands) -> None:
    vocoders = bench_parser(kinds, "vocoders", "how well each vocoder reconstructs held-out clips")
    vocoders.add_argument("--data", type=Path, help="set of `msanii-live data build`")
    vocoders.add_argument("--engine", type=Path, help="folder whose own vocoders are preferred")
    vocoders.add_argument("--clips", type=int, default=6, help="number of clips (%(default)s)")
    vocoders.set_defaults(run=_vocoders)


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
