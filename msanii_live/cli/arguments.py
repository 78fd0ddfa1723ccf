"""Arguments that several commands share."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from msanii_live.config import MAX_THREADS, PRECISIONS, SWITCH, Config, read_config
from msanii_live.config_file import default_settings_path

if TYPE_CHECKING:  # argparse has a name for it that exists for type checkers alone
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Commands = object


def add_server_address(parser: argparse.ArgumentParser) -> None:
    """Add --host and --port of a server that runs."""
    parser.add_argument("--host", default="127.0.0.1", help="where the server is (%(default)s)")
    parser.add_argument("--port", type=port_number, default=7770, help="its OSC port (%(default)s)")


def port_number(word: str) -> int:
    """Return the number of a port, 0 to 65535. Raises: argparse.ArgumentTypeError."""
    try:
        number = int(word)
    except ValueError:
        number = -1
    if not 0 <= number <= 65_535:
        raise argparse.ArgumentTypeError(f"{word!r} is no port: it must be 0 to 65535")
    return number


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add --device."""
    parser.add_argument("--device", default="auto", help="where models run (%(default)s)")


def add_precision(parser: argparse.ArgumentParser, default: str) -> None:
    """Add --precision. default: what counts where it is absent, in words."""
    parser.add_argument(
        "--precision", choices=PRECISIONS, help=f"precision of networks ({default})"
    )


def add_threads(parser: argparse.ArgumentParser) -> None:
    """Add --threads, within the limits of the setting."""
    parser.add_argument(
        "--threads", type=thread_count, default=0,
        help="CPU threads for models; 0 leaves the choice to PyTorch (%(default)s)",
    )  # fmt: skip


def thread_count(word: str) -> int:
    """Return a number of threads. Raises: argparse.ArgumentTypeError: it is none, or too large."""
    try:
        number = int(word)
    except ValueError:
        number = -1
    if not 0 <= number <= MAX_THREADS:
        raise argparse.ArgumentTypeError(f"{word!r}: it must be 0 to {MAX_THREADS}")
    return number


# The headings of the flags in help texts, each before the first setting under it.
HEADINGS = {
    "port": "network", "folder": "clips", "audio": "sound and MIDI", "device": "models",
    "log_level": "messages",
}  # fmt: skip
# What stands for a value in help texts, where it is not the last word of the setting's name.
VALUES = {
    "bind": "ADDRESS", "allow": "NETWORK", "save_rate": "HZ", "audio": "DEVICE",
    "midi_in": "INPUT", "workers": "WHERE", "free_after": "MINUTES", "file_name": "PATTERN",
}  # fmt: skip


def add_config_flags(parser: argparse.ArgumentParser) -> None:
    """Add a flag for every field of Config.

    A flag that is absent sets nothing, so that the value of a file or the environment counts.
    """
    parser.usage = "%(prog)s [--FLAG VALUE ...]"
    usual = default_settings_path()
    parser.add_argument(
        "--config", type=Path, metavar="FILE",
        help="TOML file with the same names, or none"
        + (f" ({usual}, if it is there)" if usual else "").replace("%", "%%"),
    )  # fmt: skip
    group: argparse._ActionsContainer = parser
    for field in fields(Config):
        if field.name in HEADINGS:
            group = parser.add_argument_group(HEADINGS[field.name])
        choices = field.metadata["choices"]
        default = _default_in_words(field.default)
        is_switch = choices == SWITCH
        value = None if choices and field.name not in VALUES else field.name.rpartition("_")[2]
        group.add_argument(
            "--" + field.name.replace("_", "-"),
            action="append" if isinstance(field.default, tuple) else "store",
            choices=choices or None,
            metavar=VALUES.get(field.name, value and value.upper()),
            nargs="?" if is_switch else None,
            const="on" if is_switch else None,
            default=argparse.SUPPRESS,
            help=field.metadata["help"] + default,
        )


def _default_in_words(default: object) -> str:
    if default in ((), ""):
        return ""
    return f" ({default:g})" if isinstance(default, float) else f" ({default})"


def parse_config(arguments: argparse.Namespace) -> Config:
    """Return the settings of a command with the flags of `add_config_flags`.

    Raises: ConfigError: a setting is unknown or out of range.
    """
    names = {field.name for field in fields(Config)}
    flags = {name: value for name, value in vars(arguments).items() if name in names}
    return read_config(flags, arguments.config)


def engine_name(word: str) -> str:
    """Return the name that an engine has today, for one that it may have had before."""
    from msanii_live.engines.builtin import canonical_name

    return canonical_name(word)


def bench_parser(
    kinds: Commands, name: str, text: str, files: bool = True
) -> argparse.ArgumentParser:
    """Add the parser of one measurement of `msanii-live bench`. files: it can write figures."""
    parser = kinds.add_parser(name, help=text, description=text)
    if files:
        parser.add_argument("--out", type=Path, help="folder for the figures")
    return parser
