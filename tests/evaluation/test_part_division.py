"""The measures of stems, width and velocity, on sounds whose figures are known."""

import numpy as np
import pytest
import torch

from msanii_live.audio import make_clip
from msanii_live.dsp.mel import MelSpec
from msanii_live.engines.base import Context
from msanii_live.engines.note_diffusion.network import NoteDiffusion, NoteDiffusionConfig
from msanii_live.engines.notes.played_parts import PlayedParts
from msanii_live.evaluation.part_division import (
    PHRASES,
    VELOCITIES,
    bleed_of,
    levels_of_phrases,
    phrases,
    played_bleed,
    predicted_levels,
    width,
)
from msanii_live.notes import PARTS, Note, Score
from msanii_live.protocol.commands import Render


def test_bleed_is_the_energy_of_the_others() -> None:
    bins = torch.zeros(2, 1, 4, dtype=torch.complex64)
    bins[0, 0, :2], bins[1, 0, 1:] = 2.0, 1.0
    whole = torch.ones(1, 4)
    assert bleed_of(whole, bins, 0) == pytest.approx(10 * np.log10(3 / 8), abs=0.01)
    assert bleed_of(torch.tensor([[1.0, 0.0, 0.0, 0.0]]), bins, 0) <= -89.9
    assert bleed_of(0.1 * whole, bins, 1) == pytest.approx(10 * np.log10(8 / 3), abs=0.01)


class OnePlayer:
    """A player whose parts hear each other a little: each has a hundredth of the others."""

    def render_parts(self, score: Score, command: Render, context: Context) -> PlayedParts:
        waves = {part: np.eye(len(PARTS), 9)[PARTS.index(part)] for part in score.parts}
        total = np.sum(list(waves.values()), axis=0)
        stems = {
            part: (0.99 * wave + 0.01 * total)[:, None].repeat(2, 1).astype(np.float32)
            for part, wave in waves.items()
        }
        return PlayedParts(make_clip(sum(stems.values()), 44_100), stems)


def test_bleed_of_parts_played_one_by_one_is_what_the_others_change() -> None:
    notes = (Note(0.0, 1.0, 40, 90, 33), Note(0.0, 1.0, 60, 90, 0), Note(0.0, 1.0, 36, 90, 0, True))
    found = played_bleed(OnePlayer(), Score(notes, 1.0))  # type: ignore[arg-type]
    assert found == pytest.approx(dict.fromkeys(("drums", "bass", "chords"), -36.99), abs=0.01)


def test_width_is_of_the_side_over_the_middle() -> None:
    rng = np.random.default_rng(1)
    middle, side = rng.normal(size=(2, 40_000)).astype(np.float32)
    wide = np.stack([middle + 0.1 * side, middle - 0.1 * side], axis=1)
    assert width(wide) == pytest.approx(-20.0, abs=0.2)
    assert width(np.stack([middle, middle], axis=1)) <= -89.9


@pytest.mark.parametrize("name", list(PHRASES))
def test_levels_of_phrases_are_below_the_last(name: str) -> None:
    score = phrases(name, VELOCITIES)
    assert sorted({note.velocity for note in score.notes}) == list(VELOCITIES)
    wave = np.zeros(round(score.seconds * 1_000), np.float32)
    for note in score.notes:
        wave[round(note.start * 1_000)] = (note.velocity / 127) ** 2
    wanted = [40 * np.log10(velocity / 127) for velocity in VELOCITIES]
    assert levels_of_phrases(wave, len(VELOCITIES)) == pytest.approx(wanted, abs=0.01)


def test_levels_are_predicted_for_every_frame_of_every_part() -> None:
    sizes = NoteDiffusionConfig(
        window=40, width=16, heads=2, inner=16, blocks=1, context_blocks=1, lane=2, detail=8,
        detail_blocks=1, part_lane=2, part_detail=8,
    )  # fmt: skip
    net = NoteDiffusion(sizes, MelSpec(mels=8)).eval()
    score = Score((Note(0.0, 1.0, 40, 90, 33), Note(0.0, 1.0, 60, 90, 0)), 1.2)
    found = predicted_levels(net, score, torch.zeros(104, 8))
    assert found is not None
    assert found.shape == (2, 104, 8)
    assert predicted_levels(net, Score(score.notes[:1], 1.2), torch.zeros(104, 8)) is None
