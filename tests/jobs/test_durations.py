"""Check that the expected duration of a task grows with its length and steps, and is learnt."""

import pytest

from msanii_live.jobs.durations import OVERHEAD, DurationEstimates, expected_seconds
from msanii_live.protocol.commands import (
    AudioToAudio,
    Generate,
    Inpaint,
    Interpolate,
    Outpaint,
    Render,
    Vocode,
)

LENGTHS = {"loop": 4.0, "song": 90.0}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (Generate(), 6.0),
        (Generate(seconds=120.0), 120.0),
        (Generate(bars=4.0, bpm=60.0), 16.0),
        (Generate(bars=4.0), 8.0),
        (Outpaint(src="loop", seconds=3.0, keep=0), 3.0),
        (Outpaint(src="loop", seconds=3.0, keep=1), 7.0),
        (Inpaint(src="song", start=1.0, end=2.0), 90.0),
        (AudioToAudio(src="loop"), 4.0),
        (AudioToAudio(src="nobody-knows"), 6.0),
        (Interpolate(a="loop", b="song"), 90.0),
        (Vocode(src="song"), 90.0),
        (Render(midi="x", seconds=11.0), 11.0),
        (Render(midi="x"), 6.0),
    ],
)
def test_the_expected_length_of_each_command(command, expected):
    assert expected_seconds(command, 120.0, 4, LENGTHS.get) == pytest.approx(expected)


@pytest.mark.parametrize("warm_up", [None, 0.0, 0.2, 3.0])
@pytest.mark.parametrize(("seconds", "steps"), [(6.0, 4), (60.0, 4), (120.0, 16), (190.0, 64)])
def test_a_longer_task_or_one_of_more_steps_takes_longer(warm_up, seconds, steps):
    durations = DurationEstimates()
    if warm_up is not None:
        durations.set_warm_up(warm_up)
    one = durations.get(Generate(steps=steps), seconds)
    assert durations.get(Generate(steps=steps), 2 * seconds) - OVERHEAD == pytest.approx(
        2 * (one - OVERHEAD)
    )
    assert durations.get(Generate(steps=2 * steps), seconds) > 1.4 * one


@pytest.mark.parametrize(
    ("length", "steps", "took", "asked", "expected"),
    [
        (6.0, 16, 0.87, (120.0, 16), 16.5),
        (6.0, 4, 0.32, (120.0, 4), 5.5),
        (60.0, 16, 8.0, (6.0, 16), 0.85),
        (1.0, 4, 0.1, (60.0, 16), 7.6),
    ],
)
def test_one_task_foretells_the_next_of_another_size(length, steps, took, asked, expected):
    durations = DurationEstimates()
    durations.add(Generate(steps=steps), length, steps, took)
    assert durations.get(Generate(steps=asked[1]), asked[0]) == pytest.approx(expected, rel=0.05)


def test_each_address_and_engine_is_learnt_by_itself():
    durations = DurationEstimates()
    for _ in range(10):
        durations.add(Generate(engine="slow", steps=10), 10.0, 10, 20.0)
        durations.add(Generate(engine="fast", steps=10), 10.0, 10, 0.2)
        durations.add(Vocode(src="a", engine="slow", steps=10), 10.0, 10, 2.0)
    assert durations.get(Generate(engine="slow", steps=10), 10.0) == pytest.approx(20.0, rel=0.05)
    assert durations.get(Generate(engine="fast", steps=10), 10.0) == pytest.approx(0.2, rel=0.05)
    assert durations.get(Vocode(src="a", engine="slow", steps=10), 10.0) == pytest.approx(
        2, rel=0.05
    )
    other = durations.get(Inpaint(src="a", start=0.0, end=1.0, engine="slow", steps=10), 10.0)
    assert 2.0 < other < 20.0


def test_the_steps_of_an_engine_are_learnt_where_commands_give_none():
    durations = DurationEstimates()
    durations.add(Generate(), 6.0, 50, 5.0)
    assert durations.get(Generate(), 6.0) == pytest.approx(5.0, rel=0.05)
    assert durations.get(Generate(steps=5), 6.0) < 1.0


@pytest.mark.parametrize("parts", [1, 3, 40])
def test_the_steps_of_the_parts_of_a_long_clip_are_not_steps_of_each_second(parts):
    durations = DurationEstimates()
    durations.add(Generate(steps=4), 6.0 * parts, 4 * parts, 0.3 * parts)
    assert durations.get(Generate(steps=4), 6.0) == pytest.approx(0.3, rel=0.2)
    durations.add(Generate(engine="x"), 6.0, 8, 0.5)
    durations.add(Generate(engine="x"), 6.0 * parts, 8 * parts, 0.5 * parts)
    assert durations.get(Generate(engine="x"), 6.0) == pytest.approx(0.5, rel=0.2)
    assert durations.get(Generate(engine="x", steps=16), 6.0) == pytest.approx(0.8, rel=0.2)


def test_before_any_task_the_steps_of_the_engine_count():
    durations = DurationEstimates(steps_of={"": 4, "slow": 50}.get)
    durations.set_warm_up(0.36)  # of a size of 36
    assert durations.get(Generate(), 6.0) == pytest.approx(OVERHEAD + 0.48)
    assert durations.get(Generate(engine="slow"), 6.0) == pytest.approx(OVERHEAD + 3.24)
    assert durations.get(Generate(steps=16), 6.0) == pytest.approx(OVERHEAD + 1.2)
