"""The server's configuration: one frozen dataclass, read from file, environment and flags."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from msanii_live.config_file import (
    expand_path,
    find_settings_file,
    quote,
    read_config_file,
)
from msanii_live.errors import ConfigError

ENVIRONMENT_PREFIX = "MSANII_LIVE_"
DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("auto", "fp32", "bf16", "fp16")
VOCODERS = ("vocos", "bands", "griffin-lim")
ANNOUNCE = ("auto", "on", "off")
SWITCH = ("off", "on")
OFFLOAD = ("none", "model", "sequential")
SAVE_FORMATS = (
    "wav", "wav16", "wav24", "wav32", "flac", "flac16", "flac24", "aiff", "aiff16", "aiff24",
    "aiff32",
)  # fmt: skip
SAVE_RATES = (44_100, 96_000)  # Hz
LAYOUTS = ("flat", "by-day", "by-session")
FILE_NAME_FIELDS = ("name", "style", "bpm", "key", "engine", "seed", "date")
MAX_FOLDER_BYTES = 600  # of the folder's path, which must fit a reply of under 1,400 bytes
MAX_MINUTES = 10_000
MAX_THREADS = 1_024
MAX_WORKERS = 256
MAX_KEEP_GB = 1e9
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
    ("cuda_graphs", SWITCH),
    ("offload", OFFLOAD),
    ("trust_remote_code", SWITCH),
    ("resume", SWITCH),
    ("save_format", SAVE_FORMATS),
    ("layout", LAYOUTS),
)

_TEXTS = ("bind", "folder", "audio", "midi_in", "engine")
_ORIGIN_HOST = re.compile(r"[^\s/?#@*\x00-\x20]+").fullmatch


@dataclass(frozen=True)
class Config:
    """The settings of `msanii-live serve`. Flags, variables and file keys are derived from it."""

    port: int = _option(7770, "OSC port; 0 picks a free one")
    http_port: int = _option(7771, "port of the status page; 0 picks a free one")
    bind: str = _option(
        "127.0.0.1", "address to listen on, or localhost; beyond loopback needs --allow"
    )
    allow: tuple[str, ...] = _option(
        (), "network that may send, such as 192.168.1.0/24; can be repeated"
    )
    allow_origin: tuple[str, ...] = _option(
        (), "web page that may use this server, such as http://localhost:3000; can be repeated"
    )
    announce: str = _option(
        "auto", "announce the server by Zeroconf; auto: only if others can reach it", ANNOUNCE
    )
    folder: str = _option("~/Music/msanii-live", "shared folder that clips are written to")
    save_format: str = _option(
        "wav", "form of the clips' files; a number is the bits, 32 are floating point", SAVE_FORMATS
    )
    save_rate: int = _option(
        0, "sample rate of the clips' files, 44100 to 96000 Hz; 0 is the clip's own"
    )
    layout: str = _option(
        "flat", "folders inside it for new clips: none, one a day, or one for each start", LAYOUTS
    )
    file_name: str = _option(
        "{name}", "file names of new clips, such as {style}-{bpm}-{key}-{name}"
    )
    keep_gb: float = _option(
        0.0, "total size of the clips, in GB, above which the oldest are deleted; 0 keeps all"
    )
    resume: str = _option("off", "return to the last scene after a restart or a crash", SWITCH)
    audio: str = _option("default", "audio device: none, default, or a device's name")
    midi_in: str = _option(
        "none", "MIDI input: none, virtual, tcp:PORT, or the name of a port or a part of it"
    )
    device: str = _option("auto", "device that models run on", DEVICES)
    precision: str = _option(
        "auto",
        "of networks; auto is fp16 on a GPU, the faster of fp32 and bf16 on a CPU",
        PRECISIONS,
    )
    engine: str = _option(
        "composer", "engine to use by default: a name, a path to weights, or a published model"
    )
    trust_remote_code: str = _option(
        "off", "run code that lies in the folder of a published model; it can do anything", SWITCH
    )
    vocoder: str = _option("vocos", "vocoder of the default engine", VOCODERS)
    compile: str = _option(
        "off", "compile the networks, if the engine supports it: slower start, faster steps", SWITCH
    )
    cuda_graphs: str = _option(
        "on",
        "on a CUDA GPU, record the calls of networks that denoise and play them back: faster "
        "steps, some more memory; elsewhere it has no effect",
        SWITCH,
    )
    offload: str = _option(
        "none",
        "parts of a published model that wait outside the GPU: none, all but the network in use "
        "(model), or all but the layer in use (sequential, slow)",
        OFFLOAD,
    )
    threads: int = _option(0, "CPU threads for models; 0 leaves the choice to PyTorch")
    workers: str = _option(
        "0",
        "processes that run engines: a number, auto (one a GPU) or ray://HOST:PORT, "
        "with /NUMBER behind it for that many of a cluster; 0 is none",
    )
    free_after: float = _option(
        0.0, "minutes without a job after which engines give their memory back; 0 is never"
    )
    log_level: str = _option("info", "lowest level of log messages on stderr", LOG_LEVELS)

    def __post_init__(self) -> None:
        """Validate every value.

        Raises: ConfigError: naming the setting, its value and what is legal.
        """
        for name in _TEXTS:
            _check_text(name, getattr(self, name))
        for name in ("port", "http_port"):
            _check_range(name, getattr(self, name), 65_535)
        _check_range("keep_gb", self.keep_gb, MAX_KEEP_GB)
        _check_range("free_after", self.free_after, MAX_MINUTES)
        _check_range("threads", self.threads, MAX_THREADS)
        _check_workers(self.workers)
        if self.save_rate and not SAVE_RATES[0] <= self.save_rate <= SAVE_RATES[1]:
            raise ConfigError(
                f"save_rate is {quote(self.save_rate)}: it must be 0, for the clip's own, or "
                f"{SAVE_RATES[0]} to {SAVE_RATES[1]}"
            )
        for name, choices in _CHOICES:
            value = getattr(self, name)
            if value not in choices:
                raise ConfigError(
                    f"{name} is {quote(value)}: it must be one of {', '.join(choices)}"
                )
        for text in self.allow:
            try:
                ipaddress.ip_network(text, strict=False)
            except ValueError as error:
                raise ConfigError(f"allow is {quote(text)}: {error}") from None
        for text in self.allow_origin:
            _check_origin(text)
        _check_file_name(self.file_name)
        if len(os.fsencode(self.folder_path)) > MAX_FOLDER_BYTES:
            raise ConfigError(
                f"folder is {self.folder[:60]}…: its path has more than {MAX_FOLDER_BYTES} bytes, "
                "which leaves no room for it in a reply; pick another with --folder"
            )
        if not self.is_loopback and not self.allow:
            raise ConfigError(
                f"bind is {self.bind}: listening beyond this machine needs --allow with the "
                "network that may send, such as --allow 192.168.1.0/24"
            )

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        if self.bind == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.bind).is_loopback
        except ValueError:
            raise ConfigError(
                f"bind is {quote(self.bind)}: it must be an IP address of this machine, or "
                "localhost"
            ) from None

    @property
    def is_announced(self) -> bool:
        """Whether the server is announced on the network."""
        return self.announce == "on" or (self.announce == "auto" and not self.is_loopback)

    @property
    def folder_path(self) -> Path:
        """The shared folder, absolute, with `~` expanded.

        Raises: ConfigError: the home folder that `~` stands for is unknown.
        """
        return expand_path("folder", self.folder, "--folder").absolute()


def read_config(flags: Mapping[str, object], file: Path | None = None) -> Config:
    """Merge the defaults, a TOML file, `MSANII_LIVE_*` variables and flags. Later ones win.

    flags: only those that were given. file: see `find_settings_file`.
    Raises: ConfigError: an unknown key, a bad value, or an unreadable file. The text says which
    file or variable has the value.
    """
    values: dict[str, object] = {}
    origins: dict[str, str] = {}
    named = find_settings_file(file)
    if named is not None:
        values |= read_config_file(named, [f.name for f in fields(Config)])
        origins |= dict.fromkeys(values, f"{named} has it")
    variables = _from_environment(os.environ)
    values |= variables
    origins |= {n: f"the variable {ENVIRONMENT_PREFIX}{n.upper()} has it" for n in variables}
    values |= flags
    kinds = {f.name: f.type for f in fields(Config)}
    try:
        coerced: dict[str, Any] = {n: _coerce(n, kinds[n], v) for n, v in values.items()}
        return Config(**coerced)
    except ConfigError as error:
        name = str(error).split(" ", 1)[0]
        if name in flags or name not in origins:
            raise
        raise ConfigError(f"{error} ({origins[name]})") from None


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    names = {ENVIRONMENT_PREFIX + f.name.upper(): f.name for f in fields(Config)}
    return {name: environment[key] for key, name in names.items() if key in environment}


def _coerce(name: str, kind: object, value: object) -> object:
    if kind == "int":
        try:
            return int(str(value))
        except ValueError:
            raise ConfigError(f"{name} is {quote(value)}: it must be a whole number") from None
    if kind == "float":
        try:
            return float(str(value))
        except ValueError:
            raise ConfigError(f"{name} is {quote(value)}: it must be a number") from None
    if kind == "tuple[str, ...]":
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
            return tuple(value)
        raise ConfigError(f"{name} is {quote(value)}: it must be a list of texts")
    if isinstance(value, str):
        return value
    raise ConfigError(f"{name} is {quote(value)}: it must be text")


def _check_text(name: str, value: str) -> None:
    if not value.strip():
        raise ConfigError(f"{name} is empty: give it a value, or leave it out")
    if "\0" in value:
        raise ConfigError(f"{name} is {quote(value)}: it must not contain a NUL character")


def _check_range(name: str, value: float, high: float) -> None:
    if not 0 <= value <= high:
        raise ConfigError(f"{name} is {quote(value)}: it must be 0 to {high:.0f}")


def _check_workers(value: str) -> None:
    if value == "auto" or re.fullmatch(r"ray://[^\s/:]+:\d{1,5}(/[1-9]\d?)?", value):
        return
    if not re.fullmatch(r"\d{1,4}", value) or int(value) > MAX_WORKERS:
        raise ConfigError(
            f"workers is {quote(value)}: it must be 0 to {MAX_WORKERS}, auto, or the address that "
            "msanii-live worker --head prints, such as ray://10.0.0.2:10001"
        )


def _check_file_name(text: str) -> None:
    """Check a template of file names: it tells clips apart, and samplers can read the names."""
    if text.count("{name}") != 1:
        raise ConfigError(
            f"file_name is {quote(text)}: it must have {{name}} once, by which clips differ"
        )
    rest = text
    for name in FILE_NAME_FIELDS:
        rest = rest.replace(f"{{{name}}}", "")
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,40}", rest):
        fields = ", ".join(f"{{{name}}}" for name in FILE_NAME_FIELDS)
        raise ConfigError(
            f"file_name is {quote(text)}: besides {fields} it may have letters, digits, '_' and "
            "'-', 40 at most; --layout makes folders"
        )


def _check_origin(text: str) -> None:
    """Check that a text is an origin as browsers send it: scheme, host and port, no path."""
    scheme, separator, host = text.partition("://")
    if scheme.lower() not in ("http", "https") or not separator or not _ORIGIN_HOST(host):
        raise ConfigError(
            f"allow_origin is {quote(text)}: it must be a scheme and host without a path, such as "
            "http://localhost:3000"
        )
