"""What is heard of composed notes: clarity, harmony and key, beside true notes played alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

import numpy as np

from msanii_live.audio import Samples
from msanii_live.dsp.keys import is_in_key
from msanii_live.engines.base import standalone_context
from msanii_live.engines.composer.band_player import BandPlayer
from msanii_live.engines.composer.bar_grid import PROGRAMS, BarGrid, score_notes
from msanii_live.engines.composer.complete import CompletionOptions
from msanii_live.engines.composer.constraints import Constraints
from msanii_live.engines.composer.notes import PartNote
from msanii_live.engines.composer.plans import draw_plan
from msanii_live.engines.composer.weights import Composer
from msanii_live.engines.composer.whole_pieces import compose_plan, plan_command
from msanii_live.engines.mel_flow.engine import MelFlowEngine
from msanii_live.engines.note_spectra.engine import NoteSpectraEngine
from msanii_live.engines.prompt_parser import key_name
from msanii_live.evaluation.audio_features import chroma
from msanii_live.evaluation.composer.tasks import Scores
from msanii_live.evaluation.music_features import (
    harmony_return,
    onset_sharpness,
    split_bars,
    tonal_share,
)
from msanii_live.notes import PARTS, Score
from msanii_live.protocol.commands import Generate, Render
from msanii_live.training.trainers.composer.held_out import HeldOutWindow

RATE = 44_100
BARS = 8  # of each clip
STEPS = 4  # of both networks
SOUND_TABLE = ("tonal share", "onset sharpness", "harmony's return", "key found")
Play = Callable[[Score, int], Samples]
"""Plays a score with a seed; float32, (frames, 2)."""


@dataclass(frozen=True)
class SoundOrder:
    """An order whose clips are compared, and the held-out piece that it describes."""

    window: HeldOutWindow
    key: int
    programs: dict[str, int]
    grid: BarGrid

    def score(self, notes: Sequence[PartNote]) -> Score:
        """Return the first BARS bars of notes as a score."""
        inside = [note for note in notes if note.step < BARS * self.grid.per_bar]
        seconds = BARS * self.grid.bar
        whole = Score(
            score_notes(inside, self.grid, self.programs), seconds, bpm=self.grid.bpm,
            style=self.window.order.style or "",
        )  # fmt: skip
        return whole.cut(0.0, seconds)


def sound_orders(composer: Composer, held: Sequence[HeldOutWindow]) -> list[SoundOrder]:
    """Return orders of held-out windows, with programs of other pieces of their style."""
    orders = []
    for number, window in enumerate(held):
        told = window.order
        plan = draw_plan(composer.tables, number, style=told.style)
        programs = {
            part: program if program >= 0 else PROGRAMS[part]
            for part, program in zip(PARTS, plan.programs, strict=True)
        }
        key = told.tonic + 12 * bool(told.minor)
        grid = BarGrid(told.tempo or 120.0, told.metre, 0.0, told.swing or 0.0)
        orders.append(SoundOrder(window, key, programs, grid))
    return orders


def in_disorder(notes: Sequence[PartNote], per_bar: int, bars: int, seed: int) -> list[PartNote]:
    """Return the same bars in another order: the floor of what comes back."""
    order = list(range(bars))
    Random(seed).shuffle(order)
    moves = {bar: (place - bar) * per_bar for place, bar in enumerate(order)}
    return [
        replace(note, step=note.step + moves[bar], start=note.start + moves[bar])
        for note in notes
        if (bar := note.step // per_bar) < bars
    ]


def heard(samples: Samples, bar_seconds: float, key: int) -> tuple[float, ...]:
    """Return the measures of SOUND_TABLE for one clip. key: the one asked for."""
    bars = np.stack([chroma(bar, RATE) for bar in split_bars(samples, RATE, bar_seconds)])
    return (
        tonal_share(samples, RATE),
        onset_sharpness(samples, RATE),
        harmony_return(bars),
        float(is_in_key(samples, RATE, key)),
    )


def measure_sound(
    orders: Sequence[SoundOrder], scores: dict[str, list[Score]], play: Play
) -> dict[str, Scores]:
    """Play every score; return medians over clips by column, and the share of keys found."""
    columns: dict[str, Scores] = {}
    for name, each in scores.items():
        rows = [
            heard(play(score, number), order.grid.bar, order.key)
            for number, (order, score) in enumerate(zip(orders, each, strict=True))
            if score.notes
        ]
        columns[name] = _medians(rows)
    return columns


def sound_columns(
    composer: Composer,
    held: Sequence[HeldOutWindow],
    composed: Sequence[list[PartNote]],
    report: Callable[[str], None],
) -> dict[str, Scores]:
    """Compare what is heard of true notes, of composed ones, of bars in disorder, and of mel-flow.

    composed: to the orders of `held`, chords told.
    """
    orders = sound_orders(composer, held)
    player, flow = BandPlayer(NoteSpectraEngine("cpu")), MelFlowEngine("cpu")

    def play(score: Score, seed: int) -> Samples:
        context = replace(standalone_context(), seed=seed)
        report(f"playing {score.seconds:.0f} s")
        command = Render(midi="evaluated", steps=STEPS)
        return player.render_parts(score, command, context, False).clip.samples

    scores = {
        "true notes": [order.score(order.window.notes) for order in orders],
        f"composed, {STEPS} steps": [
            order.score(notes) for order, notes in zip(orders, composed, strict=True)
        ],
        "own plans": [_own(composer, order, number) for number, order in enumerate(orders)],
        "bars in disorder": [
            order.score(in_disorder(order.window.notes, order.grid.per_bar, BARS, number))
            for number, order in enumerate(orders)
        ],
    }
    columns = measure_sound(orders, scores, play)
    rows = []
    for number, order in enumerate(orders):
        command = Generate(
            bars=BARS, bpm=order.grid.bpm, style=order.window.order.style or "",
            key=key_name(order.key), steps=STEPS,
        )  # fmt: skip
        samples = flow.run(command, replace(standalone_context(), seed=number)).samples
        rows.append(heard(samples, order.grid.bar, order.key))
    return columns | {f"mel-flow, {STEPS} steps": _medians(rows)}


def _own(composer: Composer, order: SoundOrder, seed: int) -> Score:
    """Return what the engine composes of style, key and tempo alone."""
    constraints = Constraints(style=order.window.order.style, key=order.key, tempo=order.grid.bpm)
    context = replace(standalone_context(), seed=seed)
    plan = plan_command(composer, Generate(bars=BARS), constraints, context)
    score = compose_plan(composer, plan, seed, CompletionOptions(steps=STEPS, bfloat16=True))
    return replace(score, is_loop=False)


def _medians(rows: Sequence[tuple[float, ...]]) -> Scores:
    table = np.array(rows)
    values = [*np.median(table[:, :-1], 0), table[:, -1].mean()]
    return {name: float(value) for name, value in zip(SOUND_TABLE, values, strict=True)}
