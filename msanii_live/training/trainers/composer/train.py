"""Train the composer from a recipe: pieces, network, training loop, calibrated weights."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from msanii_live.engines.composer.engine import WEIGHTS
from msanii_live.engines.composer.network import ComposerNet
from msanii_live.engines.composer.weights import (
    Composer,
    parameters,
    read_weights,
    write_weights,
)
from msanii_live.errors import ConfigError
from msanii_live.training.trainers.composer.calibration import (
    calibrate_run,
    tables_with_bias,
)
from msanii_live.training.trainers.composer.data import load_sets
from msanii_live.training.trainers.composer.loop import (
    Training,
    TrainingState,
    begin,
    start_state,
    take_step,
    train,
)
from msanii_live.training.trainers.composer.loss import LossWeights, composer_loss
from msanii_live.training.trainers.composer.recipe import ComposerRecipe
from msanii_live.training.trainers.composer.step_batches import StepBatches
from msanii_live.training.trainers.composer.windows import Windows
from msanii_live.training.trainers.run_clock import minutes_left

Report = Callable[[str], None]


def train_composer(
    recipe: ComposerRecipe,
    data: Path,
    folder: Path,
    report: Report,
    minutes: float = 0.0,
    call_minutes: float = 0.0,
    begin_with: Path | None = None,
) -> bool:
    """Train the composer, or go on with it, and calibrate it at the end; return whether it is done.

    data: folder of the pieces, composed if they are not there. folder: gets the checkpoint, the
    averaged weights and progress.jsonl. minutes: length of the run by the wall clock, earlier calls
    included, instead of the recipe's minutes or steps; 0 keeps them. call_minutes: of this call; 0
    trains to the end of the run. begin_with: weights that a new run begins with, a file or its
    folder; a run with a checkpoint goes on from that. A GPU is used where there is one.
    Raises: ConfigError: the weights to begin with cannot be read, or are of another network.
    """
    folder.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    deadline = started + 60 * call_minutes if call_minutes else float("inf")
    sets = load_sets(data, recipe.data, report)
    styles = recipe.network.styles
    windows = Windows(sets.training, len(styles))
    held_out = Windows(sets.held_out, len(styles))
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(recipe.training.seed)
    net = ComposerNet(recipe.network).to(device)
    state = begin(net, recipe.training, folder)
    if begin_with is not None and state.step == 0:
        _begin_with(state, begin_with)
    million = parameters(net) / 1e6
    report(f"{million:.2f} M parameters, {len(sets.training)} pieces, step {state.step}")
    bfloat16 = recipe.precision == "bfloat16"
    if recipe.precision == "auto":
        bfloat16 = is_bfloat16_faster(state, windows, recipe.training, report)
    training = replace(recipe.training, bfloat16=bfloat16)
    if minutes:
        training = replace(training, minutes=minutes_left(minutes, started), steps=0)
    tables = tables_with_bias(sets, styles, training.weights)

    if state.step == 0:
        write_weights(folder / WEIGHTS, Composer(state.average, tables))

    def on_checkpoint(state: TrainingState) -> dict[str, float]:
        write_weights(folder / WEIGHTS, Composer(state.average, tables))
        loss = held_out_loss(state.average, held_out, training.weights)
        report(f"step {state.step}  held-out loss {loss:.4f}")
        return {"held_out": loss}

    done = train(state, windows, training, folder, report, on_checkpoint, deadline)
    if done:
        calibrate_run(folder, sets, recipe, report)
    return done


def _begin_with(state: TrainingState, weights: Path) -> None:
    """Put weights into a new run."""
    path = weights / WEIGHTS if weights.is_dir() else weights
    try:
        found = read_weights(path).net
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot begin with {path}: {error}") from None
    if found.config != state.net.config:
        raise ConfigError(f"{path} is of another network than the recipe's: name its recipe")
    for net in (state.net, state.average):
        net.load_state_dict(found.state_dict())


def held_out_loss(net: ComposerNet, windows: Windows, weights: LossWeights) -> float:
    """Return the loss on 8 batches of 16 windows that are the same every time."""
    device = next(net.parameters()).device
    losses = []
    with torch.inference_mode():
        for index in range(8):
            examples = windows.draw(16, np.random.default_rng((99, index))).to(device)
            generator = torch.Generator().manual_seed(index)
            losses.append(composer_loss(net, examples, weights, generator).item())
    return float(np.mean(losses))


def is_bfloat16_faster(
    state: TrainingState, windows: Windows, training: Training, report: Report
) -> bool:
    """Time a few steps of a network that is thrown away; return whether bfloat16 is faster."""
    seconds = {}
    device = next(state.net.parameters()).device
    batches = StepBatches(windows, training.batch, training.seed)
    for bfloat16 in (False, True):
        trial = start_state(ComposerNet(state.net.config).to(device), training)
        timed = replace(training, bfloat16=bfloat16)
        take_step(trial, batches[0], timed)
        started = time.process_time()
        for step in range(1, 4):
            take_step(trial, batches[step], timed)
        seconds[bfloat16] = (time.process_time() - started) / 3
    plain, half = seconds[False], seconds[True]
    report(f"a step takes {plain:.2f} s of processor in float32, {half:.2f} s in bfloat16")
    return half < plain
