"""`msanii-live train`: train or fine-tune an engine."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from msanii_live.cli.arguments import Commands, engine_name
from msanii_live.errors import ConfigError

PARTS = (
    "flow", "few", "vocoder", "bands", "mel2mel", "note-diffusion", "note-spectra", "composer",
    "composer-calibration", "transcriber", "2023-vocoder", "2023-unet",
)  # fmt: skip

MAX_MINUTES = 1e6


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "train",
        help="train or fine-tune on the built set or your own loops; continues where it stopped",
        description="Ctrl-C stops after the current step; the same command continues from there. "
        "The folder can be played at any time: msanii-live serve --engine OUT",
    )
    parser.add_argument(
        "--data", type=Path, help="built set, or folder of loops; the composer makes its own"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("my-engine"), help="folder of the engine (%(default)s)"
    )
    parser.add_argument("--recipe", type=Path, help="TOML file (the shipped one that fits)")
    parser.add_argument(
        "--from",
        dest="begin",
        default="shipped",
        help="weights to begin with, or none (shipped; the composer begins with none)",
    )
    parser.add_argument(
        "--part", type=engine_name, choices=PARTS, default="flow",
        help="what to train (%(default)s); the last two train the 2023 system on a folder of audio",
    )  # fmt: skip
    parser.add_argument(
        "--minutes", type=minutes, default=0.0,
        help="length of the training by the clock, earlier calls included (as the recipe says)",
    )  # fmt: skip
    parser.add_argument(
        "--call-minutes", type=minutes, default=0.0,
        help="composer: end this call after so long; the same command goes on",
    )  # fmt: skip
    parser.add_argument(
        "--programs", type=programs, metavar="NUMBERS",
        help="note-spectra: measure only these General MIDI programs, as 0,33, and one drum kit",
    )  # fmt: skip
    parser.add_argument("--style", default="", help="style word for all files of a folder of loops")
    parser.add_argument(
        "--compile", action="store_true", help="compile the networks: an eighth faster; needs g++"
    )
    parser.set_defaults(run=_run)


def minutes(text: str) -> float:
    """Return a number of minutes. Raises: argparse.ArgumentTypeError: it cannot be one."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= MAX_MINUTES:
        raise argparse.ArgumentTypeError(f"{text!r}: it must be 0 to {MAX_MINUTES:.0f}")
    return value


def programs(text: str) -> tuple[int, ...]:
    """Return programs of General MIDI, 0-127. Raises: argparse.ArgumentTypeError: they are not."""
    numbers = text.replace(",", " ").split()
    if not numbers or not all(each.isdecimal() and int(each) < 128 for each in numbers):
        raise argparse.ArgumentTypeError(f"{text!r}: name numbers of 0 to 127, as 0,33")
    return tuple(dict.fromkeys(map(int, numbers)))


def _run(arguments: argparse.Namespace) -> int:
    if arguments.part.startswith("composer"):
        return _train_composer(arguments)
    if arguments.part == "note-spectra":
        return _measure_spectra(arguments.out, arguments.programs)
    if arguments.data is None:
        raise ConfigError(f"name what to train {arguments.part} on with --data")
    if arguments.part.startswith("2023-"):
        from msanii_live.training.commands2023 import train_part

        part = arguments.part.removeprefix("2023-")
        return train_part(part, arguments.data, arguments.out, arguments.recipe, arguments.minutes)
    if arguments.part == "transcriber":
        from msanii_live.training.commands_transcriber import train_part as train_listener

        return train_listener(arguments.data, arguments.out, arguments.recipe, arguments.minutes)
    started = time.monotonic()  # torch takes seconds to import, which count
    from msanii_live.training.commands import train
    from msanii_live.training.options import TrainingOptions

    options = TrainingOptions(
        data=arguments.data,
        out=arguments.out,
        recipe=arguments.recipe,
        begin=arguments.begin,
        part=arguments.part,
        minutes=arguments.minutes,
        style=arguments.style,
        compiled=arguments.compile,
        started=started,
    )
    return train(options)


def _measure_spectra(out: Path, only: tuple[int, ...] | None) -> int:
    """Measure the notes of the composer's player; nothing is trained for them."""
    from msanii_live.training.data.spectra_set import FILE, build

    def report(text: str) -> None:
        print(text, flush=True)

    if only is None:
        build(out / FILE, report)
    else:
        build(out / FILE, report, only, (0,))
    report(f"{out / FILE}: {(out / FILE).stat().st_size / 1e6:.2f} MB")
    return 0


def _train_composer(arguments: argparse.Namespace) -> int:
    from msanii_live.training.commands_composer import ComposerTrainingOptions, train_part

    options = ComposerTrainingOptions(
        out=arguments.out,
        data=arguments.data,
        recipe=arguments.recipe,
        minutes=arguments.minutes,
        call_minutes=arguments.call_minutes,
        only_calibrate=arguments.part == "composer-calibration",
        begin_with=None if arguments.begin in ("shipped", "none") else Path(arguments.begin),
    )
    return train_part(options)
