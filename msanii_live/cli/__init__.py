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
    docs,
    doctor,
    dump,
    eval,
    listen,
    live,
    models,
    paper,
    patches,
    rack,
    render,
    send,
    serve,
    spec,
    train,
    worker,
)
from msanii_live.cli.output import discard_output, ensure_utf8
from msanii_live.errors import MsaniiError

COMMANDS = (
    serve, worker, demo, models, render, rack, listen, live, send, dump, doctor, patches, docs,
    spec, data, train, eval, convert, paper, bench,
)  # fmt: skip


FIRST_STEPS = """\
first steps:
  msanii-live serve                                                # leave it running
  msanii-live send generate style house bars 4 clip a play 1       # in another terminal
  msanii-live docs tutorial                                        # from nothing to a set
  msanii-live doctor                                               # where something does not work

`msanii-live COMMAND --help` tells more of a command."""
CLOSED_PIPE = 141  # the exit status that shells give a program that SIGPIPE ended


def main(argv: Sequence[str] | None = None) -> int:
    """Run `msanii-live`; returns the exit status.

    argv: the words of the command line; None takes those of this process.
    """
    if argv is None:
        ensure_utf8()
    # torch's threads otherwise spin long while they wait for one another; beside a DAW, which takes
    # the cores meanwhile, some clips then take thirty times as long. Only GNU's OpenMP reads this.
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "200")
    try:
        parser = _parser()
        if not (sys.argv[1:] if argv is None else argv):
            parser.print_help()
            return 2
        arguments = parser.parse_args(argv)
        status = int(arguments.run(arguments))
        if sys.stdout is not None:
            sys.stdout.flush()
    except MsaniiError as error:
        print(f"msanii-live: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the program that reads this one's output has ended
        discard_output()
        return CLOSED_PIPE
    except OSError as error:
        print(f"msanii-live: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="msanii-live",
        description="A resident music server, played over OSC.",
        epilog=FIRST_STEPS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"msanii-live {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add(commands)
    return parser
