"""How well a band is played by each player, part by part or all at once, and what each costs.

The notes are those of held-out pieces, or of loops that the composer writes to their style, key and
tempo. FluidSynth's playing of them is the ceiling of the onsets that basic-pitch hears, with
another piece's notes as the floor. The kernel distance is that of musicnn's embeddings from other
held-out pieces, as FluidSynth plays them.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from msanii_live.audio import Samples
from msanii_live.dsp.device import precision
from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS, VocoderRegistry
from msanii_live.dsp.vocoding import VocoderSettings
from msanii_live.engines.base import standalone_context
from msanii_live.engines.composer import engine as composer_engine
from msanii_live.engines.composer.complete import CompletionOptions
from msanii_live.engines.composer.constraints import Constraints
from msanii_live.engines.composer.playing import PartsPlayer
from msanii_live.engines.composer.weights import Composer, read_weights
from msanii_live.engines.composer.whole_pieces import compose_plan, plan_command
from msanii_live.engines.loudness import loudness_gain
from msanii_live.engines.note_diffusion import network as note_diffusion
from msanii_live.engines.note_diffusion.engine import WEIGHTS, NoteDiffusionEngine
from msanii_live.engines.note_diffusion.network import NoteDiffusion
from msanii_live.engines.note_spectra.engine import NoteSpectraEngine
from msanii_live.engines.notes.dynamics import level_dynamics
from msanii_live.engines.notes.part_masks import notes_by_part
from msanii_live.engines.notes.synthesis import (
    LEVEL_SECONDS,
    increase_contrast,
    keep_power,
    mel_grid,
    vocode_grid,
)
from msanii_live.evaluation import musicnn
from msanii_live.evaluation.basic_pitch import (
    OnsetMatch,
    fetch_network,
    match_onsets,
    open_network,
    score_onsets,
    transcribe_onsets,
)
from msanii_live.evaluation.composer.clips import embedded
from msanii_live.evaluation.composer.real_music import RATE, RealClip, real_clips, real_scores
from msanii_live.evaluation.metrics import kernel_distance
from msanii_live.evaluation.music_features import onset_sharpness, tonal_share
from msanii_live.evaluation.unconditional import diversity
from msanii_live.notes import Score
from msanii_live.protocol.commands import Generate, Render
from msanii_live.training.data.timbre_set import render_stereo
from msanii_live.training.trainers.composer.data import HELD_OUT

PLAYERS = ("note-spectra", "note-diffusion")
BARS = 4.0  # of a composed loop
Play = Callable[[Score, int], Samples]
"""Takes a score and a seed; returns samples, float32, (frames, 2)."""


@dataclass(frozen=True)
class PlayingFigures:
    """The figures of one way of playing.

    kernel: distance from real music. diversity: of real music's. f1: of onsets. of_ceiling: its
    share of FluidSynth's. processor: s of processor time for 6 s of music; None for FluidSynth, and
    `floor`, of f1, only there.
    """

    name: str
    kernel: float
    diversity: float
    tonal: float
    onsets: float
    f1: float
    of_ceiling: float
    floor: float | None
    processor: float | None


def play_at_once(net: NoteDiffusion, vocoder: VocoderSettings, steps: int) -> Play:
    """Return a function that plays all parts together, in mono."""

    @torch.inference_mode()
    def play(score: Score, seed: int) -> Samples:
        grid = mel_grid(score, net.spec)
        generator = torch.Generator().manual_seed(seed)
        rate = 1 / grid.seconds_per_frame
        levelled = level_dynamics(notes_by_part(score.notes), grid.count, grid.seconds_per_frame)
        with precision(net.mean.device):
            played = net.generate(levelled.notes, grid.count, rate, generator, steps)
        slow = round(LEVEL_SECONDS * rate)
        mel = keep_power(increase_contrast(played.mel), played.mel, slow, is_loop=False)
        if played.levels is None:
            mel = mel + levelled.gains[0, :, None]
        else:  # dynamics change each part's share of the power
            restored = played.levels + 2 * levelled.gains[:, :, None]
            mel = mel + 0.5 * (restored.logsumexp(0) - played.levels.logsumexp(0))
        low = mel.T.clamp_min(math.log(net.spec.floor))
        wave = vocode_grid(low, grid, grid.vocoder(vocoder, score.notes), seed, lambda: None)
        samples = wave[:, None].repeat(1, 2).numpy()
        return np.asarray(samples * loudness_gain(samples), np.float32)

    return play


def play_by_part(player: PartsPlayer, steps: int) -> Play:
    """Return a function that plays as a player of parts does."""

    def play(score: Score, seed: int) -> Samples:
        context = replace(standalone_context(), seed=seed)
        return player.render_parts(score, Render(midi="piece", steps=steps), context).clip.samples

    return play


def composed_loops(composer: Composer, orders: Sequence[RealClip]) -> list[Score]:
    """Return loops of `BARS` bars that are composed to the style, key and tempo of real clips."""
    loops = []
    for seed, order in enumerate(orders):
        constraints = Constraints(style=order.style, key=order.key, tempo=order.tempo)
        context = replace(standalone_context(), seed=seed)
        plan = plan_command(composer, Generate(bars=BARS), constraints, context)
        loops.append(compose_plan(composer, plan, seed, CompletionOptions(bfloat16=True)))
    return loops


def plays_of(players: Sequence[str], weights: Path, steps: Sequence[int]) -> dict[str, Play]:
    """Return what is measured, by name. weights, steps: of note-diffusion."""
    plays: dict[str, Play] = {}
    if "note-spectra" in players:
        spectra = NoteSpectraEngine("cpu")
        spectra.warm()
        plays["note-spectra"] = play_by_part(spectra, 1)
    if "note-diffusion" in players:
        net = note_diffusion.load(weights, torch.device("cpu"))
        vocoder = VocoderRegistry(weights, "vocos", VocoderSettings()).vocoder(
            "", MelSpec(), torch.device("cpu")
        )
        engine = NoteDiffusionEngine("cpu", weights)
        engine.warm()
        for each in steps:
            plays[f"note-diffusion at once, {each} steps"] = play_at_once(net, vocoder, each)
            plays[f"note-diffusion part by part, {each} steps"] = play_by_part(engine, each)
    return plays


def report_playing(
    players: Sequence[str],
    weights: Path | None,
    count: int,
    steps: Sequence[int],
    composed: bool,
    out: Path | None,
) -> int:
    """Measure ways of playing, print the table and write it. Returns the exit status.

    players: of PLAYERS. weights, steps: of note-diffusion. count: number of pieces. composed: take
    loops of the composer instead of true notes.
    Raises: MissingTool: FluidSynth, musicnn, basic-pitch or onnxruntime.
    """
    torch.set_num_threads(1)
    seeds = range(HELD_OUT, HELD_OUT + count)
    listener, session = musicnn.load(musicnn.fetch_wheel()), open_network(fetch_network())
    others = range(HELD_OUT + 1_000, HELD_OUT + 1_000 + count + count // 3)
    target = embedded(listener, [clip.samples for clip in real_clips(others)])
    real = real_clips(seeds)
    rows: list[PlayingFigures] = []
    if composed:
        composer = read_weights(SHIPPED_WEIGHTS / composer_engine.WEIGHTS)
        scores = [score for score in composed_loops(composer, real) if score.notes]
        truth = [render_stereo(score, in_room=True) for score in scores]
    else:
        scores, truth = real_scores(seeds), [clip.samples for clip in real]

    def measure(name: str, made: Sequence[Samples], processor: float | None) -> None:
        heard = [transcribe_onsets(session, each.mean(1), RATE) for each in made]
        wanted = [score_onsets(score.notes) for score in scores]
        right = sum(map(match_onsets, heard, wanted), OnsetMatch(0, 0, 0))
        wrong = sum(map(match_onsets, heard, [*wanted[1:], wanted[0]]), OnsetMatch(0, 0, 0))
        embeddings = embedded(listener, made)
        row = PlayingFigures(
            name,
            kernel_distance(embeddings, target),
            diversity(embeddings) / diversity(target),
            float(np.median([tonal_share(each, RATE) for each in made])),
            float(np.median([onset_sharpness(each, RATE) for each in made])),
            right.f1,
            right.f1 / max(rows[0].f1 if rows else right.f1, 1e-9),
            wrong.f1 if processor is None else None,
            processor,
        )
        rows.append(row)
        print(row, flush=True)

    measure("FluidSynth", truth, None)
    length = sum(score.seconds for score in scores)
    for name, play in plays_of(players, weights or SHIPPED_WEIGHTS / WEIGHTS, steps).items():
        began = time.process_time()
        made = [play(score, seed) for seed, score in enumerate(scores)]
        measure(name, made, (time.process_time() - began) / length * 6)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "playing.json").write_text(json.dumps([asdict(row) for row in rows], indent=1))
    return 0
