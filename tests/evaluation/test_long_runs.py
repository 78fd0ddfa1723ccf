import numpy as np
import pytest

from msanii_live.audio import make_clip
from msanii_live.evaluation.long_runs import (
    compare_with_ends,
    continue_repeatedly,
    drift_markdown,
    interpolations_markdown,
    measure_drift,
    measure_interpolations,
)
from tests.evaluation.sounds import RATE, clicks, small_engine, tone, validation_clip

__all__ = ["small_engine"]


class HalvingEngine:
    """An engine that continues with the end of the source at half the level."""

    def __init__(self):
        self.bars = []

    def run(self, command, context):
        source = context.clip(command.src)
        self.bars.append(source.info.bar_offset)
        new = source.samples[-round(command.seconds * RATE) :] / 2
        return make_clip(np.concatenate([source.samples, new]).astype(np.float32), RATE)


def test_a_chain_that_halves_loses_6_db_a_link():
    clip = validation_clip(tone(440, 8), tone(440, 8), 2.0)
    rows = measure_drift(HalvingEngine(), [clip], [4], links=3, seconds=1.0)
    made = [r for r in rows if r.name == "4 steps"]
    assert [r.link for r in made] == [1, 2, 3]
    assert [r.level_db for r in made] == pytest.approx([-6.02, -12.04, -18.06], abs=0.05)
    assert all(r.centroid == pytest.approx(1, abs=0.02) for r in made)
    assert made[0].mel < made[1].mel < made[2].mel
    true = [r for r in rows if r.name == "the true continuation"]
    assert [r.link for r in true] == [1, 2, 3]
    assert all(abs(r.level_db) < 0.1 for r in true)
    assert all(r.mel < 0.5 * made[0].mel for r in true)
    assert "| 4 steps | 3 | -18.1 |" in drift_markdown(rows)


def test_a_chain_keeps_count_of_the_bar():
    engine = HalvingEngine()
    clip = validation_clip(clicks(0.5, 4), clicks(0.5, 4), 2.0, bar_offset=0.75).clip
    made = continue_repeatedly(engine, clip, 3, 1.0, 4, 0)
    assert [len(part) for part in made] == [RATE] * 3
    assert engine.bars == pytest.approx([0.75, 0.25, 0.75])  # half a bar a second at 120 bpm


def test_a_chain_of_the_engine_differs_from_link_to_link(small_engine):
    clip = validation_clip(clicks(0.5, 4), clicks(0.5, 4), 2.0).clip
    first, second = continue_repeatedly(small_engine, clip, 2, 0.5, 1, 0)
    assert len(first) == len(second) == RATE // 2
    assert np.abs(first - second).max() > 1e-3


def test_paths_that_turn_back_are_not_monotone():
    a, b = (make_clip(tone(f, 1), RATE, name=str(f)) for f in (300, 2_000))
    mixes = (0.0, 0.5, 1.0)
    fade = [np.float32(1 - m) * a.samples + np.float32(m) * b.samples for m in mixes]
    there = compare_with_ends(a, b, 4, mixes, fade)
    assert there.monotone
    assert there.to_a[0] == there.to_b[2] == 0
    back = compare_with_ends(a, b, 4, mixes, [a.samples, b.samples, fade[1]])
    assert not back.monotone
    text = interpolations_markdown([there, back])
    assert "1 of 2 in 4 steps" in text
    assert "| 4 steps, to a | 0.00 |" in text


def test_the_engine_begins_at_one_clip_and_ends_at_the_other(small_engine):
    clips = [
        validation_clip(sound, sound, 1.5, i)
        for i, sound in enumerate((tone(300, 2), clicks(0.25, 2)))
    ]
    (way,) = measure_interpolations(small_engine, clips, [1], mixes=(0.0, 0.5, 1.0))
    assert way.to_a[0] == way.to_b[2] == 0
    assert way.to_a[1] > 0.1
    assert way.to_b[1] > 0.1
