"""Train the 2023 system as its paper did: the vocoder first, then the U-Net, each resumable.

All random numbers of a step depend only on the seed and the step's number, so that an interrupted
run ends with the same weights as an uninterrupted one.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from msanii_live.dsp.device import network_dtype, pick_device
from msanii_live.engines.msanii2023 import load, write
from msanii_live.engines.msanii2023.checkpoint import WEIGHTS, CheckpointParts
from msanii_live.engines.msanii2023.features import Features2023
from msanii_live.engines.msanii2023.schedule import cosine_alpha_bars
from msanii_live.engines.msanii2023.unet import UNet2023, UNet2023Config
from msanii_live.engines.msanii2023.vocoder import Vocoder2023, Vocoder2023Config
from msanii_live.errors import ConfigError
from msanii_live.training.data.audio_files import AudioFiles, find_audio
from msanii_live.training.trainers.loop import (
    InterruptHandler,
    Report,
    TrainingInterrupted,
    TrainingProgress,
    write_checkpoint,
)
from msanii_live.training.trainers.losses2023 import noise_loss, spectral_loss
from msanii_live.training.trainers.recipe2023 import OptimiserConfig, Recipe2023, read_recipe
from msanii_live.training.trainers.run_clock import RunClock, minutes_left

RECIPES = Path(__file__).parent.parent / "recipes"
PARTS = ("vocoder", "unet")


def train(
    part: str,
    data: Path,
    out: Path,
    report: Report,
    recipe: Path | None = None,
    device: str = "auto",
    minutes: float = 0.0,
) -> None:
    """Train a part, "vocoder" or "unet", to the recipe's end, resuming if it was interrupted.

    data: folder of audio files. out: engine folder, where the U-Net finds its vocoder. recipe: None
    for the paper's. minutes: length by the wall clock instead of the recipe's steps; 0 keeps them.
    Raises: ConfigError: the recipe or the data are not valid, or the vocoder is missing.
        TrainingInterrupted: on SIGINT or SIGTERM, after the current step and a checkpoint.
    """
    started = monotonic()
    read = read_recipe(recipe or RECIPES / f"msanii2023-{part}.toml", part)
    run = _TrainingRun(part, read, out, pick_device(device), report)
    files = find_audio(data, read.audio)
    run.train(files, minutes_left(minutes, started))


class _TrainingRun:
    """One training run: network, average, optimiser and their state."""

    def __init__(
        self, part: str, recipe: Recipe2023, out: Path, device: torch.device, report: Report
    ) -> None:
        self.part, self.recipe, self.out = part, recipe, out
        self.device, self.report = device, report
        torch.manual_seed(recipe.training.seed)
        self.parts = _load_or_create(part, recipe, out)
        self.net = getattr(self.parts, part).to(device).train().requires_grad_(True)
        self.features = self.parts.features.to(device).train()
        self.average = type(self.net)(self.net.config).to(device).requires_grad_(False)
        training = recipe.training
        self.optimiser = torch.optim.Adam(
            self.net.parameters(), lr=training.rate, betas=training.betas
        )
        scaled = device.type == "cuda" and training.precision == 16
        self.scaler = torch.amp.grad_scaler.GradScaler(device.type, enabled=scaled)
        self.alpha_bars = cosine_alpha_bars().float()
        self.step, self.spent = 0, 0.0

    @property
    def checkpoint(self) -> Path:
        """The file with the run's state."""
        return self.out / f"checkpoint-2023-{self.part}.pt"

    def train(self, files: AudioFiles, minutes: float) -> None:
        """Run to the end, or to Ctrl-C. minutes: see `OptimiserConfig`."""
        training = replace(self.recipe.training, minutes=minutes)
        self.out.mkdir(parents=True, exist_ok=True)
        self.average.load_state_dict(self.net.state_dict())
        self._resume()
        clock = RunClock(training, self.spent)
        clock.report_if_over(self.step, self.report)
        progress = TrainingProgress(training.steps, self.step, clock, self.report)
        if self.step == 0:
            self._write_engine()
        with InterruptHandler() as interruption:
            while clock.share(self.step) < 1:
                loss = self._take_step(files, training)
                self.step += 1
                self._average()
                progress.step(self.step, loss)
                is_due = clock.is_checkpoint_due(self.step) or clock.share(self.step) >= 1
                if not is_due and not interruption.requested:
                    continue
                with clock.checkpoint():
                    self.spent = clock.seconds
                    self._save()
                    line = {"step": self.step, "loss": progress.loss, "seconds": self.spent}
                    with (self.out / f"log-2023-{self.part}.jsonl").open("a") as log:
                        log.write(json.dumps(line) + "\n")
                    progress.line(f"step {self.step}  loss {progress.loss:.4g}")
                if interruption.requested:
                    raise TrainingInterrupted(
                        f"stopped at step {self.step}; the same command goes on from it"
                    )

    def _take_step(self, files: AudioFiles, training: OptimiserConfig) -> float:
        generator = torch.Generator().manual_seed(training.seed * 1_000_003 + self.step)
        rng = np.random.default_rng([training.seed, self.step])
        for group in self.optimiser.param_groups:
            group["lr"] = training.rate_at(self.step)
        wave = files.draw(training.batch, rng).to(self.device)
        loss = self._loss(wave, generator)
        self.optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(self.scaler.scale(loss))
        self.scaler.unscale_(self.optimiser)
        nn.utils.clip_grad_norm_(self.net.parameters(), training.clip)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        value = loss.item()
        if not np.isfinite(value):
            raise ConfigError(
                f"the loss is {value} at step {self.step}: lower the rate, or take precision 32"
            )
        return value

    def _loss(self, wave: Tensor, generator: torch.Generator) -> Tensor:
        with torch.no_grad():
            true = self.features.magnitude(wave)
            mel = self.features.scale(true)
        with _precision(self.device, self.recipe.training.precision):
            if self.part == "vocoder":
                # The exponential that ends the vocoder overflows in half precision.
                made = self.net.log_magnitude(mel).float().exp()
            else:
                return noise_loss(
                    self.net, mel, self.alpha_bars, generator, self.recipe.training.loss
                )
        return spectral_loss(made, true)

    @torch.no_grad()
    def _average(self) -> None:
        """Update the average: a copy of the weights before the start step, then a mean."""
        ema = self.recipe.ema
        theirs, own = list(self.net.parameters()), list(self.average.parameters())
        if ema is None or self.step < ema.start:
            torch._foreach_copy_(own, theirs)
        elif self.step % ema.every == 0:
            torch._foreach_lerp_(own, theirs, 1 - ema.decay)

    def _resume(self) -> None:
        if not self.checkpoint.exists():
            return
        saved = torch.load(self.checkpoint, weights_only=True, map_location=self.device)
        if saved["recipe"] != json.dumps(asdict(self.recipe.network)):
            raise ConfigError(f"{self.checkpoint} is of another network: pick another --out")
        for name in ("net", "average", "features", "optimiser", "scaler"):
            getattr(self, name).load_state_dict(saved[name])
        self.step, self.spent = saved["step"], saved["seconds"]
        self.report(f"resumed at step {self.step}")

    def _save(self) -> None:
        """Write the run's state, and an engine folder that can be loaded."""
        saved: dict[str, Any] = {
            name: getattr(self, name).state_dict()
            for name in ("net", "average", "features", "optimiser", "scaler")
        }
        saved |= {"step": self.step, "seconds": self.spent}
        saved["recipe"] = json.dumps(asdict(self.recipe.network))
        write_checkpoint(self.checkpoint, saved)
        self._write_engine()

    def _write_engine(self) -> None:
        parts = {name: getattr(self.parts, name) for name in ("unet", "vocoder")}
        write(
            self.out, CheckpointParts(**{**parts, self.part: self.average}, features=self.features)
        )


