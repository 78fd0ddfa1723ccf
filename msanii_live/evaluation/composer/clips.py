"""Clips of engines beside real music on the same orders: likeness, diversity, style, key, width."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from msanii_live.audio import Samples
from msanii_live.dsp.keys import is_in_key
from msanii_live.engines.base import Engine, standalone_context
from msanii_live.engines.composer.band_player import BandPlayer
from msanii_live.engines.composer.engine import ComposerEngine
from msanii_live.engines.mel_flow.engine import MelFlowEngine
from msanii_live.engines.note_spectra.engine import NoteSpectraEngine
from msanii_live.engines.prompt_parser import key_name
from msanii_live.evaluation import musicnn
from msanii_live.evaluation.audio_features import chroma
from msanii_live.evaluation.composer.real_music import (
    RATE,
    SECONDS,
    RealClip,
    real_clips,
    real_scores,
)
from msanii_live.evaluation.composer.tasks import Scores
from msanii_live.evaluation.metrics import Array, kernel_distance
from msanii_live.evaluation.music_features import onset_sharpness, tonal_share
from msanii_live.evaluation.unconditional import diversity
from msanii_live.protocol.commands import Generate, Render
from msanii_live.training.data.composition.model import STYLES
from msanii_live.training.trainers.composer.data import HELD_OUT

CLIP_TABLE = (
    "kernel distance", "diversity", "style found", "key found", "tonal share", "onset sharpness",
    "stereo width, dB", "chroma unlike",
)  # fmt: skip
SHRINKAGE = 0.3  # of the covariance towards a sphere: there are fewer clips than dimensions


@dataclass(frozen=True)
class StyleClassifier:
    """A linear discriminant of styles in embeddings. weights: (size, styles). bias: (styles,)."""

    styles: tuple[str, ...]
    weights: Array
    bias: Array

    def classify(self, embedding: Array) -> str:
        """Return the style of an embedding, (size,)."""
        return self.styles[int(np.argmax(embedding @ self.weights + self.bias))]


def train_classifier(embeddings: Array, styles: Sequence[str]) -> StyleClassifier:
    """Fit the discriminant: equal covariances, shrunk, and equal priors. embeddings: (clips, size).

    Source: Friedman 1989, Regularized discriminant analysis, with lambda = 1.
    """
    names = tuple(dict.fromkeys(styles))
    label = np.array([names.index(style) for style in styles])
    means = np.stack([embeddings[label == number].mean(0) for number in range(len(names))])
    inner = embeddings - means[label]
    covariance = inner.T @ inner / max(1, len(inner) - len(names))
    size = len(covariance)
    sphere = np.eye(size) * np.trace(covariance) / size
    weights = np.linalg.solve((1 - SHRINKAGE) * covariance + SHRINKAGE * sphere, means.T)
    return StyleClassifier(names, weights, -0.5 * (means.T * weights).sum(0))


def stereo_width(samples: Samples) -> float:
    """Return the level of the side over that of the middle, dB. samples: (frames, 2)."""
    middle, side = (
        np.sqrt((signal**2).mean()) + 1e-9
        for signal in (samples.sum(1), samples[:, 0] - samples[:, 1])
    )
    return float(20 * np.log10(side / middle))


def chroma_unlikeness(clips: Sequence[Samples], keys: Sequence[int]) -> float:
    """Return how unlike the pitch classes of clips are, as seen from their tonics: 1 - cosine.

    It is the mean over pairs of one mode, NaN if there is none. keys: 0-11 major, 12-23 minor.
    """
    turned = [np.roll(chroma(each, RATE), -key) for each, key in zip(clips, keys, strict=True)]
    pairs = itertools.combinations(zip(turned, keys, strict=True), 2)
    unlike = [1 - float(a @ b) for (a, one), (b, other) in pairs if one // 12 == other // 12]
    return float(np.mean(unlike)) if unlike else float("nan")


@dataclass(frozen=True)
class ClipReference:
    """What clips are compared with. target: embeddings of held-out music. spread: its diversity."""

    network: musicnn.Weights
    classifier: StyleClassifier
    target: Array
    spread: float

    @classmethod
    def measure(cls, training: Sequence[RealClip], target: Sequence[RealClip]) -> ClipReference:
        """Embed real music. training: the classifier learns from it. Raises: MissingTool."""
        network = musicnn.load(musicnn.fetch_wheel())
        learnt = embedded(network, [clip.samples for clip in training])
        classifier = train_classifier(learnt, [clip.style for clip in training])
        heard = embedded(network, [clip.samples for clip in target])
        return cls(network, classifier, heard, diversity(heard))

    def scores(self, made: Sequence[Samples], orders: Sequence[RealClip]) -> Scores:
        """Return the measures of CLIP_TABLE; medians of those of single clips."""
        heard = embedded(self.network, made)
        pairs = list(zip(made, orders, strict=True))
        styles = [
            self.classifier.classify(each) == order.style
            for each, order in zip(heard, orders, strict=True)
        ]
        keys = [is_in_key(each, RATE, order.key) for each, order in pairs]
        values = (
            kernel_distance(heard, self.target),
            diversity(heard) / max(self.spread, 1e-9),
            float(np.mean(styles)),
            float(np.mean(keys)),
            float(np.median([tonal_share(each, RATE) for each in made])),
            float(np.median([onset_sharpness(each, RATE) for each in made])),
            float(np.median([stereo_width(each) for each in made])),
            chroma_unlikeness(made, [order.key for order in orders]),
        )
        return dict(zip(CLIP_TABLE, values, strict=True))


def clip_columns(weights: Path, count: int, report: Callable[[str], None]) -> dict[str, Scores]:
    """Compare clips of the composer and of mel-flow, in many steps and in 4, with real music.

    weights: of the composer. count: clips of each. Orders are those of held-out pieces, which
    are the column "real"; "true notes" are played by the composer's player. The target is other
    held-out pieces, and the classifier learns from pieces that the composer was trained on.
    Raises: MissingTool: FluidSynth or musicnn.
    """
    report("rendering real music")
    training = real_clips(range(8 * len(STYLES)))
    target = real_clips(range(HELD_OUT + 1_000, HELD_OUT + 1_000 + count + count // 3))
    orders = real_clips(range(HELD_OUT, HELD_OUT + count))
    reference = ClipReference.measure(training, target)
    columns = {
        "real": reference.scores([order.samples for order in orders], orders),
        "true notes": reference.scores(played_orders(count), orders),
    }
    engines: tuple[tuple[Engine, int], ...] = (
        (ComposerEngine("cpu", weights), 20), (MelFlowEngine("cpu"), 16),
    )  # fmt: skip
    for engine, most in engines:
        for steps in (most, 4):
            made = generated(engine, orders, steps, report)
            columns[f"{engine.name}, {steps} steps"] = reference.scores(made, orders)
    return columns


def played_orders(count: int) -> list[Samples]:
    """Return the notes of the orders as the composer's player plays them: its ceiling."""
    player = BandPlayer(NoteSpectraEngine("cpu"))
    seeds = range(HELD_OUT, HELD_OUT + count)
    clips = []
    for seed, score in zip(seeds, real_scores(seeds), strict=True):
        named = replace(score, style=STYLES[seed % len(STYLES)])
        context = replace(standalone_context(), seed=seed)
        clips.append(player.render_parts(named, Render(midi="true"), context, False).clip.samples)
    return clips


def embedded(network: musicnn.Weights, clips: Sequence[Samples]) -> Array:
    """Return the embeddings of stereo clips, (clips, size)."""
    waves = (torch.from_numpy(np.ascontiguousarray(clip.T)) for clip in clips)
    return np.stack([musicnn.embed(network, wave, RATE) for wave in waves])


def generated(
    engine: Engine, orders: Sequence[RealClip], steps: int, report: Callable[[str], None]
) -> list[Samples]:
    """Ask an engine for the style, key and tempo of each order. steps: 0 for the engine's own."""
    made = []
    for number, order in enumerate(orders):
        command = Generate(
            seconds=SECONDS, style=order.style, key=key_name(order.key), bpm=order.tempo,
            steps=steps or None,
        )  # fmt: skip
        clip = engine.run(command, replace(standalone_context(), seed=number))
        made.append(clip.samples)
        report(f"{engine.name}, {steps or engine.capabilities.steps} steps: {number + 1}")
    return made
