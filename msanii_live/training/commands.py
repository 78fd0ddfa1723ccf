"""The data and training commands of the command line."""

from __future__ import annotations

import sys
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import soundfile
import torch

from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.vocoders import multiband, vocos
from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS
from msanii_live.engines.base import Context
from msanii_live.engines.mel2mel import network as mel2mel
from msanii_live.engines.mel2mel.engine import WEIGHTS as MEL2MEL_WEIGHTS
from msanii_live.engines.mel_flow import weights
from msanii_live.engines.mel_flow.engine import WEIGHTS, MelFlowEngine
from msanii_live.engines.mel_flow.network import FlowNet
from msanii_live.engines.mel_flow.weights import FlowModel
from msanii_live.engines.note_diffusion import network as note_diffusion
from msanii_live.engines.note_diffusion.engine import WEIGHTS as NOTE_DIFFUSION_WEIGHTS
from msanii_live.engines.note_diffusion.network import NoteDiffusion, NoteDiffusionConfig
from msanii_live.errors import ConfigError
from msanii_live.protocol.commands import Generate
from msanii_live.training.data import loops, note_set, timbre_set
from msanii_live.training.data.dataset import DataSet, build, load
from msanii_live.training.data.rack_audio import player_of
from msanii_live.training.trainers import flow, shortcut, vocoder
from msanii_live.training.trainers import multiband as bands_training
from msanii_live.training.trainers import note_diffusion as note_diffusion_training
from msanii_live.training.trainers.loop import Schedule, TrainingInterrupted
from msanii_live.training.trainers.mel2mel import read_recipe as read_mel2mel_recipe
from msanii_live.training.trainers.mel2mel import train_mel2mel
from msanii_live.training.trainers.run_clock import minutes_left

RECIPES = Path(__file__).parent / "recipes"
SHIPPED_RECIPE = RECIPES / "mel-flow-more.toml"
OWN_LOOPS = RECIPES / "own-loops.toml"
R = TypeVar("R", bound=Schedule)
DATA_FOLDER = "data"  # inside the engine's folder, for a set made from the user's own files


@dataclass(frozen=True)
class TrainingOptions:
    """The options of `msanii-live train`.

    data: a built set, or a folder of audio files. out: the engine's folder. recipe: None for the
    default of the part. begin: "shipped", "none" or a path to weights. part: what to train; the
    sets of the engines of notes are built in `data` if they are not there. minutes: length of the
    run by the wall clock, earlier sittings included, instead of the recipe's steps; 0 keeps the
    steps. style: a style word for all files of a folder of audio. started: when the command began,
    by the monotonic clock; what comes before the first step is taken off the minutes.
    """

    data: Path
    out: Path
    recipe: Path | None = None
    begin: str = "shipped"
    part: str = "flow"
    minutes: float = 0.0
    style: str = ""
    compiled: bool = False
    started: float = field(default_factory=time.monotonic)


def _print_line(line: str) -> None:
    print(line, flush=True)


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
        _print_line(str(pause))
        return 130
    _print_line(f"done: msanii-live serve --engine {options.out}")
    return 0


def _data_and_recipe(options: TrainingOptions) -> tuple[DataSet, Path]:
    if not options.data.is_dir():
        raise ConfigError(
            f"{options.data} is no folder: build a set with `msanii-live data build "
            f"{options.data}`, or name a folder of your own loops"
        )
    if loops.is_built(options.data):
        return load(options.data), options.recipe or SHIPPED_RECIPE
    own = options.out / DATA_FOLDER
    if not loops.is_built(own):
        base = _load_start(options.begin) or _load_start("shipped")
        assert base is not None
        count = loops.build_from_files(options.data, own, base, options.style, _print_line)
        _print_line(f"{count} files; delete {own} to have them read anew")
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
    recipe = _fit_to_minutes(recipe, options)
    base = _load_start(options.begin)
    if base is not None and base.net.config.detail_blocks:
        known = base.net.config  # what it has learnt of long windows is kept
        config = replace(known, window=max(known.window, config.window))
    average = flow.train(
        data,
        recipe,
        config,
        options.out,
        _print_line,
        compiled=options.compiled,
        start=base.net.state_dict() if base is not None else None,
        on_checkpoint=_checkpoint_writer(options, data),
    )
    weights.save(options.out / WEIGHTS, flow_model_of(average, data))


