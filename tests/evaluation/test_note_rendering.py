"""The figures of the engines of notes, on networks and sounds whose figures are known."""

from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.image import imread

from msanii_live.dsp.mel import MelSpec
from msanii_live.engines.mel2mel.network import Mel2Mel, Mel2MelConfig
from msanii_live.evaluation.note_rendering import (
    InstrumentFigures,
    TimbreMorph,
    centroid,
    instruments_markdown,
    mean_row,
)
from msanii_live.evaluation.timbre_plot import brightness_and_level, draw_space, projection_plane
from msanii_live.evaluation.validation_scores import solo_scores

ROWS = [
    InstrumentFigures("piano", 0.9, 0.8, 0.6, 0.8, 0.02, 0.1),
    InstrumentFigures("organ", 0.7, 0.6, 0.2, 0.4, 0.00, 0.3),
]


def net(timbre: int) -> Mel2Mel:
    torch.manual_seed(1)
    return Mel2Mel(Mel2MelConfig(16, timbre), MelSpec(mels=32)).eval()


def test_the_table_has_shares_of_the_ceiling_and_means() -> None:
    mean = mean_row(ROWS)
    assert mean.correlation == pytest.approx(0.8)
    assert mean.ours == pytest.approx(0.4)
    lines = instruments_markdown([*ROWS, mean]).splitlines()
    assert len(lines) == 5
    assert "| 0.750 |" in lines[2]
    without = instruments_markdown([InstrumentFigures("harp", 0.9, 0.8, None, None, None, 0.1)])
    assert "None" not in without


def test_a_morph_goes_one_way_or_does_not() -> None:
    assert TimbreMorph(("a", "b"), (900.0, 1_000.0, 1_004.0, 1_003.0, 1_200.0)).monotone
    assert TimbreMorph(("a", "b"), (1_200.0, 1_000.0, 900.0)).monotone
    assert not TimbreMorph(("a", "b"), (900.0, 1_300.0, 1_000.0)).monotone


def test_the_centroid_is_where_a_sound_is() -> None:
    wave = np.sin(2 * np.pi * 1_000 * np.arange(44_100) / 44_100).astype(np.float32)
    assert centroid(wave) == pytest.approx(1_000, rel=0.04)


def test_held_out_pieces_have_no_drums_and_are_the_seeds() -> None:
    pieces = solo_scores(3, with_scores=False)
    assert [p.notes for p in pieces] == [p.notes for p in solo_scores(3, with_scores=False)]
    assert len(pieces) == 3
    assert not any(note.drum for piece in pieces for note in piece.notes)


@pytest.mark.parametrize("timbre", [2, 5])
def test_the_space_is_drawn(tmp_path: Path, timbre: int) -> None:
    model = net(timbre)
    centre, directions = projection_plane(model)
    assert directions @ directions.T == pytest.approx(torch.eye(2), abs=1e-5)
    bright, loud = brightness_and_level(model, centre[None] + torch.zeros(3, timbre))
    assert bright.shape == loud.shape == (3,)
    assert 20 < bright[0] < 20_000
    draw_space(model, tmp_path / "space.png")
    picture = imread(tmp_path / "space.png")[..., :3]
    assert picture.std() > 0.1
    with torch.no_grad():
        model.timbres.weight.add_(torch.randn_like(model.timbres.weight))
    draw_space(model, tmp_path / "moved.png")
    moved = imread(tmp_path / "moved.png")[..., :3]
    assert moved.shape != picture.shape or np.abs(moved - picture).mean() > 0.005
