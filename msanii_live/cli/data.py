"""`msanii-live data`: the training set."""

from __future__ import annotations

import argparse
from pathlib import Path

from msanii_live.cli.arguments import Commands


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("data", help="build the training set, or say where it comes from")
    acts = parser.add_subparsers(required=True, metavar="WHAT")
    build = acts.add_parser("build", help="build it from seeds and public-domain scores")
    build.add_argument("folder", type=Path, help="folder to write")
    build.add_argument("--recipe", type=Path, help="TOML file (the shipped one)")
    build.set_defaults(run=_build)
    render = acts.add_parser("render", help="play a folder of MIDI files into FLAC")
    render.add_argument("folder", type=Path, help="MIDI files, in folders too")
    render.add_argument("--out", type=Path, help="folder for the FLAC files (FOLDER-flac)")
    render.add_argument(
        "--soundfont", type=Path, help="SF2 or SF3 file (the system's, FluidR3 GM first)"
    )
    render.add_argument(
        "--player", choices=("fluidsynth", "rack"), default="fluidsynth",
        help="FluidSynth with a soundfont, or the synthesised instruments (%(default)s)",
    )  # fmt: skip
    render.add_argument("--style", default="", help="style whose rig of the rack plays")
    render.set_defaults(run=_render)
    licences = acts.add_parser("licences", help="print the source and licence of everything in it")
    licences.set_defaults(run=_licences)


def _build(arguments: argparse.Namespace) -> int:
    from msanii_live.training.commands import build_dataset

    return build_dataset(arguments.folder, arguments.recipe)


def _render(arguments: argparse.Namespace) -> int:
    from msanii_live.training.data.render import render_folder

    source: Path = arguments.folder
    out = arguments.out or source.with_name(source.name + "-flac")
    return render_folder(source, out, arguments.soundfont, arguments.player, arguments.style)


def _licences(_: argparse.Namespace) -> int:
    from msanii_live.training.data.sources import licence_table

    print(licence_table())
    return 0
