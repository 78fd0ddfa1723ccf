"""`msanii-live bench drums`, `round-trip`, `peaks` and `mix`: the sound of clips, measured."""

from __future__ import annotations

import argparse

from msanii_live.cli.arguments import Commands, engine_name
from msanii_live.errors import ConfigError

ENGINES = ("composer", "rack", "mel-flow")
NETWORKS = ("vocos", "bands")


def add_kinds(kinds: Commands) -> None:
    """Add the parsers of these measurements."""
    text = "how near drums come to FluidSynth's; needs FluidSynth with FluidR3"
    drums = kinds.add_parser("drums", help=text, description=text)
    drums.set_defaults(run=_drums)

    text = "what a vocoder keeps of FluidSynth's true mels: tones, onsets, attacks; its time"
    trip = kinds.add_parser("round-trip", help=text, description=text)
    trip.add_argument("--vocoder", choices=NETWORKS, default="vocos", help="(%(default)s)")
    trip.add_argument("--count", type=int, default=6, help="pieces (%(default)s)")
    trip.set_defaults(run=_round_trip)

    text = "true peaks of clips of each verb and of the stream"
    peaks = kinds.add_parser("peaks", help=text, description=text)
    peaks.add_argument(
        "--engine", type=engine_name, action="append", choices=ENGINES,
        help="engine to measure, may be given several times (all three)",
    )  # fmt: skip
    peaks.add_argument("--rounds", type=int, default=3, help="clips of each (%(default)s)")
    peaks.set_defaults(run=_peaks)

    text = "how composed clips of electronic styles are mixed, beside General MIDI"
    mix = kinds.add_parser("mix", help=text, description=text)
    mix.set_defaults(run=_mix)

    text = "how soon and how exactly the server answers what comes in; needs JACK and FluidSynth"
    along = kinds.add_parser("accompany", help=text, description=text)
    along.set_defaults(run=_accompany)


def _drums(_: argparse.Namespace) -> int:
    from msanii_live.evaluation.drum_hits import report_drums

    return report_drums()


def _round_trip(arguments: argparse.Namespace) -> int:
    from msanii_live.evaluation.vocoder_round_trip import report_round_trip

    if arguments.count < 2:
        raise ConfigError(f"--count is {arguments.count}: it must be 2 or more")
    return report_round_trip(arguments.vocoder, arguments.count)


def _peaks(arguments: argparse.Namespace) -> int:
    from msanii_live.benchmarks.peaks import report_peaks

    if arguments.rounds < 1:
        raise ConfigError(f"--rounds is {arguments.rounds}: it must be 1 or more")
    return report_peaks(arguments.engine or ENGINES, arguments.rounds)


def _mix(_: argparse.Namespace) -> int:
    from msanii_live.benchmarks.mix import report_mix

    return report_mix()


def _accompany(_: argparse.Namespace) -> int:
    from msanii_live.benchmarks.accompany import report_accompaniment

    return report_accompaniment()
