"""Draw the space of timbres: where the instruments lie, and how bright and loud it is between."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray

from msanii_live.engines.mel2mel.brightness import spectral_centroid
from msanii_live.engines.mel2mel.network import Mel2Mel, piano_rolls
from msanii_live.notes import Note

GRID = 33  # places to either axis
MARGIN = 0.25  # beyond the outermost instruments, as a part of the plane's size
_CHORD = tuple(Note(0.3 * n, 0.3 * n + 1.0, key, 90) for n, key in enumerate((48, 60, 64, 67, 76)))
_SECONDS = 3.0


def projection_plane(net: Mel2Mel) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the plane of a space on which its instruments lie furthest apart.

    Returns its origin, (dimensions,), and two directions, (2, dimensions). A space of two
    dimensions is drawn as it is.
    """
    points = net.timbres.weight.detach().float()
    if points.shape[1] == 2:
        return torch.zeros(2), torch.eye(2)
    centre = points.mean(0)
    _, _, directions = torch.linalg.svd(points - centre, full_matrices=False)
    return centre, directions[:2]


@torch.inference_mode()
def brightness_and_level(
    net: Mel2Mel, timbres: torch.Tensor
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return brightness, Hz, and level, dB, of a broken chord. timbres: (count, dimensions)."""
    spec = net.spec
    count = spec.mel_frames(round(_SECONDS * spec.sample_rate))
    drawn = piano_rolls(_CHORD, count, spec.hop / spec.sample_rate)
    bright, loud = [], []
    for part in torch.split(timbres, 64):
        mel = net(drawn.expand(len(part), -1, -1), part)
        power = (2 * mel).double().exp()
        bright.append(spectral_centroid(mel, spec))
        loud.append(10 * power.mean((1, 2)).clamp_min(1e-12).log10())
    return torch.cat(bright).numpy(), torch.cat(loud).numpy()


def draw_space(net: Mel2Mel, path: Path) -> None:
    """Write a picture with two maps, of brightness and of level, with the instruments' places."""
    centre, directions = projection_plane(net)
    points = (net.timbres.weight.detach() - centre) @ directions.T
    low, high = points.min(0).values, points.max(0).values
    edge = MARGIN * (high - low)
    xs = torch.linspace(float(low[0] - edge[0]), float(high[0] + edge[0]), GRID)
    ys = torch.linspace(float(low[1] - edge[1]), float(high[1] + edge[1]), GRID)
    places = torch.stack(torch.meshgrid(xs, ys, indexing="xy"), dim=-1).reshape(-1, 2)
    maps = brightness_and_level(net, centre + places @ directions)
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    titles = ("Spectral centroid, Hz", "Level, dB")
    for axes, values, title in zip(figure.subplots(1, 2), maps, titles, strict=True):
        drawn = axes.contourf(xs, ys, values.reshape(GRID, GRID), levels=24, cmap="viridis")
        axes.plot(points[:, 0], points[:, 1], "o", color="white", markeredgecolor="black")
        for name, (x, y) in zip(net.config.instruments, points.tolist(), strict=True):
            axes.annotate(
                name, (x, y), xytext=(4, 4), textcoords="offset points", color="white", size=8
            )
        axes.set_title(title)
        axes.set_xticks([])
        axes.set_yticks([])
        figure.colorbar(drawn, ax=axes)
    figure.savefig(path, dpi=110)
