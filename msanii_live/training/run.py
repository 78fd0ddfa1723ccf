"""Run the training commands of the command line, with progress."""

from __future__ import annotations

import sys
import time
import tomllib
from pathlib import Path

import torch

from msanii_live.errors import ConfigError
from msanii_live.models.flow_net import FlowConfig, FlowNet
from msanii_live.models.flow_weights import FlowModel, save
from msanii_live.models.mel import MelSpec
from msanii_live.training.dataset import DataSet, build, load
from msanii_live.training.flow import read_recipe, train

SHIPPED_RECIPE = Path(__file__).parent / "recipes" / "mel-flow.toml"


def build_dataset(folder: Path, recipe: Path | None) -> int:
    """Build the data set that a recipe asks for. Returns the exit status."""
    pieces = tomllib.loads((recipe or SHIPPED_RECIPE).read_text())["data"]["pieces"]
    started = time.monotonic()

    def report(done: int, total: int) -> None:
        left = (time.monotonic() - started) / done * (total - done)
        print(f"\r{done}/{total} pieces, {left:.0f} s left ", end="", file=sys.stderr, flush=True)

    build(folder, pieces, MelSpec(), report)
    print(f"\n{folder} in {time.monotonic() - started:.0f} s", file=sys.stderr)
    return 0


def train_model(source: Path, out: Path, recipe_file: Path | None, compiled: bool) -> int:
    """Train to the end of the recipe and write `out`/mel-flow.safetensors. Returns the status."""
    recipe, config = read_recipe(recipe_file or SHIPPED_RECIPE)
    try:
        data = load(source)
    except FileNotFoundError:
        raise ConfigError(
            f"{source} holds no data set: build one with `msanii-live dataset {source}`"
        ) from None
    average = train(
        data, recipe, config, out, lambda line: print(line, flush=True), compiled=compiled
    )
    save(out / "mel-flow.safetensors", bundle(average, data))
    print(out / "mel-flow.safetensors")
    return 0


def bundle(net: FlowNet, data: DataSet) -> FlowModel:
    """Join a network with the features and statistics it was trained on."""
    mean, deviation = (torch.from_numpy(x.copy())[:, :, None] for x in (data.mean, data.deviation))
    return FlowModel(net, data.spec, mean, deviation)


def export_checkpoint(checkpoint: Path, data: DataSet, path: Path) -> int:
    """Write the averaged weights of an unfinished run. Returns the step they are of."""
    saved = torch.load(checkpoint, weights_only=True)
    net = FlowNet(FlowConfig(**saved["config"]))
    net.load_state_dict(saved["average"])
    save(path, bundle(net, data))
    return int(saved["step"])
