"""`msanii-live doctor`: what works on this machine, and what to do about the rest."""

from __future__ import annotations

import argparse

from msanii_live.cli.arguments import Commands, add_config_flags, parse_config
from msanii_live.config_file import find_settings_file


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "doctor",
        help="check what works on this machine, and say what to mend",
        description="Takes the settings of serve and checks what a server with them needs. "
        "Ends with 1 if something must be mended, else with 0.",
    )
    parser.add_argument("--json", action="store_true", help="print all results as one JSON object")
    add_config_flags(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from msanii_live.cli.doctor.report import doctor

    file = find_settings_file(arguments.config)
    return doctor(parse_config(arguments), file, arguments.json)
