"""Check the level of the output: its course to the frame, its ends, and no click between two."""

import numpy as np
import pytest

from msanii_live.playback.level import OutputLevel


@pytest.mark.parametrize("shape", ["linear", "exp", "ease"])
def test_a_course_is_the_same_however_it_is_cut(shape: str) -> None:
    level = OutputLevel().moved_to(-30.0, begin=100, frames=1_000, shape=shape)
    whole = level.gains_at(0, 1_500)
    pieces = [level.gains_at(n, 7) for n in range(0, 1_498, 7)]
    assert np.array_equal(np.concatenate(pieces)[:1_498], whole[:1_498])
    assert np.all(whole[:101] == 1.0)
    assert whole[1_100:] == pytest.approx(10 ** (-30 / 20))
    assert np.all(np.diff(whole[:, 0]) <= 0)


def test_it_is_linear_in_decibels() -> None:
    level = OutputLevel().moved_to(-20.0, begin=0, frames=100, shape="linear")
    assert level.decibels_at(np.array([50]))[0] == pytest.approx(-10.0)


def test_a_new_course_goes_on_from_where_the_last_one_is() -> None:
    first = OutputLevel().moved_to(-40.0, begin=0, frames=1_000, shape="linear")
    second = first.moved_to(0.0, begin=500, frames=1_000, shape="ease")
    assert second.gains_at(500, 1)[0, 0] == pytest.approx(first.gains_at(500, 1)[0, 0])
    assert not second.is_unity(1_499)
    assert second.is_unity(1_500)


def test_the_lowest_level_is_silence() -> None:
    level = OutputLevel().moved_to(-90.0, begin=0, frames=10, shape="linear")
    assert level.gains_at(10, 5).tolist() == [[0.0]] * 5
