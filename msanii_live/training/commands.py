"""The data and training commands of the command line."""

from __future__ import annotations

import sys
import time
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
import torch

from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.vocoders import multiband, vocos
from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS
from msanii_live.engines.base import Context
from msanii_live.engines.mel_flow import weights
from msanii_live.engines.mel_flow.engine import WEIGHTS, MelFlowEngine
from msanii_live.engines.mel_flow.network import FlowConfig, FlowNet
from msanii_live.engines.mel_flow.weights import FlowModel
from msanii_live.errors import ConfigError
from msanii_live.protocol.commands import Generate
from msanii_live.training.commands_notes import NOTE_TRAINERS
from msanii_live.training.data import loops
from msanii_live.training.data.dataset import DataSet, build, load
from msanii_live.training.data.rack_audio import player_of
from msanii_live.training.options import RECIPES, TrainingOptions, fit_to_minutes, print_line
from msanii_live.training.trainers import flow, shortcut, vocoder
from msanii_live.training.trainers import multiband as bands_training
from msanii_live.training.trainers.loop import TrainingInterrupted

SHIPPED_RECIPE = RECIPES / "mel-flow-more.toml"
FEW_STEPS = RECIPES / "mel-flow-long.toml"
OWN_LOOPS = RECIPES / "own-loops.toml"
DATA_FOLDER = "data"  # inside the engine's folder, for a set made from the user's own files


def build_dataset(folder: Path, recipe: Path | None) -> int:
    """Build the data set that a recipe needs. Returns the exit status."""
    path = recipe or SHIPPED_RECIPE
    data = tomllib.loads(path.read_text())["data"]
    pieces, player = data["pieces"], player_of(path, data)
    started = time.monotonic()

    def report(done: int, total: int) -> None:
        left = (time.monotonic() - started) / done * (total - done)
        print(f"\r{done}/{total} pieces, {left:.0f} s left ", end="", file=sys.stderr, flush=True)

    build(folder, pieces, MelSpec(), report, player=player)
    print(f"\n{folder} in {time.monotonic() - started:.0f} s", file=sys.stderr)
    return 0


def train(options: TrainingOptions) -> int:
    """Train one part of an engine, to the end or to Ctrl-C. Returns the exit status."""
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        if options.part in NOTE_TRAINERS:
            NOTE_TRAINERS[options.part](options)
            return 0
        data, recipe = _data_and_recipe(options)
        parts = {
            "flow": _train_flow,
            "few": _train_few,
            "vocoder": _train_vocoder,
            "bands": _train_bands,
        }
        parts[options.part](options, data, recipe)
        if options.part == "bands":
            return 0
    except TrainingInterrupted as pause:
        print_line(str(pause))
        return 130
    print_line(f"done: msanii-live serve --engine {options.out}")
    return 0


def _data_and_recipe(options: TrainingOptions) -> tuple[DataSet, Path]:
    if not options.data.is_dir():
        raise ConfigError(
            f"{options.data} is no folder: build a set with `msanii-live data build "
            f"{options.data}`, or name a folder of your own loops"
        )
    if loops.is_built(options.data):
        shipped = FEW_STEPS if options.part == "few" else SHIPPED_RECIPE
        return load(options.data), options.recipe or shipped
    own = options.out / DATA_FOLDER
    if not loops.is_built(own):
        base = _load_start(options.begin) or _load_start("shipped")
        assert base is not None
        count = loops.build_from_files(options.data, own, base, options.style, print_line)
        print_line(f"{count} files; delete {own} to have them read anew")
    return load(own), options.recipe or OWN_LOOPS


