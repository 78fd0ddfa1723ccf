"""The benchmark of what the engine adds counts the calls of the model, and only these."""

import pytest

from msanii_live.benchmarks.pipelines import AddedTime, ModelClock, commands_of, measure, source
from msanii_live.engines.base import EngineSettings
from msanii_live.engines.pipelines.engine import create


class Model:
    """A family whose calls return what they are given."""

    def __init__(self):
        self.encode = self.decode = self.denoise = lambda given: given


def test_only_the_models_calls_are_counted():
    model = Model()
    clock = ModelClock(model)
    assert clock.seconds == 0
    assert (model.encode(1), model.decode(2), model.denoise(3)) == (1, 2, 3)
    assert clock.seconds > 0
    assert AddedTime("generate", 2.0, 2.1).share == pytest.approx(0.05)


def test_a_command_is_measured(bench):
    engine = create(EngineSettings("cpu", name="m", weights=bench.path("stable-audio-3")))
    commands = commands_of(0.5, 1)
    assert next(iter(commands)) == "generate"
    few = {"audio2audio": commands["audio2audio"]}
    rows = list(measure(engine, few, source(44_100, 0.5), rounds=1))
    assert [row.command for row in rows] == ["audio2audio"]
    assert all(0 < row.model < row.total for row in rows)
