"""The format that weights name, by which their engine is found. Imports no torch."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from msanii_live.engines.builtin import UNNAMED_FORMATS
from msanii_live.errors import ConfigError
from msanii_live.hub.store import how_to_convert

ENGINE_FILE = "engine.json"  # of a folder with weights of any kind: {"format": "NAME VERSION"}
DIFFUSERS_INDEX = "model_index.json"  # of a folder that diffusers wrote
MAX_HEADER_BYTES = 2**24


@dataclass(frozen=True)
class Weights:
    """Weights that a user gave. path: the file or folder that the engine reads."""

    format: str
    path: Path


def find_weights(path: Path, known: Collection[str]) -> Weights:
    """Return the weights at a path and their format.

    path: a file of weights, or a folder that holds one, or an `engine.json`, or a
    `model_index.json`. known: the formats that engines here read; other files of a folder, such as
    vocoders, are passed over.
    Raises: ConfigError: no engine reads what is there, or a folder holds weights of several.
    """
    if not path.is_dir():
        return _known(Weights(read_format(path), path), known)
    if (path / ENGINE_FILE).exists():
        return _known(Weights(_json_format(path / ENGINE_FILE), path), known)
    if (path / DIFFUSERS_INDEX).exists():
        return _known(Weights(_diffusers_format(path / DIFFUSERS_INDEX), path), known)
    if remedy := how_to_convert(path):
        raise ConfigError(f"{path} holds no weights that an engine here reads: {remedy}")
    every = [Weights(read_format(file), file) for file in sorted(path.glob("*.safetensors"))]
    found = [weights for weights in every if weights.format in known]
    named = [weights for weights in found if _safetensors_format(weights.path)]
    if len(found) > 1 and len(named) == 1:  # a damaged vocoder beside it names no format
        found = named
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(weights.path.name for weights in found)
        raise ConfigError(f"{path} holds weights of several engines: give one of {names}")
    formats = ", ".join(repr(weights.format) for weights in every)
    raise ConfigError(
        f"{path} holds no weights that an engine here reads"
        + (f": they are of the formats {formats}" if formats else "")
    )


def read_format(file: Path) -> str:
    """Return the format that a file names, or the one that files of its name had before.

    A file that is missing or damaged counts as unnamed: the engine's own error says what is wrong.
    """
    if file.suffix == ".json":
        return _json_format(file)
    named = _safetensors_format(file) if file.suffix == ".safetensors" else ""
    return named or UNNAMED_FORMATS.get(file.name) or UNNAMED_FORMATS.get(file.suffix, "")


def _safetensors_format(file: Path) -> str:
    """Return the `format` in a header: eight bytes of length, then JSON."""
    try:
        with file.open("rb") as stream:
            size = int.from_bytes(stream.read(8), "little")
            header = json.loads(stream.read(min(size, MAX_HEADER_BYTES)))
        return str(header["__metadata__"]["format"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""


def _json_format(file: Path) -> str:
    """Return the `format` of a JSON file. Raises: ConfigError: it has none."""
    try:
        return str(json.loads(file.read_text("utf-8"))["format"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise ConfigError(f'{file} does not name its format, such as {{"format": "x 1"}}') from None


def _diffusers_format(file: Path) -> str:
    """Return the format of a pipeline's index. Raises: ConfigError: it names no class."""
    try:
        name = json.loads(file.read_text("utf-8"))["_class_name"]
        return f"diffusers {name[-1] if isinstance(name, list) else name}"
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError):
        raise ConfigError(f"{file} does not name its pipeline's class") from None


def _known(weights: Weights, known: Collection[str]) -> Weights:
    if weights.format not in known:
        if weights.format.startswith("diffusers "):
            played = ", ".join(
                form.removeprefix("diffusers ") for form in known if form.startswith("diffusers ")
            )
            raise ConfigError(
                f"{weights.path} holds a {weights.format.removeprefix('diffusers ')}, a pipeline "
                f"that no engine here plays; those that are played: {played}"
            )
        raise ConfigError(
            f"{weights.path} is of the format {weights.format!r}, which no engine here reads: "
            "install the package that does"
        )
    return weights