def _load_start(words: str) -> FlowModel | None:
    """Return the model to start from; None to start from random weights."""
    if words == "none":
        return None
    path = SHIPPED_WEIGHTS / WEIGHTS if words == "shipped" else Path(words).expanduser()
    path = path / WEIGHTS if path.is_dir() else path
    try:
        return weights.load(path, torch.device("cpu"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot begin from {path}: {error}") from None


def _train_flow(options: TrainingOptions, data: DataSet, recipe_file: Path) -> None:
    recipe, config = flow.read_recipe(recipe_file)
    recipe = fit_to_minutes(recipe, options)
    base = _load_start(options.begin)
    if base is not None and base.net.config.detail_blocks:
        config = _longest_window(base.net.config, config)
    average = flow.train(
        data,
        recipe,
        config,
        options.out,
        print_line,
        compiled=options.compiled,
        start=base.net.state_dict() if base is not None else None,
        on_checkpoint=_checkpoint_writer(options, data),
    )
    weights.save(options.out / WEIGHTS, flow_model_of(average, data))


def _train_few(options: TrainingOptions, data: DataSet, recipe_file: Path) -> None:
    recipe, config = shortcut.read_recipe(recipe_file)
    base = _load_start(options.begin)
    if base is None:
        raise ConfigError("few steps are learnt from a trained flow: name one with --from")
    base.net.config = _longest_window(base.net.config, config)
    average = shortcut.train_shortcut(
        data,
        fit_to_minutes(recipe, options),
        base.net,
        options.out,
        print_line,
        compiled=options.compiled,
        on_checkpoint=_checkpoint_writer(options, data),
    )
    weights.save(options.out / WEIGHTS, flow_model_of(average, data))


def _longest_window(known: FlowConfig, asked: FlowConfig) -> FlowConfig:
    """Return the sizes of a trained network, with the longer window: what it has learnt is kept."""
    return replace(known, window=max(known.window, asked.window))


def _train_vocoder(options: TrainingOptions, data: DataSet, recipe_file: Path) -> None:
    recipe, config = vocoder.read_recipe(
        RECIPES / "vocos.toml" if options.recipe is None else recipe_file
    )
    _ensure_engine(options, data)
    path = options.out / "vocos.safetensors"
    net = vocoder.train_vocoder(
        data,
        fit_to_minutes(recipe, options),
        config,
        options.out,
        print_line,
        lambda average: vocos.save(path, average),
    )
    vocos.save(path, net)


def _ensure_engine(options: TrainingOptions, data: DataSet) -> None:
    """Copy the weights to begin from to the folder, so that what a vocoder makes can be played."""
    path = options.out / WEIGHTS
    base = None if path.exists() else _load_start(options.begin)
    if base is not None and base.spec == data.spec:
        weights.save(path, base)


def _train_bands(options: TrainingOptions, data: DataSet, recipe_file: Path) -> None:
    recipe, config = bands_training.read_recipe(
        RECIPES / "bands.toml" if options.recipe is None else recipe_file
    )
    recipe = fit_to_minutes(recipe, options)
    entries = tuple(entry for entry in data.split("train") if entry.wave >= 0)
    if not entries:
        raise ConfigError("the data set holds no audio: build it with `msanii-live data build`")
    frames = recipe.crop * data.spec.hop

    def draw(step: int) -> torch.Tensor:
        rng = np.random.default_rng([recipe.seed, step])
        return vocoder.draw_waves(data, entries, rng, recipe.batch, frames, recipe.least)

    _ensure_engine(options, data)
    path = options.out / "bands.safetensors"
    average = bands_training.train_multiband(
        draw,
        data.spec,
        recipe,
        config,
        options.out,
        print_line,
        lambda average: multiband.save(path, average),
    )
    multiband.save(path, average)
    print_line(f"done: {path}; beside an engine's weights it is what --vocoder bands takes")


def _checkpoint_writer(options: TrainingOptions, data: DataSet) -> Callable[[int, FlowNet], None]:
    """Return a callback that writes the weights and a sample clip at each checkpoint."""

    def save_sample(step: int, average: FlowNet) -> None:
        path = options.out / WEIGHTS
        weights.save(path, flow_model_of(average, data))
        engine = MelFlowEngine("cpu", path, "sample")
        context = Context(
            clip=lambda name: (_ for _ in ()).throw(KeyError(name)),
            progress=lambda done, steps: None,
            warn=lambda text: None,
            tempo=data.entries[0].tempo or 120.0,
            beats=4,
            seed=1,
        )
        clip = engine.run(Generate(seconds=6.0, style=options.style), context)
        (options.out / "samples").mkdir(exist_ok=True)
        sample = options.out / "samples" / f"step-{step:06}.wav"
        soundfile.write(sample, clip.samples, clip.info.sample_rate, subtype="PCM_16")
        print_line(f"listen: {sample}")

    return save_sample


def flow_model_of(net: FlowNet, data: DataSet) -> FlowModel:
    """Return a network with the mel parameters and statistics it was trained on."""
    mean, deviation = (torch.from_numpy(x.copy())[:, :, None] for x in (data.mean, data.deviation))
    return FlowModel(net, data.spec, mean, deviation)
