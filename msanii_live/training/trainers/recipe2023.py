"""Every number of a 2023 training run, read from its recipe."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from msanii_live.engines.msanii2023.features import Features2023Config
from msanii_live.engines.msanii2023.schedule import TRAIN_TIMESTEPS
from msanii_live.engines.msanii2023.unet import UNet2023Config
from msanii_live.engines.msanii2023.vocoder import Vocoder2023Config
from msanii_live.errors import ConfigError

LOSSES = {"vocoder": ("spectral",), "unet": ("squared", "absolute")}


@dataclass(frozen=True, kw_only=True)
class AudioConfig:
    """The crops that are drawn from the files.

    audio_length: frames of a crop; channels: 1 or 2.
    """

    sample_rate: int
    audio_length: int
    channels: int


@dataclass(frozen=True, kw_only=True)
class EmaConfig:
    """The exponential moving average of the weights: copied before step `start`, then
    updated every `every` steps.
    """

    start: int
    decay: float
    every: int


@dataclass(frozen=True, kw_only=True)
class OptimiserConfig:
    """The hyperparameters of the optimiser.

    rate: of Adam, which rises linearly from warm_up_factor of it within warm_up steps. precision:
    32, or 16: fp16 with a scaled loss on a GPU, bf16 on a CPU where it is faster. loss: see
    `losses2023`. clip: largest norm of the gradient. every: steps between checkpoints. minutes:
    length of the run by the wall clock instead of both; 0 keeps the steps.
    """

    steps: int
    batch: int
    rate: float
    betas: tuple[float, float]
    warm_up: int
    warm_up_factor: float
    precision: int
    loss: str
    clip: float = 1.0
    every: int = 500
    seed: int = 0
    minutes: float = 0.0

    def rate_at(self, step: int) -> float:
        """Return the learning rate of a step, from 0.

        >>> training = OptimiserConfig(steps=9, batch=1, rate=3.0, betas=(0.5, 0.9), warm_up=4,
        ...     warm_up_factor=1 / 3, precision=32, loss="squared")
        >>> [round(training.rate_at(step), 3) for step in (0, 2, 4, 8)]
        [1.0, 2.0, 3.0, 3.0]
        """
        risen = min(1.0, step / self.warm_up) if self.warm_up else 1.0
        return self.rate * (self.warm_up_factor + (1 - self.warm_up_factor) * risen)


@dataclass(frozen=True)
class Recipe2023:
    """A whole recipe of the 2023 system.

    network: of the part that is trained. ema: None for the vocoder.
    """

    audio: AudioConfig
    features: Features2023Config
    network: UNet2023Config | Vocoder2023Config
    ema: EmaConfig | None
    training: OptimiserConfig


def read_recipe(path: Path, part: str) -> Recipe2023:
    """Read the recipe of a part, "unet" or "vocoder".

    Raises: ConfigError: the file cannot be read, a key is missing or not known, or a value cannot
        be.
    """
    try:
        tables = tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"cannot read the recipe {path}: {error}") from None
    expected = {"data", "features", "network", "training"}
    expected |= {"diffusion", "ema"} if part == "unet" else set()
    if set(tables) != expected:
        raise ConfigError(f"{path}: the tables must be {', '.join(sorted(expected))}")
    try:
        recipe = _build(tables, part)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from None
    if recipe.training.loss not in LOSSES[part]:
        raise ConfigError(f"{path}: loss must be one of {', '.join(LOSSES[part])}")
    if recipe.training.precision not in (16, 32):
        raise ConfigError(f"{path}: precision must be 16 or 32")
    return recipe


def _build(tables: dict[str, dict[str, Any]], part: str) -> Recipe2023:
    tables = {name: _with_tuples(table) for name, table in tables.items()}
    features = tables["features"]
    if (hop := features.pop("hop")) != features["n_fft"] // 2:
        raise ValueError(f"hop is {hop}: it must be half of n_fft")
    audio = AudioConfig(**tables["data"])
    scaling = _pick(Features2023Config, features) | {"sample_rate": audio.sample_rate}
    training, network = OptimiserConfig(**tables["training"]), tables["network"]
    shared = {"mels": features["mels"]}
    if part == "vocoder":
        shared["n_fft"] = features["n_fft"]
        return Recipe2023(
            audio,
            Features2023Config(**scaling),
            Vocoder2023Config(**network, **shared),
            None,
            training,
        )
    diffusion = tables["diffusion"]
    if (diffusion.pop("schedule"), diffusion.pop("timesteps")) != ("cosine", TRAIN_TIMESTEPS):
        raise ValueError("only the cosine schedule of 1000 timesteps is known")
    return Recipe2023(
        audio,
        Features2023Config(**scaling),
        UNet2023Config(**network, **shared),
        EmaConfig(**tables["ema"]),
        training,
    )


def _with_tuples(table: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(v) if isinstance(v, list) else v for key, v in table.items()}


def _pick(kind: type, table: dict[str, Any]) -> dict[str, Any]:
    known = {field.name for field in fields(kind)}
    if unknown := set(table) - known:
        raise ValueError(f"unknown key {', '.join(sorted(unknown))}")
    return table
