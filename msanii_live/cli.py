"""The command line. Everything heavy is imported inside the command that needs it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Literal

from msanii_live import __version__
from msanii_live.config import SWITCH, Config, read_config
from msanii_live.errors import MsaniiError


def main(argv: Sequence[str] | None = None) -> int:
    """Run `msanii-live`; returns the exit status."""
    # torch's threads otherwise spin while they wait for one another; beside a DAW, which takes the
    # cores meanwhile, some clips then took ten times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except MsaniiError as error:
        print(f"msanii-live: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="msanii-live",
        description="A resident music-diffusion server, played over OSC.",
    )
    parser.add_argument("--version", action="version", version=f"msanii-live {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="run the server")
    _add_config_flags(serve)
    serve.set_defaults(run=_serve)

    demo = commands.add_parser("demo", help="start a server, play it over OSC, write what it made")
    demo.add_argument("--out", type=Path, default=Path("demo-output"), help="folder (%(default)s)")
    demo.add_argument("--device", default="auto", help="where models run (%(default)s)")
    demo.set_defaults(run=_demo)

    render = commands.add_parser("render", help="make a clip again from its JSON sidecar")
    render.add_argument("sidecar", type=Path, help="the clip's .json, beside its sources")
    render.add_argument("--out", type=Path, help="WAV to write (NAME-again.wav)")
    render.add_argument("--device", default="auto", help="where models run (%(default)s)")
    render.set_defaults(run=_render)

    listen = commands.add_parser("listen", help="print every OSC message that reaches a port")
    listen.add_argument("port", type=int, nargs="?", default=57121, help="(%(default)s)")
    listen.set_defaults(run=_listen)

    send = commands.add_parser(
        "send", help="send one command to a running server, print its replies"
    )
    _add_where(send)
    send.add_argument("--udp", action="store_true", help="over UDP instead of TCP")
    send.add_argument("address", help="such as /msanii/generate, or generate")
    send.add_argument(
        "words", nargs=argparse.REMAINDER, help="its arguments: seconds 8 style house"
    )
    send.set_defaults(run=_send)

    dump = commands.add_parser(
        "dump", help="print what reaches a running server, and what becomes of it"
    )
    _add_where(dump)
    dump.add_argument(
        "--last", type=int, default=20, help="lines from before, 0 to 200 (%(default)s)"
    )
    dump.set_defaults(run=_dump)

    doctor = commands.add_parser(
        "doctor",
        help="say what works on this machine, and what to mend",
        description="Takes the settings of serve, and looks at what a server with them would need. "
        "Ends with 1 where something must be mended, else with 0.",
    )
    doctor.add_argument("--json", action="store_true", help="for programs: one object, all found")
    _add_config_flags(doctor)
    doctor.set_defaults(run=_doctor)

    patches = commands.add_parser(
        "patches", help="copy the patches for Max, Live, Pd and SuperCollider to where those look"
    )
    acts = patches.add_subparsers(required=True, metavar="WHAT")
    copied = acts.add_parser("install", help="copy them, and say where; nothing is ever deleted")
    copied.add_argument(
        "programs", nargs="*", metavar="PROGRAM",
        help="max, live, pd or supercollider, even if it does not seem to be here (all that are)",
    )  # fmt: skip
    copied.add_argument("--to", type=Path, metavar="FOLDER", help="copy everything there instead")
    copied.add_argument("--list", action="store_true", help="only say where things would go")
    copied.set_defaults(run=_install_patches)

    spec = commands.add_parser("spec", help="print docs/osc.md from the command table")
    spec.set_defaults(run=_spec)

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
        choices=("flow", "few", "vocoder", "bands", "mel2mel", "2023-vocoder", "2023-unet"),
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

    bench = commands.add_parser("bench", help="measure: where the figures in docs come from")
    bench.add_argument("what", choices=("speed", "front", "player", "msanii2023"))
    bench.add_argument("--out", type=Path, help="folder for the figures")
    bench.add_argument(
        "--full",
        action="store_true",
        help="speed: all 200 steps of the baseline; msanii2023: 190 s too",
    )
    bench.add_argument("--compile", action="store_true", help="msanii2023: compile; needs g++")
    bench.add_argument("--seconds", type=float, default=60.0, help="player: how long (%(default)s)")
    bench.add_argument("--audio", default="default", help="player: audio device (%(default)s)")
    bench.add_argument("--engine", default="mel-flow", help="player: engine (%(default)s)")
    bench.set_defaults(run=_bench)
    return parser


def _add_where(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="where the server is (%(default)s)")
    parser.add_argument("--port", type=int, default=7770, help="its OSC port (%(default)s)")


def _add_config_flags(parser: argparse.ArgumentParser) -> None:
    """Make a flag of every field of Config; absent ones stay absent, so that files count."""
    parser.add_argument("--config", type=Path, help="TOML file with the same names")
    for field in fields(Config):
        default = f" ({field.default})" if field.default not in ((), "") else ""
        is_switch = field.metadata["choices"] == SWITCH
        parser.add_argument(
            "--" + field.name.replace("_", "-"),
            action="append" if isinstance(field.default, tuple) else "store",
            choices=field.metadata["choices"] or None,
            nargs="?" if is_switch else None,
            const="on" if is_switch else None,
            default=argparse.SUPPRESS,
            help=field.metadata["help"] + default,
        )


def _serve(arguments: argparse.Namespace) -> int:
    config = _config(arguments)
    from msanii_live.app import run

    return run(config)


def _config(arguments: argparse.Namespace) -> Config:
    names = {field.name for field in fields(Config)}
    flags = {name: value for name, value in vars(arguments).items() if name in names}
    return read_config(flags, arguments.config)


def _demo(arguments: argparse.Namespace) -> int:
    from msanii_live.bench.demo import demo

    return demo(arguments.out, arguments.device)


def _render(arguments: argparse.Namespace) -> int:
    from msanii_live.bench.again import render_again

    print(render_again(arguments.sidecar, arguments.out, arguments.device))
    return 0


def _listen(arguments: argparse.Namespace) -> int:
    from msanii_live.bench.listen import listen

    return listen(arguments.port)


def _send(arguments: argparse.Namespace) -> int:
    from msanii_live.client.shell import send

    transport: Literal["udp", "int32"] = "udp" if arguments.udp else "int32"
    return send(arguments.host, arguments.port, transport, arguments.address, arguments.words)


def _dump(arguments: argparse.Namespace) -> int:
    from msanii_live.client.shell import dump

    return dump(arguments.host, arguments.port, arguments.last)


def _doctor(arguments: argparse.Namespace) -> int:
    from msanii_live.bench.doctor import doctor

    return doctor(_config(arguments), arguments.json)


def _install_patches(arguments: argparse.Namespace) -> int:
    from msanii_live.patches.install import install

    return install(arguments.programs, arguments.to, arguments.list)


def _spec(_: argparse.Namespace) -> int:
    from msanii_live.protocol.describe import describe_markdown

    print(describe_markdown(), end="")
    return 0


def _build_data(arguments: argparse.Namespace) -> int:
    from msanii_live.training.run import build_dataset

    return build_dataset(arguments.folder, arguments.recipe)


def _licences(_: argparse.Namespace) -> int:
    from msanii_live.training.sources import licence_table

    print(licence_table())
    return 0


def _render_midi(arguments: argparse.Namespace) -> int:
    from msanii_live.training.render import render_folder

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
    from msanii_live.bench.report import report_eval

    return report_eval(arguments.data, arguments.weights, arguments.out)


def _convert(arguments: argparse.Namespace) -> int:
    from msanii_live.bench.convert import convert

    return convert(arguments.file, arguments.folder)


def _paper(arguments: argparse.Namespace) -> int:
    from msanii_live.bench.paper import redo

    engines = arguments.engine or ["mel-flow", "random-2023"]
    return redo(arguments.out, engines, arguments.device)


def _bench(arguments: argparse.Namespace) -> int:
    if arguments.what == "front":
        from msanii_live.bench.front import report_front

        return report_front()
    if arguments.what == "player":
        from msanii_live.bench.player import report_player

        return report_player(arguments.out, arguments.seconds, arguments.audio, arguments.engine)
    if arguments.what == "msanii2023":
        from msanii_live.bench.msanii2023 import report_2023

        return report_2023(arguments.out, arguments.full, arguments.compile)
    from msanii_live.bench.report import report_speed

    return report_speed(arguments.out, arguments.full)


if __name__ == "__main__":
    sys.exit(main())
