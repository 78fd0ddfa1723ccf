"""The training of the engines of notes for the command line."""

from __future__ import annotations

import tomllib
from pathlib import Path

import torch

from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS
from msanii_live.engines.mel2mel import network as mel2mel
from msanii_live.engines.mel2mel.engine import WEIGHTS as MEL2MEL_WEIGHTS
from msanii_live.engines.note_diffusion import network as note_diffusion
from msanii_live.engines.note_diffusion.engine import WEIGHTS as NOTE_DIFFUSION_WEIGHTS
from msanii_live.engines.note_diffusion.network import NoteDiffusion, NoteDiffusionConfig
from msanii_live.errors import ConfigError
from msanii_live.training.data import note_set, timbre_set
from msanii_live.training.data.rack_audio import player_of
from msanii_live.training.options import RECIPES, TrainingOptions, fit_to_minutes, print_line
from msanii_live.training.trainers import note_diffusion as note_diffusion_training
from msanii_live.training.trainers.mel2mel import read_recipe as read_mel2mel_recipe
from msanii_live.training.trainers.mel2mel import train_mel2mel


def _train_mel2mel(options: TrainingOptions) -> None:
    recipe, config = read_mel2mel_recipe(options.recipe or RECIPES / "mel2mel.toml")
    if not (options.data / "set.json").exists():
        timbre_set.build(options.data, print_line)
    data = timbre_set.load(options.data)
    path = options.out / MEL2MEL_WEIGHTS
    net = train_mel2mel(
        data,
        fit_to_minutes(recipe, options),
        config,
        options.out,
        print_line,
        lambda average: mel2mel.save(path, average),
    )
    mel2mel.save(path, net)
    print_line(f"done: msanii-live serve --engine {options.out}")


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
        print_line(f"{path.name} has other sizes than the recipe: starting from random weights")
        return None
    return net


def _train_note_diffusion(options: TrainingOptions) -> None:
    path = options.recipe or RECIPES / "note-diffusion-more.toml"
    recipe, config = note_diffusion_training.read_recipe(path)
    if not (options.data / "notes.json").exists():
        player = player_of(path, tomllib.loads(path.read_text()).get("data", {}))
        note_set.build(options.data, print_line, player=player)
    data = note_set.load(options.data)
    weights_file = options.out / NOTE_DIFFUSION_WEIGHTS
    net = note_diffusion_training.train_note_diffusion(
        data,
        fit_to_minutes(recipe, options),
        config,
        options.out,
        print_line,
        lambda average: note_diffusion.save(weights_file, average),
        _load_note_diffusion(options.begin, config),
    )
    note_diffusion.save(weights_file, net)
    print_line(f"done: msanii-live serve --engine {options.out}")


NOTE_TRAINERS = {"mel2mel": _train_mel2mel, "note-diffusion": _train_note_diffusion}
