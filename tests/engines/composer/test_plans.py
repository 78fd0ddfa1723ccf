"""Outlines of pieces, and how busy each part is at a density."""

from typing import Any

import pytest

from msanii_live.engines.composer.plans import activity_at, draw_plan, plan_to_row
from msanii_live.notes import PARTS
from tests.engines.composer.tiny import plan

DENSITIES = (0.0, 0.2, 0.5, 0.8, 1.0)


def tables(*bass: float) -> dict[str, Any]:
    """Return plans at rising densities whose bass has so many notes a bar; the rest are alike."""
    rows = []
    for number, notes in enumerate(bass):
        row = plan_to_row(plan("pop", False, number / (len(bass) - 1)))
        row[6] = [8.0, notes, 6.0, 3.0, 0.0]
        rows.append(row)
    return {"plans": rows}


def test_parts_are_busier_at_a_higher_density() -> None:
    made = [activity_at(tables(2, 5, 4, 7), "pop", (4, 4), each) for each in DENSITIES]
    bass = [each["bass"] for each in made]
    assert bass == sorted(set(bass))
    assert bass[2] == pytest.approx(4.5)
    assert made[0]["drums"] == made[-1]["drums"] == pytest.approx(8.0)
    assert "pad" not in made[0], "no plan has one"
    assert set(made[0]) < set(PARTS)


def test_no_part_is_sparser_at_a_higher_density_or_silent() -> None:
    made = [activity_at(tables(7, 4, 5, 2), "pop", (4, 4), each) for each in DENSITIES]
    assert {each["bass"] for each in made} == {4.5}
    assert activity_at(tables(0.2, 6, 12), "pop", (4, 4), -1.0)["bass"] == 0.5


def test_another_metre_takes_the_plans_of_its_style() -> None:
    assert activity_at(tables(2, 4), "pop", (7, 8), 0.5)["bass"] == pytest.approx(3.0)
    assert activity_at(tables(2, 4), "jazz", (4, 4), 0.5) == {}


def test_seeds_in_a_row_have_outlines_of_their_own() -> None:
    rows = tables(*range(1, 13))
    for first in (0, 7, 2**31 - 20):
        drawn = {draw_plan(rows, first + number, style="pop").activity for number in range(12)}
        assert len(drawn) == 12


def test_a_style_with_drums_has_them_in_every_outline() -> None:
    rows = tables(*range(1, 13))
    rows["plans"][4][6][0] = 0.0
    drawn = [draw_plan(rows, seed, style="pop").activity[0] for seed in range(24)]
    assert min(drawn) == 8.0
    for row in rows["plans"][:6]:
        row[6][0] = 0.0  # a style that has them half of the time
    drawn = [draw_plan(rows, seed, style="pop").activity[0] for seed in range(24)]
    assert set(drawn) == {0.0, 8.0}
