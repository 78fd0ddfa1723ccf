"""Measure mel-flow's network on held-out pieces; see `report_markdown`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from msanii_live.engines.mel_flow.engine import MelFlowEngine
from msanii_live.engines.mel_flow.weights import FlowModel
from msanii_live.evaluation import metrics
from msanii_live.evaluation.audio_measures import measure_audio
from msanii_live.evaluation.musicnn import CACHE
from msanii_live.evaluation.results import Continuation, Evaluation, report_markdown
from msanii_live.evaluation.settings import EvalSettings
from msanii_live.evaluation.unconditional import load_audio_decoder, measure_distances
from msanii_live.evaluation.validation_windows import (
    OnsetEnvelopes,
    ValidationWindows,
    draw_windows,
    repeat_last_beats,
    sample_windows,
    with_statistics,
    without_beat,
)
from msanii_live.training.data.dataset import DataSet

Report = Callable[[str], None]

__all__ = ["EvalSettings", "Evaluation", "evaluate", "report_markdown"]


def evaluate(
    data: DataSet,
    model: FlowModel,
    settings: EvalSettings,
    engine: MelFlowEngine | None = None,
    report: Report = lambda _: None,
    cache: Path = CACHE,
) -> Evaluation:
    """Measure a network; windows come from the test split, conditions from the validation split.

    engine: the same network as an engine, for the measures of audio; None leaves these out.
    cache: the folder of musicnn's wheel.
    Raises: ValueError: a split is empty.
    """
    data = with_statistics(data, model)
    if not data.split("test") or not data.split("validation"):
        raise ValueError("the data set needs a test and a validation split")
    decoder = load_audio_decoder(engine, cache, report) if engine is not None else None
    with torch.inference_mode():
        salience, continuations = measure_continuations(data, model, settings, report)
        distances = measure_distances(data, model, settings, report, decoder)
    sound = measure_audio(data, engine, settings, report) if engine and settings.clips else None
    return Evaluation(settings, salience, continuations, distances, sound)


def measure_continuations(
    data: DataSet, model: FlowModel, settings: EvalSettings, report: Report
) -> tuple[float, tuple[Continuation, ...]]:
    """Continue held-out windows from their first halves; returns the true salience and the rows."""
    config = model.net.config
    half = config.window // 2 // config.patch * config.patch
    # The token before the seam covers frames after it. The engine regenerates it, and so do we.
    shown = half - config.patch
    test = data.split("test")
    windows = draw_windows(data, test, settings.windows, config.window, settings.seed)
    pools = draw_windows(data, test, 16 * len(test), config.window - half, settings.seed + 1)
    onsets = OnsetEnvelopes(data)

    def continued(name: str, steps: int, beat: bool) -> tuple[str, torch.Tensor]:
        conditions = windows.conditions if beat else without_beat(windows.conditions)
        made = sample_windows(
            model,
            windows.mels,
            shown,
            conditions,
            steps=steps,
            seed=settings.seed,
            guidance=settings.guidance,
            batch=settings.batch,
            on_batch=lambda n: report(f"{name}: {n} of {settings.windows}"),
        )
        return name, made

    beats = [p.beat_seconds / onsets.frame_seconds for p in windows.pieces]
    rows = [
        continued(f"{settings.few} steps", settings.few, True),
        continued(f"{settings.many} steps", settings.many, True),
        continued(f"{settings.few} steps, beat hidden", settings.few, False),
        continued(f"{settings.many} steps, beat hidden", settings.many, False),
        ("the last bar repeated (no network)", repeat_last_beats(windows, shown, beats)),
    ]
    rows_of_figures = tuple(
        _continuation_figures(name, made, windows, pools, half, settings, onsets)
        for name, made in rows
    )
    real = onsets(windows.mels)[:, half:]
    salience = [metrics.salience(e, b[half:]) for e, b in zip(real, windows.bars, strict=True)]
    return float(np.mean(salience)), rows_of_figures


def _continuation_figures(
    name: str,
    made: torch.Tensor,
    windows: ValidationWindows,
    pools: ValidationWindows,
    half: int,
    settings: EvalSettings,
    onsets: OnsetEnvelopes,
) -> Continuation:
    """Compare continuations, (windows, channels, mels, mel_frames), with true and other ones."""
    rng = np.random.default_rng(settings.seed + 2)
    true_onsets, made_onsets = onsets(windows.mels)[:, half:], onsets(made)[:, half:]
    other_onsets = onsets(pools.mels)
    seeds = np.array([piece.seed for piece in pools.pieces])
    sums: dict[str, list[float]] = {}
    for i, piece in enumerate(windows.pieces):
        halves = [x[i, :, :, half:].numpy() for x in (made, windows.mels)]
        # In a small set some of the other windows are drawn twice.
        others = [
            rng.choice(pool, settings.choices - 1, replace=len(pool) < settings.choices - 1)
            for pool in (np.flatnonzero(seeds != piece.seed), np.flatnonzero(seeds == piece.seed))
        ]
        chosen = [
            metrics.nearest(halves[0], [halves[1], *(pools.mels[j].numpy() for j in kind)])
            for kind in others
        ]
        wrong, bars = int(others[0][0]), windows.bars[i, half:]
        folds = [
            metrics.fold(made_onsets[i], bars),
            metrics.fold(true_onsets[i], bars),
            metrics.fold(other_onsets[wrong], pools.bars[wrong]),
        ]
        row = {
            "hits": float(chosen[0] == 0),
            "same": float(chosen[1] == 0),
            "true": metrics.rms_distance(*halves),
            "other": metrics.rms_distance(halves[0], pools.mels[wrong].numpy()),
            "onsets": metrics.correlation(made_onsets[i], true_onsets[i]),
            "onsets_wrong": metrics.correlation(made_onsets[i], other_onsets[wrong]),
            "folded": metrics.correlation(folds[0], folds[1]),
            "folded_wrong": metrics.correlation(folds[0], folds[2]),
            "salience": metrics.salience(made_onsets[i], bars),
        }
        for key, value in row.items():
            sums.setdefault(key, []).append(value)
    mean = {key: float(np.mean(values)) for key, values in sums.items()}
    return Continuation(
        name=name,
        hits=int(sum(sums["hits"])),
        hits_same_piece=int(sum(sums["same"])),
        windows=len(windows.pieces),
        to_true=mean["true"],
        to_other=mean["other"],
        onsets=mean["onsets"],
        onsets_wrong=mean["onsets_wrong"],
        folded=mean["folded"],
        folded_wrong=mean["folded_wrong"],
        salience=mean["salience"],
    )
