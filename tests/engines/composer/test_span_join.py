"""How loud a span is where it meets the clip around it."""

import numpy as np
import pytest

from msanii_live.engines.composer.span_join import LEAD, RATE, SEAM_GAIN, plan_join

START, END = 4 * RATE, 7 * RATE
ORIGIN = round(LEAD * RATE) - START


def noise(seed):
    """Return stereo noise of eight seconds."""
    wave = np.random.default_rng(seed).normal(size=(8 * RATE, 2)) * 0.05
    return wave.astype(np.float32)


def test_the_same_sound_goes_on_at_the_clip_s_level():
    old = noise(0)
    made = old[-ORIGIN:].copy()
    made[:RATE] *= 0.2  # notes that began before are missing in the lead
    made *= 0.25
    made[START + ORIGIN : END + ORIGIN] *= 3.0  # the new notes are louder
    join = plan_join(old, made, START, END, ORIGIN)
    assert join.late == 0
    assert join.gains[0] == pytest.approx(12.04, abs=0.1)
    assert join.gains[0] - join.gains[1] > SEAM_GAIN, "it may differ more than for another sound"
    assert join.gains[2] == pytest.approx(12.04, abs=0.1)


def test_silence_at_a_seam_leaves_the_gain_of_the_span():
    old = noise(0)
    made = np.zeros_like(old[-ORIGIN:])
    made[START + ORIGIN : END + ORIGIN] = noise(1)[START:END]
    join = plan_join(old, made, START, END, ORIGIN)
    assert max(map(abs, join.gains)) < SEAM_GAIN, "silence at a seam tells no gain"


def test_another_sound_differs_by_a_bounded_gain_at_the_seam():
    old, made = noise(0), noise(1)[-ORIGIN:] * np.float32(0.25)
    made[START + ORIGIN : END + ORIGIN] *= 3.0
    join = plan_join(old, made, START, END, ORIGIN)
    assert abs(join.gains[0] - join.gains[1]) <= 2 * SEAM_GAIN
    assert join.gains[0] < 10.0
