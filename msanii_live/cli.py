"""The command line. Everything heavy is imported inside the command that needs it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from msanii_live import __version__
from msanii_live.config import Config, read_config
from msanii_live.errors import MsaniiError


def main(argv: Sequence[str] | None = None) -> int:
    """Run `msanii-live`; returns the exit status."""
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

    doctor = commands.add_parser("doctor", help="say what works on this machine, and what to mend")
    doctor.set_defaults(run=_doctor)

    spec = commands.add_parser("spec", help="print docs/osc.md from the command table")
    spec.set_defaults(run=_spec)

    dataset = commands.add_parser("dataset", help="build the training set from seeds")
    dataset.add_argument("folder", type=Path)
    dataset.add_argument("--recipe", type=Path, help="(the shipped one)")
    dataset.set_defaults(run=_dataset)

    train = commands.add_parser("train", help="train the default model, resuming if it was begun")
    train.add_argument("data", type=Path, help="folder made by `msanii-live dataset`")
    train.add_argument("out", type=Path, help="folder for checkpoints and the finished weights")
    train.add_argument("--recipe", type=Path, help="(the shipped one)")
    train.add_argument("--compile", action="store_true", help="an eighth faster; needs g++")
    train.set_defaults(run=_train)

    bench = commands.add_parser("bench", help="measure: where the figures in docs come from")
    bench.add_argument("what", choices=("speed", "eval", "player"))
    bench.add_argument("--out", type=Path, help="folder for JSON and pictures")
    bench.add_argument("--data", type=Path, help="eval: folder made by `msanii-live dataset`")
    bench.add_argument("--weights", type=Path, help="eval: weights (the shipped ones)")
    bench.add_argument("--full", action="store_true", help="speed: all 200 steps of the baseline")
    bench.add_argument("--seconds", type=float, default=60.0, help="player: how long (%(default)s)")
    bench.add_argument("--audio", default="default", help="player: audio device (%(default)s)")
    bench.add_argument("--engine", default="mel-flow", help="player: engine (%(default)s)")
    bench.set_defaults(run=_bench)
    return parser


def _add_config_flags(parser: argparse.ArgumentParser) -> None:
    """Make a flag of every field of Config; absent ones stay absent, so that files count."""
    parser.add_argument("--config", type=Path, help="TOML file with the same names")
    for field in fields(Config):
        default = f" ({field.default})" if field.default not in ((), "") else ""
        parser.add_argument(
            "--" + field.name.replace("_", "-"),
            action="append" if isinstance(field.default, tuple) else "store",
            choices=field.metadata["choices"] or None,
            default=argparse.SUPPRESS,
            help=field.metadata["help"] + default,
        )


def _serve(arguments: argparse.Namespace) -> int:
    names = {field.name for field in fields(Config)}
    flags = {name: value for name, value in vars(arguments).items() if name in names}
    config = read_config(flags, arguments.config)
    from msanii_live.app import run

    return run(config)


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


def _doctor(_: argparse.Namespace) -> int:
    from msanii_live.bench.doctor import doctor

    return doctor()


def _spec(_: argparse.Namespace) -> int:
    from msanii_live.protocol.describe import describe_markdown

    print(describe_markdown(), end="")
    return 0


def _dataset(arguments: argparse.Namespace) -> int:
    from msanii_live.training.run import build_dataset

    return build_dataset(arguments.folder, arguments.recipe)


def _train(arguments: argparse.Namespace) -> int:
    from msanii_live.training.run import train_model

    return train_model(arguments.data, arguments.out, arguments.recipe, arguments.compile)


def _bench(arguments: argparse.Namespace) -> int:
    if arguments.what == "speed":
        from msanii_live.bench.report import report_speed

        return report_speed(arguments.out, arguments.full)
    if arguments.what == "player":
        from msanii_live.bench.player import report_player

        return report_player(arguments.out, arguments.seconds, arguments.audio, arguments.engine)
    if arguments.data is None:
        raise MsaniiError("bench eval needs --data: a folder made by `msanii-live dataset`")
    from msanii_live.bench.report import report_eval

    return report_eval(arguments.data, arguments.weights, arguments.out)


if __name__ == "__main__":
    sys.exit(main())
