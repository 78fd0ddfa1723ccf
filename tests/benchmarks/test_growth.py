"""How cost grows: the slopes and the figure of `msanii-live bench growth`, at small size."""

import pytest

from msanii_live.benchmarks import growth
from msanii_live.benchmarks.growth import (
    Growth,
    by_chain,
    by_clips,
    by_length,
    by_minutes,
    print_growth,
)


def test_a_slope_is_the_exponent_between_the_last_two_sizes():
    assert Growth("a", "clips", (1, 10, 100), (1.0, 2.0, 200.0)).slope == pytest.approx(2.0)
    assert Growth("a", "clips", (1, 10), (3.0, 3.0)).slope == pytest.approx(0.0)


def test_all_costs_are_measured_and_drawn(tmp_path, capsys):
    rows = [
        *by_length((1, 2), "tones", "cpu"), *by_clips((2, 4)), *by_chain((1, 2), "tones", "cpu"),
        *by_minutes((1, 2), "tones", "cpu"),
    ]  # fmt: skip
    assert {row.unit for row in rows} == {"s", "clips", "continuations", "minutes"}
    assert all(len(row.costs) == 2 and min(row.costs) >= 0 for row in rows)
    print_growth(rows, tmp_path)
    assert "| start | 2, 4 clips |" in capsys.readouterr().out
    assert "<svg" in (tmp_path / "growth.svg").read_text()


def test_what_grows_faster_than_linearly_is_named(capsys):
    assert print_growth([Growth("square", "clips", (1, 10), (1.0, 100.0))], None) == 1
    assert "faster than linear: square" in capsys.readouterr().out


def test_a_large_library_is_filled_by_copies_that_it_reads(monkeypatch):
    monkeypatch.setattr(growth, "ADDED", 2)
    names = {row.name: row for row in by_clips((2, 9))}
    assert names["list"].sizes == (2, 9)
    assert all(min(row.costs) > 0 for row in names.values())