def _load_or_create(part: str, recipe: Recipe2023, out: Path) -> CheckpointParts:
    """Return the model to train: the folder's, or a new one.

    Raises: ConfigError: the folder's features or vocoder do not fit the recipe.
    """
    existing = _load_existing(out)
    if part == "vocoder":
        assert isinstance(recipe.network, Vocoder2023Config)
        unet = existing.unet if existing else _placeholder(recipe.features.mels)
        return CheckpointParts(unet, Vocoder2023(recipe.network), Features2023(recipe.features))
    assert isinstance(recipe.network, UNet2023Config)
    if existing is None:
        raise ConfigError(
            f"{out} holds no vocoder: train it first, with --part 2023-vocoder and the same --out"
        )
    if existing.features.config != recipe.features:
        raise ConfigError(f"{out} was trained on other features than the recipe's")
    return CheckpointParts(UNet2023(recipe.network), existing.vocoder, existing.features)


def _placeholder(mels: int) -> UNet2023:
    """Return a small random U-Net for a folder whose own is not trained yet; it generates noise."""
    config = UNet2023Config(
        mels=mels,
        width=8,
        heads=1,
        multipliers=(1,),
        has_attention=(False,),
        has_resampling=(False,),
        block_layers=(1,),
    )
    return UNet2023(config)


def _load_existing(out: Path) -> CheckpointParts | None:
    if not (out / WEIGHTS).exists():
        return None
    try:
        return load(out).parts
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot go on from {out}: {error}") from None


def _precision(device: torch.device, bits: int) -> AbstractContextManager[object]:
    dtype = network_dtype(device)
    if bits == 32 or dtype == torch.float32:
        return nullcontext()
    return torch.autocast(device.type, dtype=dtype)
