"""Recorded calls: on a CPU a recording runs the same call again, on the same memory."""

import logging
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from msanii_live.dsp import cuda_graphs
from msanii_live.dsp.cuda_graphs import GraphedForward, use_graphs, without_graphs
from msanii_live.engines.base import EngineSettings, standalone_context
from msanii_live.engines.mel_flow import tasks
from msanii_live.engines.mel_flow.engine import create
from msanii_live.protocol.commands import Generate


class Recorder:
    """What records on a CPU: `play` runs the call again and writes into its first result."""

    def __init__(self, spoil=0.0, fails=False):
        self.recorded = self.replayed = 0
        self._spoil, self._fails = spoil, fails

    def __call__(self, run):
        if self._fails:
            raise RuntimeError("operation not permitted when stream is capturing")
        self.recorded += 1
        result = run()

        def replay():
            self.replayed += 1
            result.copy_(run() + self._spoil)

        return replay, result


def forward(x, scale=2.0):
    return x * scale


def test_each_shape_is_recorded_once_and_played_back_with_new_values():
    recorder = Recorder()
    graphed = GraphedForward(forward, recorder, "cpu")
    for n in range(3):
        x = torch.full((2,), float(n))
        torch.testing.assert_close(graphed(x), 2 * x)
    assert (recorder.recorded, recorder.replayed) == (1, 3)  # the first one is a check
    first, second = graphed(torch.ones(2)), graphed(torch.zeros(2))
    torch.testing.assert_close((first, second), (2 * torch.ones(2), torch.zeros(2)))
    torch.testing.assert_close(graphed(torch.ones(3), scale=3.0), torch.full((3,), 3.0))
    torch.testing.assert_close(graphed(torch.ones(3), scale=4.0), torch.full((3,), 4.0))
    assert graphed.recordings == 3


@pytest.mark.parametrize("recorder", [Recorder(fails=True), Recorder(spoil=1.0)])
def test_a_recording_that_fails_or_computes_something_else_is_not_used(recorder, caplog):
    graphed = GraphedForward(forward, recorder, "cpu")
    with caplog.at_level(logging.WARNING):
        for size in (2, 2, 3, 4):
            torch.testing.assert_close(graphed(torch.ones(size)), 2 * torch.ones(size))
    assert graphed.recordings == 0
    assert recorder.recorded <= 1
    assert len(caplog.records) == 1
    assert "without CUDA graphs" in caplog.text


class FailingCapture:
    """A stand-in for `torch.cuda.graph` on a GPU where a kernel cannot be captured."""

    def __init__(self, graph, capture_error_mode):
        self.mode = capture_error_mode

    def __enter__(self):
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing\nadvice")

    def __exit__(self, *error):
        raise AssertionError("it was never entered")


class FakeStream:
    """A stream of work on a GPU that is not there."""

    def wait_stream(self, other):
        """Go on at once: on a CPU each operation ends before the next."""


def test_where_cuda_cannot_capture_an_engine_plays_the_same_with_one_warning(monkeypatch, caplog):
    quiet = replace(standalone_context(), seed=1)
    # With guidance, the network runs on a CPU as it does on a GPU.
    monkeypatch.setattr(tasks, "GUIDANCE", 2.0)
    command = Generate(seconds=1.0, steps=2, style="house")
    expected = create(EngineSettings("cpu", name="mel-flow")).run(command, quiet)
    monkeypatch.setattr(torch.cuda, "Stream", FakeStream)
    monkeypatch.setattr(torch.cuda, "current_stream", FakeStream)
    monkeypatch.setattr(torch.cuda, "stream", nullcontext)
    monkeypatch.setattr(torch.cuda, "CUDAGraph", object)
    monkeypatch.setattr(torch.cuda, "graph", FailingCapture)
    monkeypatch.setattr(cuda_graphs, "DEVICE", "cpu")
    engine = create(EngineSettings("cpu", name="mel-flow", cuda_graphs=True))
    with caplog.at_level(logging.WARNING):
        clips = [engine.run(command, quiet) for _ in range(2)]
    for clip in clips:
        np.testing.assert_allclose(clip.samples, expected.samples, atol=1e-3)
    warnings = [each.getMessage() for each in caplog.records]
    assert len(warnings) == 1
    assert "operation not permitted when stream is capturing (" in warnings[0]


def test_recordings_are_bounded_and_values_that_are_no_keys_run_as_ever(monkeypatch):
    monkeypatch.setattr(cuda_graphs, "MAX_GRAPHS", 2)
    recorder = Recorder()
    graphed = GraphedForward(forward, recorder, "cpu")
    for size in (1, 2, 3, 1):
        graphed(torch.ones(size))
    assert (graphed.recordings, recorder.recorded) == (2, 4)
    with_object = GraphedForward(lambda x, scale: x * max(scale), recorder, "cpu")
    torch.testing.assert_close(with_object(torch.ones(2), {2.0}), 2 * torch.ones(2))
    assert with_object.recordings == 0


def test_precisions_are_told_apart():
    recorder = Recorder()
    net = nn.Linear(4, 4).requires_grad_(False)
    graphed = GraphedForward(net.forward, recorder, "cpu")
    x = torch.ones(1, 4)
    with torch.inference_mode():
        graphed(x)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert graphed(x).dtype == torch.bfloat16
        assert graphed(x).dtype == torch.float32
    assert graphed.recordings == 2


def test_a_network_on_a_cpu_runs_as_ever():
    net = nn.Linear(4, 4).requires_grad_(False)
    x = torch.randn(3, 4)
    expected = net(x)
    use_graphs(net)
    torch.testing.assert_close(net(x), expected)
    assert net.forward.recordings == 0


def test_a_network_whose_inputs_never_come_again_is_recorded_no_more(monkeypatch, caplog):
    monkeypatch.setattr(cuda_graphs, "MAX_GRAPHS", 2)
    monkeypatch.setattr(cuda_graphs, "MAX_UNUSED", 4)
    recorder = Recorder()
    graphed = GraphedForward(forward, recorder, "cpu")
    with caplog.at_level(logging.WARNING):
        for level in range(12):
            result = graphed(torch.ones(2), scale=float(level))
            torch.testing.assert_close(result, torch.full((2,), float(level)))
    assert recorder.recorded == 6
    assert "different each time" in caplog.text


def test_what_is_counted_runs_as_ever():
    recorder = Recorder()
    graphed = GraphedForward(forward, recorder, "cpu")
    with without_graphs():
        graphed(torch.ones(2))
    assert recorder.recorded == 0
    graphed(torch.ones(2))
    with without_graphs():
        graphed(torch.ones(2))
    assert (recorder.recorded, recorder.replayed) == (1, 1)
