"""The evaluations of the command line: run, print the tables, write the figures."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import torch

from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS, VocoderRegistry
from msanii_live.dsp.vocoding import VocoderSettings
from msanii_live.engines.mel_flow.engine import WEIGHTS, MelFlowEngine
from msanii_live.engines.mel_flow.weights import load as load_model
from msanii_live.errors import ConfigError
from msanii_live.evaluation import evaluate as evaluation
from msanii_live.evaluation.gallery import write_pictures
from msanii_live.evaluation.report_plot import plot_evaluation
from msanii_live.evaluation.validation_clips import cut_validation_clips
from msanii_live.evaluation.vocoders import (
    available_networks,
    measure_vocoders,
    vocoder_variants,
    vocoders_markdown,
)
from msanii_live.training.data.dataset import DataSet
from msanii_live.training.data.dataset import load as load_dataset


def _print_progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _data(source: Path) -> DataSet:
    try:
        return load_dataset(source)
    except FileNotFoundError:
        raise ConfigError(
            f"{source} holds no data set: build one with `msanii-live data build {source}`"
        ) from None


def report_vocoders(source: Path, engine: Path | None, out: Path | None, count: int) -> int:
    """Compare the vocoders on held-out clips; print the table. Returns the status.

    engine: a folder whose vocoders take precedence over those that ship. count: number of clips.
    """
    data = _data(source)
    try:
        clips = cut_validation_clips(data, count)
    except ValueError as error:
        raise ConfigError(f"{source}: {error}; build it with `msanii-live data build`") from None
    known = VocoderRegistry((engine or SHIPPED_WEIGHTS) / WEIGHTS, "griffin-lim", VocoderSettings())
    cpu = torch.device("cpu")
    nets = available_networks(lambda name: known.vocoder(name, data.spec, cpu), _print_progress)
    rows = measure_vocoders(vocoder_variants(nets), clips, data.spec, report=_print_progress)
    words = vocoders_markdown(rows)
    print(words)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        figures = [asdict(row) for row in rows]
        (out / "vocoders.json").write_text(json.dumps({"voices": figures}, indent=1) + "\n")
        (out / "vocoders.md").write_text(words + "\n")
    return 0


def report_eval(source: Path, weights: Path | None, out: Path | None) -> int:
    """Evaluate weights on the held-out pieces; print the tables. Returns the status."""
    held_out = _data(source)
    path = weights or SHIPPED_WEIGHTS / WEIGHTS
    model = load_model(path, torch.device("cpu"))
    settings = evaluation.EvalSettings()
    found = evaluation.evaluate(
        held_out, model, settings, engine=MelFlowEngine("cpu", path), report=_print_progress
    )
    print(evaluation.report_markdown(found))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        figures = found.as_dict()
        (out / "eval.json").write_text(json.dumps(figures, indent=1) + "\n")
        plotted = (
            {"distances": figures["distances"], **asdict(found.sound)} if found.sound else figures
        )
        (out / "eval.png").write_bytes(plot_evaluation(plotted))
        for picture in write_pictures(out, held_out, model, settings):
            _print_progress(str(picture))
    return 0
