"""Figures 2 to 8 of the 2023 paper, redrawn with the available engines.

Every figure has a row for each engine; what the pictures mean, and what they do not, is in
docs/paper.md.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from msanii_live.audio import Clip, Samples, make_clip
from msanii_live.engines.base import Context, Engine
from msanii_live.engines.msanii2023 import write
from msanii_live.engines.msanii2023.checkpoint import CheckpointParts
from msanii_live.engines.msanii2023.features import Features2023, Features2023Config
from msanii_live.engines.msanii2023.unet import UNet2023, UNet2023Config
from msanii_live.engines.msanii2023.vocoder import Vocoder2023, Vocoder2023Config
from msanii_live.engines.registry import EngineRegistry
from msanii_live.evaluation.paper_sounds import RATE, drum_loop, piano_notes
from msanii_live.protocol.commands import (
    AudioToAudio,
    Generate,
    GenerationCommand,
    Inpaint,
    Interpolate,
    Outpaint,
)
from msanii_live.web.mel_spectrogram import mel_decibels
from msanii_live.web.plots import figure_png

SECONDS = 6.0
SPAN = (2.0, 4.0)  # seconds that are inpainted
RED = "#ff3030"
COLOURS = 64
RANGE = (-80.0, -5.0)  # dB


@dataclass(frozen=True)
class FigurePanel:
    """One clip in a figure.

    span: seconds of it that were made anew, boxed, or a line where it ends.
    """

    title: str
    samples: Samples
    span: tuple[float, float] | None = None


def draw_paper_figures(out: Path, engines: Sequence[str], device: str = "auto") -> int:
    """Draw all figures into a folder. Returns the exit status.

    engines: names or paths, as `serve --engine` takes them; "random-2023" is the 2023 system in
    small at random weights.
    Raises: ConfigError: an engine does not exist.
    """
    out.mkdir(parents=True, exist_ok=True)
    clips = {"drums": _clip(drum_loop, "drums"), "piano": _clip(piano_notes, "piano")}
    rows: dict[str, list[list[FigurePanel]]] = {}
    names: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in engines:
            path = _random_2023(Path(folder)) if name == "random-2023" else name
            registry = EngineRegistry(device, str(path))
            registry.check_default()
            engine = registry.get()
            names.append(engine.name)
            print(f"{engine.name}: ", end="", file=sys.stderr, flush=True)
            for figure, panels in figures(engine, clips).items():
                rows.setdefault(figure, []).append(panels)
                print(figure, end=" ", file=sys.stderr, flush=True)
            print(file=sys.stderr)
            engine.free()
    rows["figure-4"] = [[FigurePanel("piano", clips["piano"].samples), _drums(clips)]]
    sizes = {}
    for figure, lines in sorted(rows.items()):
        target = out / f"{figure}.png"
        target.write_bytes(draw(lines))
        sizes[target.name] = target.stat().st_size
    about = {"engines": names, "seconds": SECONDS, "bytes": sizes}
    (out / "paper.json").write_text(json.dumps(about, indent=1) + "\n")
    print(f"{len(sizes)} figures, {sum(sizes.values()) / 1e6:.2f} MB, in {out}")
    return 0


def figures(engine: Engine, clips: dict[str, Clip]) -> dict[str, list[FigurePanel]]:
    """Return what one engine makes for every figure but the fourth, which shows the sources."""
    name = engine.name

    def make(command: GenerationCommand, seed: int) -> Samples:
        return engine.run(command, _context(clips, seed)).samples

    drums, plain = clips["drums"].samples, _drums(clips)
    made: dict[str, list[FigurePanel]] = {
        "figure-2": [
            FigurePanel(f"{name}: seed {seed}", make(Generate(seconds=SECONDS), seed))
            for seed in (1, 2, 3, 4)
        ],
        "figure-3": [replace(plain, title=f"{name}: t = 0")],
        "figure-5": [],
        "figure-6": [],
        "figure-7": [plain],
        "figure-8": [plain],
    }
    for t in (100, 500, 900):
        varied = make(AudioToAudio(src="drums", strength=t / 1000), 1)
        made["figure-3"].append(FigurePanel(f"{name}: t = {t}", varied))
        mixed = make(Interpolate(a="piano", b="drums", mix=0.5, strength=t / 1000), 1)
        made["figure-6"].append(FigurePanel(f"{name}: half and half, t = {t}", mixed))
    for ratio in (0.1, 0.5, 0.9):
        mixed = make(Interpolate(a="piano", b="drums", mix=1 - ratio, strength=0.2), 1)
        made["figure-5"].append(FigurePanel(f"{name}: {ratio:g} of the piano, t = 200", mixed))
    for seed in (1, 2, 3):
        inside = make(Inpaint(src="drums", start=SPAN[0], end=SPAN[1]), seed)
        made["figure-7"].append(FigurePanel(f"{name}: seed {seed}", inside, SPAN))
        after = make(Outpaint(src="half", seconds=SECONDS / 2), seed)
        end = len(drums) / RATE
        made["figure-8"].append(FigurePanel(f"{name}: seed {seed}", after, (end / 2, end)))
    return made


def draw(rows: Sequence[Sequence[FigurePanel]]) -> bytes:
    """Return rows of mel spectrograms as one PNG with few colours."""
    columns = max(len(row) for row in rows)
    size = (min(3.4 * columns, 12.0), 1.55 * len(rows) + 0.3)
    figure = Figure(figsize=size, dpi=80, layout="constrained")
    every = figure.subplots(len(rows), columns, squeeze=False)
    for row, line in zip(rows, every, strict=True):
        for axes in line[len(row) :]:
            axes.set_visible(False)
        for panel, axes in zip(row, line, strict=False):
            _draw_panel(panel, axes)
    picture = Image.open(io.BytesIO(figure_png(figure))).convert("RGB")
    out = io.BytesIO()
    picture.quantize(COLOURS).save(out, format="png", optimize=True)
    return out.getvalue()


def _draw_panel(panel: FigurePanel, axes: Axes) -> None:
    seconds = len(panel.samples) / RATE
    mel = mel_decibels(panel.samples.mean(axis=1, dtype=np.float64), RATE)
    axes.imshow(
        mel,
        origin="lower",
        aspect="auto",
        extent=(0, seconds, 0, len(mel)),
        vmin=RANGE[0],
        vmax=RANGE[1],
        cmap="magma",
    )
    axes.set_title(panel.title, fontsize=8)
    axes.set_yticks([])
    axes.tick_params(labelsize=7)
    if panel.span is None:
        return
    start, end = panel.span
    if end >= seconds - 0.01:
        axes.axvline(start, color=RED, linewidth=3.0)  # thinner lines lose their colour below
    else:
        box = Rectangle((start, 1), end - start, len(mel) - 2, fill=False, color=RED, linewidth=1.5)
        axes.add_patch(box)


def _clip(maker: Callable[[int], Samples], name: str) -> Clip:
    return make_clip(maker(round(SECONDS * RATE)), RATE, name=name, bpm=120.0)


def _drums(clips: dict[str, Clip]) -> FigurePanel:
    return FigurePanel("drum loop", clips["drums"].samples)


def _context(clips: dict[str, Clip], seed: int) -> Context:
    half = clips["drums"].samples[: round(SECONDS * RATE) // 2]
    known = {**clips, "half": make_clip(half.copy(), RATE, name="half", bpm=120.0)}
    return Context(
        clip=known.__getitem__,
        progress=lambda step, steps: None,
        warn=lambda text: None,
        tempo=120.0,
        beats=4,
        seed=seed,
    )


def _random_2023(folder: Path) -> Path:
    """Write the 2023 system in small at random weights, with statistics of the sources' mels."""
    torch.manual_seed(0)
    config = UNet2023Config(
        width=32,
        multipliers=(1, 1, 1),
        timestep_width=32,
        heads=4,
        has_attention=(False, False, True),
        has_resampling=(True, True, False),
        block_layers=(1, 1, 1),
    )
    features = Features2023(Features2023Config()).train()
    frames = round(SECONDS * RATE)
    sounds = np.stack([drum_loop(frames).T, piano_notes(frames).T])
    features.mel(torch.from_numpy(sounds))
    parts = CheckpointParts(
        UNet2023(config), Vocoder2023(Vocoder2023Config(width=32)), features.eval()
    )
    write(folder / "random-2023", parts)
    return folder / "random-2023"
