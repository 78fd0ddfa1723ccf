"""What the server can be told at start: one frozen dataclass, from file, environment and flags."""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from msanii_live.errors import ConfigError

ENVIRONMENT_PREFIX = "MSANII_LIVE_"
DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("auto", "fp32", "bf16", "fp16")
VOCODERS = ("vocos", "bands", "griffin-lim")
ANNOUNCE = ("auto", "on", "off")
SWITCH = ("off", "on")
FOLDER_BYTES = 600  # of the folder's path: /msanii/job/done holds it, and stays under 1,400
LOG_LEVELS = ("debug", "info", "warning", "error")


def _option(default: object, text: str, choices: tuple[str, ...] = ()) -> Any:
    return field(default=default, metadata={"help": text, "choices": choices})


_CHOICES = (
    ("device", DEVICES),
    ("precision", PRECISIONS),
    ("vocoder", VOCODERS),
    ("log_level", LOG_LEVELS),
    ("announce", ANNOUNCE),
    ("compile", SWITCH),
)


@dataclass(frozen=True)
class Config:
    """Hold every setting of `msanii-live serve`; flags, variables and file keys come from it."""

    port: int = _option(7770, "OSC port; 0 picks a free one")
    http_port: int = _option(7771, "port of the status page; 0 picks a free one")
    bind: str = _option("127.0.0.1", "address to listen on; beyond loopback needs --allow")
    allow: tuple[str, ...] = _option(
        (), "network that may send, such as 192.168.1.0/24; repeatable"
    )
    announce: str = _option(
        "auto", "tell the network by Zeroconf; auto is beyond loopback only", ANNOUNCE
    )
    folder: str = _option("~/Music/msanii-live", "shared folder that clips are written to")
    keep_gb: float = _option(
        0.0, "size of the folder's clips, GB, beyond which the oldest are deleted; 0 keeps all"
    )
    audio: str = _option("default", "audio device: none, default, or a device's name")
    midi_in: str = _option(
        "none", "MIDI input: none, virtual, tcp:PORT, or a port's name or a part of it"
    )
    device: str = _option("auto", "where models run", DEVICES)
    precision: str = _option(
        "auto",
        "of networks; auto is fp16 on a GPU, the faster of fp32 and bf16 on a CPU",
        PRECISIONS,
    )
    engine: str = _option("mel-flow", "engine to keep warm and use by default")
    vocoder: str = _option("vocos", "how the default engine turns mels into samples", VOCODERS)
    compile: str = _option(
        "off", "compile the networks of engines that can be: a slower start, faster steps", SWITCH
    )
    threads: int = _option(0, "CPU threads for models; 0 leaves it to torch")
    log_level: str = _option("info", "how much to write to stderr", LOG_LEVELS)

    def __post_init__(self) -> None:
        """Check every value.

        Raises: ConfigError: naming the setting, its value and what is legal.
        """
        for name in ("port", "http_port"):
            value = getattr(self, name)
            if not 0 <= value <= 65_535:
                raise ConfigError(f"{name} is {value}: it must be 0 to 65535")
        if not 0 <= self.keep_gb < float("inf"):
            raise ConfigError(f"keep_gb is {self.keep_gb:g}: it must be 0 or more")
        for name, choices in _CHOICES:
            value = getattr(self, name)
            if value not in choices:
                raise ConfigError(f"{name} is {value!r}: it must be one of {', '.join(choices)}")
        for text in self.allow:
            try:
                ipaddress.ip_network(text, strict=False)
            except ValueError as error:
                raise ConfigError(f"allow is {text!r}: {error}") from None
        if len(os.fsencode(self.folder_path)) > FOLDER_BYTES:
            raise ConfigError(
                f"folder is {self.folder[:60]}…: its path has more than {FOLDER_BYTES} bytes, "
                "which leaves no room for it in a reply; pick another with --folder"
            )
        if not self.is_loopback and not self.allow:
            raise ConfigError(
                f"bind is {self.bind}: listening beyond this machine needs --allow with the "
                "network that may send, such as --allow 192.168.1.0/24"
            )

    @property
    def is_loopback(self) -> bool:
        """Tell whether only this machine can reach the server."""
        if self.bind == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.bind).is_loopback
        except ValueError:
            raise ConfigError(f"bind is {self.bind!r}: it must be an IP address") from None

    @property
    def is_announced(self) -> bool:
        """Tell whether the network is to be told of the server."""
        return self.announce == "on" or (self.announce == "auto" and not self.is_loopback)

    @property
    def folder_path(self) -> Path:
        """The shared folder, absolute, with `~` expanded."""
        return Path(self.folder).expanduser().absolute()


def read_config(flags: Mapping[str, object], file: Path | None = None) -> Config:
    """Merge the defaults, a TOML file, `MSANII_LIVE_*` variables and flags, the later the stronger.

    flags: only those given. file: None also looks at MSANII_LIVE_CONFIG.
    Raises: ConfigError: an unknown key, a bad value, or an unreadable file.
    """
    values: dict[str, object] = {}
    named = file or (
        Path(path) if (path := os.environ.get(ENVIRONMENT_PREFIX + "CONFIG")) else None
    )
    if named is not None:
        values |= _from_file(named)
    values |= _from_environment(os.environ)
    values |= flags
    kinds = {f.name: f.type for f in fields(Config)}
    coerced: dict[str, Any] = {n: _coerce(n, kinds[n], v) for n, v in values.items()}
    return replace(Config(), **coerced)


def _from_file(path: Path) -> dict[str, object]:
    try:
        table = tomllib.loads(path.expanduser().read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from None
    known = {f.name for f in fields(Config)}
    values = {key.replace("-", "_"): value for key, value in table.items()}
    if unknown := sorted(set(values) - known):
        raise ConfigError(
            f"{path}: unknown key {', '.join(unknown)}; known are {', '.join(sorted(known))}"
        )
    return values


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    names = {ENVIRONMENT_PREFIX + f.name.upper(): f.name for f in fields(Config)}
    return {name: environment[key] for key, name in names.items() if key in environment}


def _coerce(name: str, kind: object, value: object) -> object:
    if kind == "int":
        try:
            return int(str(value))
        except ValueError:
            raise ConfigError(f"{name} is {value!r}: it must be a whole number") from None
    if kind == "float":
        try:
            return float(str(value))
        except ValueError:
            raise ConfigError(f"{name} is {value!r}: it must be a number") from None
    if kind == "tuple[str, ...]":
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        if isinstance(value, list | tuple):
            return tuple(str(part) for part in value)
        raise ConfigError(f"{name} is {value!r}: it must be a list of networks")
    if isinstance(value, str):
        return value
    raise ConfigError(f"{name} is {value!r}: it must be text")
