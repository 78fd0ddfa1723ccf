"""The composer's recipe: all numbers of a run, read from TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from msanii_live.engines.composer.network import NetworkConfig
from msanii_live.errors import ConfigError
from msanii_live.training.data.composition.model import STYLES
from msanii_live.training.trainers.composer.loop import Training
from msanii_live.training.trainers.composer.loss import LossWeights

PRECISIONS = ("auto", "float32", "bfloat16")
K = TypeVar("K")


@dataclass(frozen=True, kw_only=True)
class ComposedData:
    """The pieces of a run.

    pieces: to train on. held_out: pieces that are never trained on. workers: processes that
    compose; 0 for one a core.
    """

    pieces: int = 10_000
    held_out: int = 240
    workers: int = 1


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """The end of a run. windows: held-out windows to calibrate on; 0 leaves it out."""

    windows: int = 40


@dataclass(frozen=True, kw_only=True)
class ComposerRecipe:
    """All numbers of a run. precision: of PRECISIONS; auto takes the faster one."""

    data: ComposedData = field(default_factory=ComposedData)
    training: Training = field(default_factory=Training)
    network: NetworkConfig = field(default_factory=lambda: NetworkConfig(styles=STYLES))
    calibration: Calibration = field(default_factory=Calibration)
    precision: str = "auto"


def read_recipe(path: Path) -> ComposerRecipe:
    """Read a recipe file with the tables [data], [training], [loss], [network], [calibration].

    Raises: ConfigError: the file is no recipe, or has an unknown table, key or precision.
    """
    try:
        tables = tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"cannot read the recipe {path}: {error}") from None
    precision = tables.pop("precision", "auto")
    if precision not in PRECISIONS:
        raise ConfigError(f"{path}: precision is {precision!r}, not one of {', '.join(PRECISIONS)}")
    unknown = set(tables) - {"data", "training", "loss", "network", "calibration"}
    if unknown:
        raise ConfigError(f"{path}: unknown key: {', '.join(sorted(unknown))}")
    loss = _table(path, tables, "loss", LossWeights)
    try:
        return ComposerRecipe(
            data=_table(path, tables, "data", ComposedData),
            training=_table(path, tables, "training", Training, weights=loss),
            network=_table(path, tables, "network", NetworkConfig, styles=STYLES),
            calibration=_table(path, tables, "calibration", Calibration),
            precision=precision,
        )
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from None


def _table(path: Path, tables: Mapping[str, Any], name: str, kind: type[K], **more: Any) -> K:
    """Return a dataclass of one table; `more` are fields that the file cannot set."""
    found = tables.get(name, {})
    known = {each.name for each in fields(kind)} - set(more)  # type: ignore[arg-type]
    unknown = set(found) - known
    if unknown:
        raise ConfigError(f"{path}: unknown key in [{name}]: {', '.join(sorted(unknown))}")
    return kind(**found, **more)
