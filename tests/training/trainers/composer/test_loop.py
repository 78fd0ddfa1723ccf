from dataclasses import replace

import pytest
import torch

from msanii_live.engines.composer.network import ComposerNet, NetworkConfig
from msanii_live.training.trainers.composer.loop import (
    CHECKPOINT,
    Training,
    begin,
    save,
    take_step,
    train,
)
from msanii_live.training.trainers.composer.pieces import gather
from msanii_live.training.trainers.composer.step_batches import StepBatches
from msanii_live.training.trainers.composer.windows import Windows
from tests.training.trainers.composer.pieces import STYLES, made

TINY = NetworkConfig(styles=STYLES, width=32, blocks=1, heads=2, hidden=64)
QUICK = Training(steps=8, batch=2, warm_up=2)


@pytest.fixture(scope="module")
def windows():
    return Windows(gather((made(seed) for seed in range(4)), STYLES), len(STYLES))


def fresh(folder, training=QUICK):
    torch.manual_seed(0)
    return begin(ComposerNet(TINY), training, folder)


def batch_at(windows, step, training):
    return StepBatches(windows, training.batch, training.seed)[step]


def test_processes_draw_the_same_batches(windows):
    batches = StepBatches(windows, 2, seed=1)
    ahead = batches.from_step(3, workers=2)
    for step in (3, 4, 5):
        one, other = batches[step], next(ahead)
        assert torch.equal(one.rolls, other.rolls)
        assert torch.equal(one.conditions.bars, other.conditions.bars)


def test_a_resumed_run_ends_with_the_weights_of_an_unbroken_one(windows, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    unbroken = fresh(whole)
    assert train(unbroken, windows, QUICK, whole, lambda line: None)
    state = fresh(broken)
    for _ in range(5):
        take_step(state, batch_at(windows, state.step, QUICK), QUICK)
    save(state, QUICK, broken)
    resumed = fresh(broken)
    assert resumed.step == 5
    assert train(resumed, windows, QUICK, broken, lambda line: None)
    for name, value in unbroken.average.state_dict().items():
        assert torch.equal(value, resumed.average.state_dict()[name]), name
    assert torch.load(broken / CHECKPOINT, weights_only=True)["step"] == 8


def test_a_few_pieces_are_learnt_by_heart(windows, tmp_path):
    training = Training(steps=150, batch=4, warm_up=10, muon=0.03, adam=1e-2)
    state = fresh(tmp_path, training)
    losses = [
        take_step(state, batch_at(windows, step, training), training)
        for step in range(training.steps)
    ]
    assert sum(losses[:5]) / 5 > 2
    assert sum(losses[-20:]) / 20 < 1.2


def test_a_signal_stops_the_run_and_saves(windows, tmp_path):
    import os
    import signal

    state = fresh(tmp_path)
    steps_seen = []

    def stop(state):
        steps_seen.append(state.step)
        os.kill(os.getpid(), signal.SIGTERM)
        return {}

    often = replace(QUICK, steps=1000, every=0.0)
    assert not train(state, windows, often, tmp_path, lambda line: None, stop_once(stop))
    assert 1 <= state.step <= 3
    assert torch.load(tmp_path / CHECKPOINT, weights_only=True)["step"] == state.step


def stop_once(stop):
    """Call `stop` at the first checkpoint only."""
    called = []

    def on_checkpoint(state):
        if not called:
            called.append(True)
            return stop(state)
        return {}

    return on_checkpoint


def test_the_rate_rises_stays_and_falls():
    training = Training(warm_up=10, decay=0.5)
    assert training.share_at(0, 0.0) == pytest.approx(0.1)
    assert training.share_at(100, 0.4) == 1.0
    assert training.share_at(100, 0.75) == pytest.approx(0.5)
    assert training.share_at(100, 1.0) == pytest.approx(0.02)