def _train_few(options: TrainingOptions, data: DataSet, recipe_file: Path) -> None:
    recipe, _ = shortcut.read_recipe(recipe_file)
    base = _load_start(options.begin)
    if base is None:
        raise ConfigError("few steps are learnt from a trained flow: name one with --from")
    average = shortcut.train_shortcut(
        data,
        _fit_to_minutes(recipe, options),
        base.net,
        options.out,
        _print_line,
        compiled=options.compiled,
        on_checkpoint=_checkpoint_writer(options, data),
    )
    weights.save(options.out / WEIGHTS, flow_model_of(average, data))


def _train_vocoder(options: TrainingOptions, data: DataSet, recipe_file: Path) -> None:
    recipe, config = vocoder.read_recipe(
        RECIPES / "vocos.toml" if options.recipe is None else recipe_file
    )
    _ensure_engine(options, data)
    path = options.out / "vocos.safetensors"
    net = vocoder.train_vocoder(
        data,
        _fit_to_minutes(recipe, options),
        config,
        options.out,
        _print_line,
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
    recipe = _fit_to_minutes(recipe, options)
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
        _print_line,
        lambda average: multiband.save(path, average),
    )
    multiband.save(path, average)
    _print_line(f"done: {path}; beside an engine's weights it is what --vocoder bands takes")


def _train_mel2mel(options: TrainingOptions) -> None:
    recipe, config = read_mel2mel_recipe(options.recipe or RECIPES / "mel2mel.toml")
    if not (options.data / "set.json").exists():
        timbre_set.build(options.data, _print_line)
    data = timbre_set.load(options.data)
    path = options.out / MEL2MEL_WEIGHTS
    net = train_mel2mel(
        data,
        _fit_to_minutes(recipe, options),
        config,
        options.out,
        _print_line,
        lambda average: mel2mel.save(path, average),
    )
    mel2mel.save(path, net)
    _print_line(f"done: msanii-live serve --engine {options.out}")


def _fit_to_minutes(recipe: R, options: TrainingOptions) -> R:
    """Return the recipe with what is left of the minutes; without minutes, the recipe as it is."""
    return replace(recipe, minutes=minutes_left(options.minutes, options.started))


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
        _print_line(f"listen: {sample}")

    return save_sample


def flow_model_of(net: FlowNet, data: DataSet) -> FlowModel:
    """Return a network with the mel parameters and statistics it was trained on."""
    mean, deviation = (torch.from_numpy(x.copy())[:, :, None] for x in (data.mean, data.deviation))
    return FlowModel(net, data.spec, mean, deviation)


def _load_note_diffusion(words: str, config: NoteDiffusionConfig) -> NoteDiffusion | None:
    """Return the network to start from; None for random weights, or where its sizes are others."""
    if words == "none":
        return None
    path = SHIPPED_WEIGHTS / NOTE_DIFFUSION_WEIGHTS
    if words != "shipped":
        path = Path(words).expanduser()
        path = path / NOTE_DIFFUSION_WEIGHTS if path.is_dir() else path
    try:
        net = note_diffusion.load(path, torch.device("cpu"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot begin from {path}: {error}") from None
    if net.config != config:
        _print_line(f"{path.name} has other sizes than the recipe: starting from random weights")
        return None
    return net


def _train_note_diffusion(options: TrainingOptions) -> None:
    path = options.recipe or RECIPES / "note-diffusion-more.toml"
    recipe, config = note_diffusion_training.read_recipe(path)
    if not (options.data / "notes.json").exists():
        player = player_of(path, tomllib.loads(path.read_text()).get("data", {}))
        note_set.build(options.data, _print_line, player=player)
    data = note_set.load(options.data)
    weights_file = options.out / NOTE_DIFFUSION_WEIGHTS
    net = note_diffusion_training.train_note_diffusion(
        data,
        _fit_to_minutes(recipe, options),
        config,
        options.out,
        _print_line,
        lambda average: note_diffusion.save(weights_file, average),
        _load_note_diffusion(options.begin, config),
    )
    note_diffusion.save(weights_file, net)
    _print_line(f"done: msanii-live serve --engine {options.out}")


NOTE_TRAINERS = {"mel2mel": _train_mel2mel, "note-diffusion": _train_note_diffusion}
