"""What musicians type: the server, and what speaks to it."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Literal

from msanii_live.cli.commands import Commands
from msanii_live.config import PRECISIONS, SWITCH, Config, read_config


def add_stage(commands: Commands) -> None:
    """Add serve, demo, render, listen, send, dump, doctor, patches and spec."""
    serve = commands.add_parser("serve", help="run the server")
    _add_config_flags(serve)
    serve.set_defaults(run=_serve)

    demo = commands.add_parser("demo", help="start a server, play it over OSC, write what it made")
    demo.add_argument("--out", type=Path, default=Path("demo-output"), help="folder (%(default)s)")
    demo.add_argument("--device", default="auto", help="where models run (%(default)s)")
    _add_precision(demo, "auto")
    demo.set_defaults(run=_demo)

    render = commands.add_parser("render", help="make a clip again from its JSON sidecar")
    render.add_argument("sidecar", type=Path, help="the clip's .json, beside its sources")
    render.add_argument("--out", type=Path, help="WAV to write (NAME-again.wav)")
    render.add_argument("--device", default="auto", help="where models run (%(default)s)")
    _add_precision(render, "the one in the sidecar")
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


def _add_precision(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument("--precision", choices=PRECISIONS, help=f"of networks ({default})")


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

    return demo(arguments.out, arguments.device, arguments.precision)


def _render(arguments: argparse.Namespace) -> int:
    from msanii_live.bench.again import render_again

    a = arguments
    print(render_again(a.sidecar, a.out, a.device, a.precision))
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
