"""Write the pictures of the README and docs/benchmarks.md."""

from __future__ import annotations

from pathlib import Path

import torch

from msanii_live.dsp.device import precision
from msanii_live.engines.mel_flow.weights import FlowModel
from msanii_live.engines.vocabulary import STYLES
from msanii_live.evaluation.settings import EvalSettings
from msanii_live.evaluation.validation_windows import draw_windows, sample_windows, with_statistics
from msanii_live.training.data.dataset import DataSet
from msanii_live.web.plots import MelPanel, mel_grid_png


def write_pictures(
    folder: Path, data: DataSet, model: FlowModel, settings: EvalSettings
) -> list[Path]:
    """Write continuation.png and styles.png into a folder; returns their paths.

    Raises: ValueError: the test split is empty.
    """
    data = with_statistics(data, model)
    if not data.split("test"):
        raise ValueError("the data set needs a test split")
    folder.mkdir(parents=True, exist_ok=True)
    with torch.inference_mode(), precision(model.mean.device):
        drawn = {
            "continuation.png": _continuations(data, model, settings),
            "styles.png": _styles(data, model, settings),
        }
    for name, content in drawn.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in drawn]


def _mid(data: DataSet, mels: torch.Tensor, index: int, title: str, seam: float | None) -> MelPanel:
    mel = mels[index, 0].numpy() * data.deviation[0][:, None] + data.mean[0][:, None]
    return MelPanel(title, mel, seam)


def _draw(data: DataSet, rows: list[list[MelPanel]]) -> bytes:
    spec = data.spec
    return mel_grid_png(rows, spec.hop / spec.sample_rate, spec.f_min, spec.f_max)


def _continuations(data: DataSet, model: FlowModel, settings: EvalSettings) -> bytes:
    """Draw three held-out windows beside their first halves continued."""
    config = model.net.config
    half = config.window // 2 // config.patch * config.patch
    test = data.split("test")
    # The first three pieces of different styles: pieces of one style may lie side by side.
    firsts = {piece.style: piece for piece in reversed(test)}
    windows = draw_windows(data, list(firsts.values())[:3], 3, config.window, settings.seed)
    made = sample_windows(
        model,
        windows.mels,
        half - config.patch,
        windows.conditions,
        steps=settings.many,
        seed=settings.seed,
        guidance=settings.guidance,
        batch=settings.batch,
    )
    seam = half * data.spec.hop / data.spec.sample_rate
    return _draw(
        data,
        [
            [
                _mid(data, windows.mels, i, f"{piece.style}: the true one", seam),
                _mid(data, made, i, f"{piece.style}: continued by the network", seam),
            ]
            for i, piece in enumerate(windows.pieces)
        ],
    )


def _styles(data: DataSet, model: FlowModel, settings: EvalSettings) -> bytes:
    """Draw one held-out window of each style beside one made with its conditions."""
    found = {piece.style: piece for piece in data.split("test")}
    pieces = [found[style] for style in STYLES if style in found]
    windows = draw_windows(data, pieces, len(pieces), model.net.config.window, settings.seed)
    made = sample_windows(
        model,
        torch.zeros_like(windows.mels),
        0,
        windows.conditions,
        steps=settings.many,
        seed=settings.seed,
        guidance=settings.guidance,
        batch=settings.batch,
    )
    panels = [
        [
            _mid(data, windows.mels, i, f"{piece.style}: real", None),
            _mid(data, made, i, f"{piece.style}: generated", None),
        ]
        for i, piece in enumerate(pieces)
    ]
    # Two styles a row: real and generated, real and generated.
    rows = [
        [panel for pair in panels[i : i + 2] for panel in pair] for i in range(0, len(panels), 2)
    ]
    return _draw(data, rows)
