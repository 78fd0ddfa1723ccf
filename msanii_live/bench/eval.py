"""Measure the default engine's network on held-out pieces; see `report_markdown` for the words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from msanii_live.audio import Clip, make_clip
from msanii_live.bench import metrics
from msanii_live.bench.evaluation import (
    Continuation,
    Distance,
    EvalSettings,
    Evaluation,
    Seam,
    report_markdown,
)
from msanii_live.bench.held_out import (
    Windows,
    draw_windows,
    repeated,
    sample,
    white_noise,
    with_statistics,
    without_beat,
)
from msanii_live.bench.metrics import Array
from msanii_live.engines.base import Context, Engine
from msanii_live.models.conditions import BEATS_A_BAR
from msanii_live.models.device import precision
from msanii_live.models.flow_weights import FlowModel
from msanii_live.models.music_words import key_name
from msanii_live.protocol.commands import Outpaint
from msanii_live.training.dataset import DataSet, compose, render

Report = Callable[[str], None]

__all__ = ["EvalSettings", "Evaluation", "evaluate", "report_markdown"]


def evaluate(
    data: DataSet,
    model: FlowModel,
    settings: EvalSettings,
    engine: Engine | None = None,
    report: Report = lambda _: None,
) -> Evaluation:
    """Measure a network; the windows come from the test split, conditions from validation.

    engine: the same network as an engine, for the seam; None leaves the seam out.
    Raises: ValueError: a split is empty. MissingTool: FluidSynth, for the seam.
    """
    data = with_statistics(data, model)
    if not data.split("test") or not data.split("validation"):
        raise ValueError("the data set needs a test and a validation split")
    with torch.inference_mode(), precision(model.mean.device):
        salience, continuations = measure_continuations(data, model, settings, report)
        distances = measure_distances(data, model, settings, report)
    seams = measure_seams(data, engine, settings, report) if engine and settings.seams else ()
    return Evaluation(settings, salience, continuations, distances, seams)


class _Onsets:
    """Turn normalised mels into onset envelopes of the mid channel."""

    def __init__(self, data: DataSet) -> None:
        self.mean, self.deviation = data.mean[0], data.deviation[0]
        self.frame_seconds = data.spec.hop / data.spec.sample_rate

    def __call__(self, mels: torch.Tensor) -> Array:
        """Return (windows, mel_frames). mels: (windows, channels, mels, mel_frames)."""
        mid = mels[:, 0].numpy() * self.deviation[:, None] + self.mean[:, None]
        return metrics.onset_envelope(mid, self.mean - self.deviation, self.frame_seconds)


def measure_continuations(
    data: DataSet, model: FlowModel, settings: EvalSettings, report: Report
) -> tuple[float, tuple[Continuation, ...]]:
    """Continue held-out windows from their first halves; returns the real salience and the rows."""
    config = model.net.config
    half = config.window // 2 // config.patch * config.patch
    # The token before the seam would see past it: the engine has it made anew, so do we.
    shown = half - config.patch
    test = data.split("test")
    windows = draw_windows(data, test, settings.windows, config.window, settings.seed)
    pools = draw_windows(data, test, 16 * len(test), config.window - half, settings.seed + 1)
    onsets = _Onsets(data)

    def continued(name: str, steps: int, beat: bool) -> tuple[str, torch.Tensor]:
        conditions = windows.conditions if beat else without_beat(windows.conditions)
        made = sample(
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
        ("the last bar repeated (no network)", repeated(windows, shown, beats)),
    ]
    judged = tuple(
        _judge(name, made, windows, pools, half, settings, onsets) for name, made in rows
    )
    real = onsets(windows.mels)[:, half:]
    salience = [metrics.salience(e, b[half:]) for e, b in zip(real, windows.bars, strict=True)]
    return float(np.mean(salience)), judged


def _judge(
    name: str,
    made: torch.Tensor,
    windows: Windows,
    pools: Windows,
    half: int,
    settings: EvalSettings,
    onsets: _Onsets,
) -> Continuation:
    """Compare second halves, (windows, channels, mels, mel_frames), with true and other ones."""
    rng = np.random.default_rng(settings.seed + 2)
    true_onsets, made_onsets = onsets(windows.mels)[:, half:], onsets(made)[:, half:]
    other_onsets = onsets(pools.mels)
    seeds = np.array([piece.seed for piece in pools.pieces])
    sums: dict[str, list[float]] = {}
    for i, piece in enumerate(windows.pieces):
        halves = [x[i, :, :, half:].numpy() for x in (made, windows.mels)]
        # Where a set has too few other pieces or places for the choices, some are drawn twice.
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


def measure_distances(
    data: DataSet, model: FlowModel, settings: EvalSettings, report: Report
) -> tuple[Distance, ...]:
    """Compare fresh windows, real ones of other pieces and noise with the test split.

    Fresh windows take the conditions of validation windows, so that those are the floor for them.
    """
    config, count, seed = model.net.config, settings.fresh, settings.seed
    frames = config.window
    target = draw_windows(data, data.split("test"), count, frames, seed + 3)
    floor = draw_windows(data, data.split("validation"), count, frames, seed + 4)
    reference = draw_windows(
        data, data.split("train") or data.split("validation"), 4 * count, frames, seed + 5
    )

    def fresh(steps: int) -> tuple[str, torch.Tensor]:
        name = f"generated, {steps} step{'s' if steps > 1 else ''}"
        made = sample(
            model,
            torch.zeros_like(floor.mels),
            0,
            floor.conditions,
            steps=steps,
            seed=seed + 6,
            guidance=settings.guidance,
            batch=settings.batch,
            on_batch=lambda n: report(f"{name}: {n} of {count}"),
        )
        return name, made

    sets = [
        ("real, other pieces (floor)", floor.mels),
        *(fresh(steps) for steps in sorted({1, settings.few, settings.many}, reverse=True)),
        ("white noise (ceiling)", white_noise(model, count, frames, seed)),
    ]
    onsets = _Onsets(data)
    threshold = 2 * float(onsets(reference.mels).mean())

    def described(mels: torch.Tensor) -> Array:
        return metrics.features(mels.numpy(), onsets(mels), threshold, onsets.frame_seconds)

    space = metrics.fit_space(described(reference.mels), directions=min(16, count // 2))
    aim = described(target.mels)
    spread = float(floor.mels.std())
    rows = []
    for name, mels in sets:
        made = described(mels)
        rows.append(
            Distance(
                name,
                frechet=metrics.frechet_distance(space.turned(made), space.turned(aim)),
                kernel=metrics.kernel_distance(space.scaled(made), space.scaled(aim)),
                contrast=float(mels.std()) / spread,
            )
        )
    return tuple(rows)


def measure_seams(
    data: DataSet, engine: Engine, settings: EvalSettings, report: Report
) -> tuple[Seam, ...]:
    """Outpaint rendered test pieces by 3 s and look at the samples around the seam."""
    pieces = data.split("test")[: settings.seams]
    clips = []
    for number, piece in enumerate(pieces):
        wave = render(compose(piece.seed)[0])[: 6 * data.spec.sample_rate]
        info: dict[str, object] = {
            "name": f"held-out-{number}",
            "bpm": 60.0 / piece.beat_seconds,
            "style": piece.style,
            "key": key_name(piece.key),
        }
        clips.append(make_clip(np.ascontiguousarray(wave), data.spec.sample_rate, **info))
    return seams_of(engine, clips, settings, report)


def seams_of(
    engine: Engine, clips: Sequence[Clip], settings: EvalSettings, report: Report
) -> tuple[Seam, ...]:
    """Return the seams of outpainted clips and, for comparison, of clips butted to one another."""
    made, spliced = [], []
    for number, clip in enumerate(clips):
        context = Context(
            clip=lambda _, clip=clip: clip,  # type: ignore[misc]
            progress=lambda step, steps: None,
            warn=lambda text: None,
            tempo=clip.info.bpm or 120.0,
            beats=BEATS_A_BAR,
            seed=settings.seed + number,
        )
        longer = engine.run(Outpaint(src=clip.info.name, seconds=3.0, steps=settings.many), context)
        made.append(metrics.seam_steps(longer.samples, clip.info.frames))
        other = clips[(number + 1) % len(clips)].samples
        splice = np.concatenate([clip.samples, other[len(other) // 2 :]])
        spliced.append(metrics.seam_steps(splice, clip.info.frames))
        report(f"seams: {number + 1} of {len(clips)}")
    return tuple(
        Seam(
            name,
            typical=float(np.median([row[0] for row in rows])),
            loud=float(np.median([row[1] for row in rows])),
            clips=len(clips),
        )
        for name, rows in (("outpainted", made), ("hard splice", spliced))
    )
