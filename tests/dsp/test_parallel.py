"""Pieces of work that run at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch

from msanii_live.dsp.device import override_precision, precision
from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.parallel import Relay, run_in_lockstep, run_in_parallel, run_parts
from msanii_live.dsp.vocoding import VocoderSettings, vocode_line

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_results_have_the_order_of_the_pieces() -> None:
    pieces = [lambda relay, n=n: n * n for n in range(7)]
    assert run_in_parallel(pieces, CPU) == [n * n for n in range(7)]


def test_pieces_run_at_the_same_time_with_a_share_of_the_threads() -> None:
    both = threading.Barrier(2)

    def piece(relay: Relay) -> int:
        both.wait(60)  # breaks if the other piece runs only after this one
        return torch.get_num_threads()

    assert run_in_parallel([piece, piece], CPU) == [1, 1]
    assert torch.get_num_threads() == 2


def test_pieces_compute_in_the_mode_and_precision_of_their_caller() -> None:
    def piece(relay: Relay) -> tuple[bool, torch.dtype]:
        with precision(CPU):
            product = torch.ones(2, 2) @ torch.ones(2, 2)
        return product.is_inference(), product.dtype

    with torch.inference_mode(), override_precision(torch.bfloat16):
        found = run_in_parallel([piece, piece], CPU)
    assert found == [(True, torch.bfloat16)] * 2


def test_reports_are_called_by_the_thread_that_asked() -> None:
    callers = []

    def piece(relay: Relay) -> None:
        relay(lambda: callers.append(threading.current_thread()))()

    run_in_parallel([piece] * 3, CPU)
    assert callers == [threading.current_thread()] * 3


def test_an_exception_of_a_report_ends_all_pieces() -> None:
    stopped = threading.Event()

    def refuse() -> None:
        raise RuntimeError("cancelled")

    def piece(relay: Relay) -> None:
        report = relay(refuse)
        try:
            while True:
                report()
        finally:
            stopped.set()

    with pytest.raises(RuntimeError, match="cancelled"):
        run_in_parallel([piece, piece], CPU)
    assert stopped.is_set()
    assert run_in_parallel([lambda relay: 1, lambda relay: 2], CPU) == [1, 2]


def test_an_exception_of_a_piece_is_raised() -> None:
    def fail(relay: Relay) -> int:
        raise ValueError("a piece failed")

    with pytest.raises(ValueError, match="a piece failed"):
        run_in_parallel([lambda relay: 1, fail], CPU)


def test_one_thread_runs_pieces_one_by_one() -> None:
    torch.set_num_threads(1)
    running = run_in_parallel([lambda relay: threading.current_thread()] * 2, CPU)
    assert running == [threading.current_thread()] * 2


def test_parts_keep_their_names() -> None:
    assert run_parts({"bass": lambda relay: 1, "pad": lambda relay: 2}, CPU) == {
        "bass": 1,
        "pad": 2,
    }


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_pieces_in_lockstep_see_what_the_others_have_made(threads: int) -> None:
    torch.set_num_threads(threads)
    made, seen = [[0, 0, 0] for _ in range(4)], []

    def piece(number: int) -> Iterator[None]:
        for turn in range(4):
            made[turn][number] = turn + 1
            yield
            seen.append(sum(made[turn]) == 3 * (turn + 1))

    run_in_lockstep([piece(number) for number in range(3)])
    assert seen == [True] * 12


@pytest.mark.parametrize("failing", [0, 1])
def test_an_exception_of_a_piece_in_lockstep_ends_the_other(failing: int) -> None:
    def piece(number: int) -> Iterator[None]:
        yield
        if number == failing:
            raise ValueError("a piece failed")
        while True:
            yield

    with pytest.raises(ValueError, match="a piece failed"):
        run_in_lockstep([piece(0), piece(1)])
    run_in_lockstep([iter([None]), iter([None])])


def test_channels_are_vocoded_by_themselves_as_together() -> None:
    spec = MelSpec()
    mel, canvas = torch.full((2, spec.mels, 16), -3.0), 0.01 * torch.randn(2, 16 * spec.hop)
    mel[1] += 1
    settings = VocoderSettings(iterations=2)
    reports: list[str] = []

    def vocode() -> torch.Tensor:
        return vocode_line(
            mel, canvas, 0, 16 * spec.hop, spec, vocoder=settings,
            on_iteration=lambda: reports.append("iteration"),
            on_span=lambda: reports.append("span"),
        )  # fmt: skip

    apart = vocode()
    assert sorted(reports) == ["iteration"] * 4 + ["span"]
    torch.set_num_threads(1)
    assert torch.allclose(apart, vocode(), atol=1e-5)
