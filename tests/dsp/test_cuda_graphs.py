"""Recorded calls: on a CPU a recording runs the same call again, on the same memory."""

import torch
from torch import nn

from msanii_live.dsp import cuda_graphs
from msanii_live.dsp.cuda_graphs import GraphedForward, use_graphs


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


def test_a_recording_that_fails_or_computes_something_else_is_not_used():
    for recorder in (Recorder(fails=True), Recorder(spoil=1.0)):
        graphed = GraphedForward(forward, recorder, "cpu")
        for _ in range(3):
            torch.testing.assert_close(graphed(torch.ones(2)), 2 * torch.ones(2))
        assert graphed.recordings == 0


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
