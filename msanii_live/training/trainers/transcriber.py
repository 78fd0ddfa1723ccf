"""Train the transcriber on spectrograms of composed pieces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from msanii_live.dsp.device import training_precision
from msanii_live.engines.composer.notes import PITCHED, QUALITIES
from msanii_live.training.data.heard_pieces import HeardPiece
from msanii_live.training.data.heard_set import HeardSet, HeardSplit
from msanii_live.training.trainers.loop import Report, Schedule, read_recipe_tables, run
from msanii_live.transcription.drums import DRUM_SOUNDS, drum_sound
from msanii_live.transcription.network import CHORDS, Likelihoods, Transcriber, TranscriberConfig
from msanii_live.transcription.spectrogram import (
    BANDS,
    BINS_PER_SEMITONE,
    FAST_BANDS,
    FLOOR,
    FRAMES_PER_SECOND,
    KEYS,
    LOWEST_KEY,
)

_ONSET_WIDTH = 1.5  # frames to either side, over which the target of an onset falls to 0
_LN_FLOOR = float(np.log(FLOOR))


@dataclass(frozen=True, kw_only=True)
class TranscriberRecipe(Schedule):
    """The hyperparameters of a training run.

    window: frames. shift: largest transposition, semitones. tone, gain: standard deviations of the
    random curve and gain that a spectrogram gets, nats. hiss: share of windows with a noise floor.
    rare: weight of what is there over what is not, of onsets and drums. The others weigh the
    losses.
    """

    window: int = 300
    shift: int = 3
    tone: float = 0.35
    gain: float = 0.4
    hiss: float = 0.3
    rare: float = 2.0
    onsets: float = 1.0
    sounding: float = 0.5
    velocities: float = 0.5
    drums: float = 1.0
    beats: float = 2.0
    chords: float = 0.3


def read_recipe(path: Path) -> tuple[TranscriberRecipe, TranscriberConfig]:
    """Read a recipe file; see `loop.read_recipe_tables`."""
    return read_recipe_tables(path, TranscriberRecipe, TranscriberConfig)


@dataclass(frozen=True)
class HeardBatch:
    """The windows of one step.

    sound: (batch, window, BANDS). target: likelihoods 0 to 1, shaped as `Likelihoods`, but chords:
    the index of the right one, (batch, window).
    """

    sound: torch.Tensor
    target: Likelihoods


def draw_batch(
    split: HeardSplit, rng: np.random.Generator, recipe: TranscriberRecipe, is_plain: bool = False
) -> HeardBatch:
    """Return a batch of random windows. is_plain: as they are, without changes."""
    sounds, targets = [], []
    for _ in range(recipe.batch):
        number = int(rng.integers(len(split.pieces)))
        first = int(rng.integers(split.sounds.shape[1] - recipe.window + 1))
        sound = split.sounds[number, first : first + recipe.window].astype(np.float32)
        shift = 0 if is_plain else int(rng.integers(-recipe.shift, recipe.shift + 1))
        sounds.append(sound if is_plain else change_sound(sound, shift, rng, recipe))
        targets.append(target_of(split.pieces[number], first, recipe.window, shift))
    stacked = {
        field.name: torch.from_numpy(np.stack([target[field.name] for target in targets]))
        for field in fields(Likelihoods)
    }
    return HeardBatch(torch.from_numpy(np.stack(sounds)), Likelihoods(**stacked))


def change_sound(
    sound: np.ndarray, shift: int, rng: np.random.Generator, recipe: TranscriberRecipe
) -> np.ndarray:
    """Return a spectrogram transposed, through a random equaliser, at another level, with hiss."""
    semitones, fast = sound[:, : BANDS - FAST_BANDS], sound[:, BANDS - FAST_BANDS :]
    moved = np.full_like(semitones, _LN_FLOOR)
    step = shift * BINS_PER_SEMITONE
    if step >= 0:
        moved[:, step:] = semitones[:, : semitones.shape[1] - step]
    else:
        moved[:, :step] = semitones[:, -step:]
    place = np.linspace(0, np.pi, BANDS - FAST_BANDS)
    fast_place = np.linspace(0, np.pi, FAST_BANDS)
    gain = rng.normal(0, recipe.gain)
    moved, fast = moved + gain, fast + gain
    for wave in range(1, 5):
        size, phase = rng.normal(0, recipe.tone), rng.uniform(0, 2 * np.pi)
        moved = moved + size * np.cos(wave * place + phase)
        fast = fast + size * np.cos(wave * fast_place + phase)
    changed = np.concatenate([moved, fast], axis=1)
    if rng.random() < recipe.hiss:
        floor = float(np.percentile(changed, 99)) - rng.uniform(4.0, 9.0)
        changed = np.logaddexp(changed, floor + rng.normal(0, 0.5, changed.shape))
    return np.asarray(np.maximum(changed, _LN_FLOOR), np.float32)


def target_of(piece: HeardPiece, first: int, window: int, shift: int) -> dict[str, np.ndarray]:
    """Return the targets of a window. first: frame it begins at. shift: semitones, not of drums."""
    onsets = np.zeros((window, len(PITCHED), KEYS), np.float32)
    sounding, velocities = np.zeros_like(onsets), np.zeros_like(onsets)
    drums = np.zeros((window, len(DRUM_SOUNDS)), np.float32)
    forces, beats = np.zeros_like(drums), np.zeros((window, 2), np.float32)
    for note in piece.notes:
        start = note.start * FRAMES_PER_SECOND - first
        end = note.end * FRAMES_PER_SECOND - first
        if end < -2 or start > window + 1:
            continue
        if note.part == "drums":
            place: tuple[int, ...] = (drum_sound(note.pitch),)
            mark_onset(drums, start, place)
            forces[_near(start, window), place[0]] = note.velocity / 127
            continue
        key = note.pitch + shift - LOWEST_KEY
        if not 0 <= key < KEYS:
            continue
        place = (PITCHED.index(note.part), key)
        mark_onset(onsets, start, place)
        velocities[(_near(start, window), *place)] = note.velocity / 127
        low, high = max(0, round(start)), max(0, min(window, max(round(end), round(start) + 1)))
        sounding[(slice(low, high), *place)] = 1.0
    for time, is_first in piece.beats:
        moment = time * FRAMES_PER_SECOND - first
        mark_onset(beats, moment, (0,))
        if is_first:
            mark_onset(beats, moment, (1,))
    return {
        "onsets": onsets,
        "sounding": sounding,
        "velocities": velocities,
        "drums": drums,
        "drum_velocities": forces,
        "beats": beats,
        "chords": _chord_target(piece, first, window, shift),
    }


def mark_onset(target: np.ndarray, frame: float, place: tuple[int, ...]) -> None:
    """Raise a target around an onset: 1 at the frame itself, falling to both sides."""
    for near in range(int(np.floor(frame)) - 1, int(np.floor(frame)) + 3):
        if 0 <= near < len(target):
            height = max(0.0, 1 - abs(near - frame) / _ONSET_WIDTH)
            target[(near, *place)] = max(float(target[(near, *place)]), height)


def _near(frame: float, window: int) -> slice:
    middle = round(frame)
    return slice(max(0, middle - 1), max(0, min(window, middle + 2)))


def _chord_target(piece: HeardPiece, first: int, window: int, shift: int) -> np.ndarray:
    out = np.full(window, CHORDS - 1, np.int64)
    for time, root, quality in piece.chords:
        frame = max(0, round(time * FRAMES_PER_SECOND) - first)
        chord = CHORDS - 1
        if root >= 0:
            chord = (root + shift) % 12 * len(QUALITIES) + quality
        out[frame:] = chord
    if all(note.part == "drums" for note in piece.notes):
        out[:] = CHORDS - 1
    return out


def batch_losses(
    net: Transcriber, drawn: HeardBatch, recipe: TranscriberRecipe
) -> dict[str, torch.Tensor]:
    """Return the losses of a batch by name, weighted: sums over what a frame has."""
    with training_precision(torch.device("cpu")):
        made = net(drawn.sound)
    true = drawn.target
    frames = true.chords.numel()
    rare = torch.tensor(recipe.rare)

    def likely(made: torch.Tensor, true: torch.Tensor, weight: torch.Tensor | None) -> torch.Tensor:
        loss = F.binary_cross_entropy_with_logits(made, true, pos_weight=weight, reduction="sum")
        return loss / frames

    def force(made: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
        return ((made - true).abs() * (true > 0)).sum() / frames

    chords = F.cross_entropy(made.chords.flatten(0, 1), true.chords.flatten())
    forces = force(made.velocities, true.velocities)
    forces = forces + force(made.drum_velocities, true.drum_velocities)
    return {
        "onsets": recipe.onsets * likely(made.onsets, true.onsets, rare),
        "sounding": recipe.sounding * likely(made.sounding, true.sounding, None),
        "velocities": recipe.velocities * forces,
        "drums": recipe.drums * likely(made.drums, true.drums, rare),
        "beats": recipe.beats * likely(made.beats, true.beats, None),
        "chords": recipe.chords * chords,
    }


def train_transcriber(
    data: HeardSet,
    recipe: TranscriberRecipe,
    config: TranscriberConfig,
    folder: Path,
    report: Report,
    on_checkpoint: Callable[[Transcriber], None] = lambda average: None,
) -> Transcriber:
    """Train, resuming if `folder` holds a checkpoint; return the averaged network.

    on_checkpoint: called with the average, before the first step too; see `loop.run`.
    Raises: as `loop.run`.
    """
    torch.manual_seed(recipe.seed)
    net, average = Transcriber(config), Transcriber(config)
    some = torch.from_numpy(data.train.sounds[:, ::40].astype(np.float32)).flatten(0, 1)
    net.mean.copy_(some.mean(0))
    net.deviation.copy_(some.std(0).clamp_min(0.5))
    fixed = [
        draw_batch(data.validation, np.random.default_rng(n), recipe, is_plain=True)
        for n in range(4)
    ]

    def loss(net: nn.Module, step: int, generator: torch.Generator) -> torch.Tensor:
        assert isinstance(net, Transcriber)
        drawn = draw_batch(data.train, np.random.default_rng([recipe.seed, step]), recipe)
        return torch.stack(list(batch_losses(net, drawn, recipe).values())).sum()

    @torch.no_grad()
    def validate(net: nn.Module) -> dict[str, float]:
        assert isinstance(net, Transcriber)
        losses = [batch_losses(net, drawn, recipe) for drawn in fixed]
        return {name: sum(each[name].item() for each in losses) / len(losses) for name in losses[0]}

    run(net, average, recipe, folder, loss, validate, report, lambda step: on_checkpoint(average))
    return average
