"""The command line: one module for each command, which imports what it needs when it runs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from msanii_live import __version__
from msanii_live.cli import (
    bench,
    convert,
    data,
    demo,
    doctor,
    dump,
    eval,
    listen,
    paper,
    patches,
    render,
    send,
    serve,
    spec,
    train,
)
from msanii_live.errors import MsaniiError

COMMANDS = (
    serve, demo, render, listen, send, dump, doctor, patches, spec,
    data, train, eval, convert, paper, bench,
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run `msanii-live`; returns the exit status."""
    # torch's threads otherwise spin long while they wait for one another; beside a DAW, which takes
    # the cores meanwhile, some clips then take thirty times as long. Only GNU's OpenMP reads this.
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "200")
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
    for module in COMMANDS:
        module.add(commands)
    return parser
