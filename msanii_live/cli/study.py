"""What makes and measures models: data, training, evaluation."""

from __future__ import annotations

import argparse
from pathlib import Path

from msanii_live.cli.arguments import Commands


def add_study(commands: Commands) -> None:
    """Add data, train, eval, convert and paper."""
    data = commands.add_parser("data", help="build the training set, or say what it is made of")
    kinds = data.add_subparsers(required=True, metavar="WHAT")
    made = kinds.add_parser("build", help="build it from seeds and public-domain scores")
    made.add_argument("folder", type=Path)
    made.add_argument("--recipe", type=Path, help="(the shipped one)")
    made.set_defaults(run=_build_data)
    sounds = kinds.add_parser("render", help="play a folder of MIDI files into FLAC, by FluidSynth")
    sounds.add_argument("folder", type=Path, help="MIDI files, in folders too")
    sounds.add_argument("--out", type=Path, help="folder for the FLAC files (FOLDER-flac)")
    sounds.add_argument(
        "--soundfont", type=Path, help="SF2 or SF3 (the system's, FluidR3 GM first)"
    )
    sounds.set_defaults(run=_render_midi)
    licences = kinds.add_parser("licences", help="print where everything in it comes from")
    licences.set_defaults(run=_licences)

    train = commands.add_parser(
        "train",
        help="train or fine-tune, on the built set or your own loops; goes on where it stopped",
        description="Ctrl-C stops after the step under way; the same command goes on from there. "
        "The folder that is written can be played at any time: msanii-live serve --engine OUT",
    )
    train.add_argument("--data", type=Path, required=True, help="built set, or folder of loops")
    train.add_argument("--out", type=Path, default=Path("my-engine"), help="engine (%(default)s)")
    train.add_argument("--recipe", type=Path, help="(the shipped one that fits)")
    train.add_argument(
        "--from", dest="begin", default="shipped", help="weights to begin with, or none (shipped)"
    )
    train.add_argument(
        "--part",
        choices=(
            "flow",
            "few",
            "vocoder",
            "bands",
            "mel2mel",
            "spectrogram",
            "2023-vocoder",
            "2023-unet",
        ),
        default="flow",
        help="(%(default)s); the last two train the 2023 system on a folder of audio",
    )
    train.add_argument("--minutes", type=float, default=0.0, help="about how long (the recipe's)")
    train.add_argument("--style", default="", help="style word for all files of a folder of loops")
    train.add_argument("--compile", action="store_true", help="an eighth faster; needs g++")
    train.set_defaults(run=_train)

    evaluate = commands.add_parser("eval", help="measure the model on held-out music")
    evaluate.add_argument(
        "--data", type=Path, required=True, help="set of `msanii-live data build`"
    )
    evaluate.add_argument("--weights", type=Path, help="(the shipped ones)")
    evaluate.add_argument("--out", type=Path, help="folder for JSON and pictures")
    evaluate.set_defaults(run=_eval)

    convert = commands.add_parser(
        "convert", help="make an engine folder of a checkpoint of the 2023 release"
    )
    convert.add_argument("file", type=Path, help="the checkpoint, .pt; nothing in it is run")
    convert.add_argument("folder", type=Path, help="engine: msanii-live serve --engine FOLDER")
    convert.set_defaults(run=_convert)

    paper = commands.add_parser("paper", help="draw the 2023 paper's figures 2 to 8 anew")
    paper.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    paper.add_argument(
        "--engine",
        action="append",
        help="a row: name or path, as of serve; repeatable (mel-flow, random-2023)",
    )
    paper.add_argument("--device", default="auto", help="where models run (%(default)s)")
    paper.set_defaults(run=_paper)


def _build_data(arguments: argparse.Namespace) -> int:
    from msanii_live.training.run import build_dataset

    return build_dataset(arguments.folder, arguments.recipe)


def _licences(_: argparse.Namespace) -> int:
    from msanii_live.training.data.sources import licence_table

    print(licence_table())
    return 0


def _render_midi(arguments: argparse.Namespace) -> int:
    from msanii_live.training.data.render import render_folder

    source: Path = arguments.folder
    out = arguments.out or source.with_name(source.name + "-flac")
    return render_folder(source, out, arguments.soundfont)


def _train(arguments: argparse.Namespace) -> int:
    if arguments.part.startswith("2023-"):
        from msanii_live.training.run2023 import train_part

        part = arguments.part.removeprefix("2023-")
        return train_part(part, arguments.data, arguments.out, arguments.recipe)
    from msanii_live.training.run import TrainingOrder, train

    order = TrainingOrder(
        data=arguments.data,
        out=arguments.out,
        recipe=arguments.recipe,
        begin=arguments.begin,
        part=arguments.part,
        minutes=arguments.minutes,
        style=arguments.style,
        compiled=arguments.compile,
    )
    return train(order)


def _eval(arguments: argparse.Namespace) -> int:
    from msanii_live.evaluation.report import report_eval

    return report_eval(arguments.data, arguments.weights, arguments.out)


def _convert(arguments: argparse.Namespace) -> int:
    from msanii_live.cli.convert import convert

    return convert(arguments.file, arguments.folder)


def _paper(arguments: argparse.Namespace) -> int:
    from msanii_live.evaluation.paper_figures import redo

    engines = arguments.engine or ["mel-flow", "random-2023"]
    return redo(arguments.out, engines, arguments.device)
