"""A TOML file of settings: which one counts, and how it is read, so that faults are sentences."""

from __future__ import annotations

import codecs
import os
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from msanii_live.errors import ConfigError

FOLDER, NAME = "msanii-live", "config.toml"
VARIABLE = "MSANII_LIVE_CONFIG"
NO_FILE = "none"  # as --config and in the variable: no file counts
MAX_FILE_BYTES = 2**20
MAX_QUOTED = 60  # characters of a value that an error quotes

_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def quote(value: object) -> str:
    """Return a value as an error quotes it, cut if it is long.

    >>> quote("x" * 100) == "'" + "x" * 58 + "…"
    True
    """
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an int of over 4,300 digits; a list in a list in a list
        text = type(value).__name__
    return text if len(text) <= MAX_QUOTED else text[: MAX_QUOTED - 1] + "…"


def expand_path(name: str, text: str | Path, flag: str) -> Path:
    """Return a path with `~` expanded.

    name, flag: of the setting, for the error.
    Raises: ConfigError: there is no such user, or no home folder.
    """
    try:
        return Path(text).expanduser()
    except RuntimeError:
        user = Path(text).parts[0][1:]
        what = f"there is no user {user}" if user else "the home folder of this user is unknown"
        raise ConfigError(f"{name} is {text}: {what}; name another with {flag}") from None


def read_config_file(path: Path, known: Sequence[str]) -> dict[str, object]:
    """Return the settings of a TOML file; dashes in their names become underscores.

    A byte order mark of UTF-8 is skipped. known: the names that there are.
    Raises: ConfigError: the file is unreadable, no UTF-8 or no TOML, or has an unknown key.
    """
    path = expand_path("config", path, "--config")
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from None
    if len(raw) > MAX_FILE_BYTES:
        raise ConfigError(f"cannot read {path}: it has over 1 MiB, so it is no file of settings")
    text, fault = _decode(raw)
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        reason = "its values are nested too deep" if isinstance(error, RecursionError) else error
        raise ConfigError(f"cannot read {path}: {fault or reason}") from None
    values = {key.replace("-", "_"): value for key, value in table.items()}
    unknown = ", ".join(sorted(quote(key).strip("'") for key in set(values) - set(known)))
    if unknown:
        remark = f"; besides, {fault}" if fault else ""
        raise ConfigError(
            f"{path}: unknown key {unknown}; known are {', '.join(sorted(known))}{remark}"
        )
    if fault:
        raise ConfigError(f"cannot read {path}: {fault}")
    return values


def _decode(raw: bytes) -> tuple[str, str]:
    """Return the text of a file, and what is wrong with its encoding; "" if nothing is."""
    remedy = "save it as UTF-8"
    for mark, name in _UTF_16.items():
        if raw.startswith(mark):
            return raw[len(mark) :].decode(name, "replace"), f"it is in UTF-16: {remedy}"
    try:
        return raw.decode("utf-8-sig"), ""
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return raw.decode("latin-1"), f"line {line} is not in UTF-8: {remedy}"


def default_settings_path(
    environment: Mapping[str, str] | None = None, system: str = sys.platform
) -> Path | None:
    """Return the usual place of the file of settings; None if this user has no home folder.

    XDG_CONFIG_HOME counts on every system, if it is absolute. system: as `sys.platform`.
    """
    environment = os.environ if environment is None else environment
    named = Path(environment.get("XDG_CONFIG_HOME", ""))
    if named.is_absolute():
        return named / FOLDER / NAME
    if system == "win32" and (roaming := environment.get("APPDATA")):
        return Path(roaming) / FOLDER / NAME
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if system == "win32":
        return home / "AppData" / "Roaming" / FOLDER / NAME
    if system == "darwin":
        return home / "Library" / "Application Support" / FOLDER / NAME
    return home / ".config" / FOLDER / NAME


def find_settings_file(named: Path | None = None) -> Path | None:
    """Return the file of settings that counts; None if there is none.

    named: by a flag. Without it, the variable MSANII_LIVE_CONFIG names the file, and otherwise the
    one at the usual place counts, if it exists. The word none, in either, means no file.
    """
    chosen = str(named) if named is not None else os.environ.get(VARIABLE, "")
    if chosen:
        return None if chosen == NO_FILE else Path(chosen)
    usual = default_settings_path()
    return usual if usual is not None and os.path.lexists(usual) else None
