"""Runs by the wall clock: a clock that the tests move takes the place of the real one."""

import json
from dataclasses import replace

import pytest
import torch
from torch import nn

from msanii_live.training.trainers import run_clock
from msanii_live.training.trainers.loop import Schedule, TrainingInterrupted, run
from msanii_live.training.trainers.run_clock import RunClock, minutes_left

BY_STEPS = Schedule(steps=40, decay=20, warm_up=10, rate=1.0, every=10)
TWO_MINUTES = replace(BY_STEPS, minutes=2.0)


class Hands:
    """The hands of a clock that only the test moves."""

    def __init__(self):
        self.now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def hands(monkeypatch):
    clock = Hands()
    monkeypatch.setattr(run_clock, "monotonic", clock)
    return clock


class Trial:
    """A run of a tiny network whose steps take as many seconds as the test says."""

    def __init__(self, hands, folder, seconds_a_step, seconds_a_checkpoint=0.0):
        self.hands, self.folder = hands, folder
        self.seconds_a_step, self.seconds_a_checkpoint = seconds_a_step, seconds_a_checkpoint
        self.checkpoints, self.lines, self.steps = [], [], 0

    def loss(self, net, step, generator):
        self.hands.now += self.seconds_a_step
        self.steps += 1
        return net(torch.ones(1, 2)).square().sum()

    def on_checkpoint(self, step):
        self.hands.now += self.seconds_a_checkpoint
        self.checkpoints.append(step)

    def run(self, schedule):
        began = self.hands.now
        nets = [nn.Linear(2, 1) for _ in range(2)]
        run(*nets, schedule, self.folder, self.loss, lambda net: {}, self.lines.append,
            self.on_checkpoint)  # fmt: skip
        return self.hands.now - began


@pytest.mark.parametrize("seconds_a_step", [0.5, 3.0, 7.0])
def test_a_run_of_minutes_ends_by_the_clock_however_fast_its_steps(hands, tmp_path, seconds_a_step):
    trial = Trial(hands, tmp_path, seconds_a_step)
    took = trial.run(TWO_MINUTES)
    assert 120 <= took < 120 + seconds_a_step
    assert trial.steps == pytest.approx(120 / seconds_a_step, abs=1)
    assert trial.checkpoints[0] == 0  # the folder can be played before the first step
    assert trial.checkpoints[1] * seconds_a_step <= 60
    assert trial.checkpoints[-1] == trial.steps


def test_checkpoints_are_within_the_minutes(hands, tmp_path):
    trial = Trial(hands, tmp_path, 1.0, seconds_a_checkpoint=10.0)
    took = trial.run(TWO_MINUTES)
    assert 118 <= took <= 122
    assert len(trial.checkpoints) == 3


def test_a_resumed_run_goes_on_with_the_minutes_that_are_left(hands, tmp_path):
    first = Trial(hands, tmp_path, 2.0)
    half = replace(TWO_MINUTES, minutes=1.0)
    first.run(half)
    hands.now += 5_000  # the machine was off
    second = Trial(hands, tmp_path, 2.0)
    assert 60 <= second.run(TWO_MINUTES) < 62
    assert "resumed at step 30" in second.lines
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert rows[-1]["step"] == 60
    assert 120 <= rows[-1]["seconds"] < 122
    third = Trial(hands, tmp_path, 2.0)
    assert third.run(TWO_MINUTES) == 0
    assert third.steps == 0
    assert any("more --minutes" in line for line in third.lines)


def test_an_interrupted_run_keeps_its_time(hands, tmp_path):
    import signal

    trial = Trial(hands, tmp_path, 2.0)
    plain = trial.loss

    def loss(net, step, generator):
        if trial.steps == 9:
            signal.raise_signal(signal.SIGINT)
        return plain(net, step, generator)

    trial.loss = loss
    with pytest.raises(TrainingInterrupted, match="step 10"):
        trial.run(TWO_MINUTES)
    rest = Trial(hands, tmp_path, 2.0)
    assert 100 <= rest.run(TWO_MINUTES) < 102


def test_the_rate_follows_the_share_of_the_minutes():
    assert TWO_MINUTES.rate_at(0, 0.0) == pytest.approx(0.1)
    assert TWO_MINUTES.rate_at(1, 0.05) == pytest.approx(0.5)  # slow steps: warm by the clock
    assert TWO_MINUTES.rate_at(1, 0.1) == 1.0
    assert TWO_MINUTES.rate_at(2, 0.5) == 1.0
    assert TWO_MINUTES.rate_at(3, 0.75) == pytest.approx(0.5)  # the last half, as of the steps
    assert TWO_MINUTES.rate_at(900, 0.75) == pytest.approx(0.5)
    assert TWO_MINUTES.rate_at(4, 1.0) == 0.0


def test_without_minutes_all_goes_by_the_steps(hands, tmp_path):
    assert BY_STEPS.rate_at(4, 4 / 40) == pytest.approx(0.5)
    assert BY_STEPS.rate_at(12, 12 / 40) == 1.0
    assert BY_STEPS.rate_at(30, 30 / 40) == pytest.approx(0.5)
    trial = Trial(hands, tmp_path, 100.0)
    trial.run(BY_STEPS)
    assert trial.checkpoints == [0, 10, 20, 30, 40]
    clock = RunClock(BY_STEPS)
    hands.now += 1_000
    assert clock.share(10) == 0.25


def test_the_time_that_the_data_took_is_taken_off(hands):
    started = hands.now
    hands.now += 120
    assert minutes_left(10, started) == pytest.approx(8)
    assert minutes_left(1, started) == pytest.approx(0.25)  # never nothing
    assert minutes_left(0, started) == 0
