"""Check the course of curves."""

import itertools

import pytest

from msanii_live.timing.curve import Curve


@pytest.mark.parametrize("shape", ["linear", "exp", "ease"])
def test_a_curve_runs_from_one_end_to_the_other_and_never_back(shape: str) -> None:
    curve = Curve(2.0, -1.0, begin=10.0, beats=8.0, shape=shape)
    course = [curve.value_at(9.0 + n / 10) for n in range(101)]
    assert course[0] == curve.value_at(10.0) == 2.0
    assert course[-1] == curve.value_at(18.0) == -1.0
    assert all(b <= a for a, b in itertools.pairwise(course))
    assert not curve.is_over(17.9)
    assert curve.is_over(18.0)


def test_the_shapes_differ_as_they_are_named() -> None:
    middle = {s: Curve(0.0, 1.0, 0.0, 2.0, s).value_at(1.0) for s in ("linear", "exp", "ease")}
    assert middle["linear"] == middle["ease"] == 0.5
    assert middle["exp"] < 0.2
    assert Curve(0.0, 1.0, 0.0, 4.0, "ease").value_at(1.0) < 0.25


def test_a_step_jumps_at_its_end() -> None:
    curve = Curve(0.0, 1.0, begin=0.0, beats=4.0, is_step=True)
    assert (curve.value_at(3.99), curve.value_at(4.0)) == (0.0, 1.0)
