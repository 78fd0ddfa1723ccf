import numpy as np
import pytest
import torch

from msanii_live.engines.composer.complete import from_tensor
from msanii_live.engines.composer.conditions import FIRST, batch_of
from msanii_live.engines.composer.plans import (
    conditions_of_plan,
    draw_plan,
    plan_to_row,
    row_to_plan,
)
from msanii_live.notes import PARTS
from msanii_live.training.trainers.composer.masks import draw_mask
from msanii_live.training.trainers.composer.pieces import Pieces, gather
from msanii_live.training.trainers.composer.tables import plan_of, tables_of
from msanii_live.training.trainers.composer.windows import Drop, Window, Windows
from tests.training.trainers.composer.pieces import STYLES, made


@pytest.fixture(scope="module")
def pieces():
    metres = ((4, 4), (3, 4), (7, 8))
    return gather((made(seed, metres[seed % 3], bars=8) for seed in range(12)), STYLES)


def test_pieces_come_back_from_disk(pieces, tmp_path):
    pieces.save(tmp_path / "pieces.npz")
    back = Pieces.load(tmp_path / "pieces.npz")
    assert np.array_equal(back.notes, pieces.notes)
    assert np.array_equal(back.harmony, pieces.harmony)
    assert len(back) == 12


def test_pieces_are_relative_to_their_tonic(pieces):
    """All twelve keys become the same notes and chords."""
    first = pieces.notes_of(0)
    for piece in (3, 6, 9):
        assert set(pieces.notes_of(piece)["pitch"] % 12) == set(first["pitch"] % 12)
    assert pieces.harmony[pieces.bars_of(5)].tolist() == [[0, 0, 0], [7, 0, 7]] * 4


def test_a_window_has_its_notes_and_conditions(pieces):
    windows = Windows(pieces, len(STYLES))
    everything = np.ones((1, len(PARTS)), np.bool_)
    known = np.zeros((1, 2, len(PARTS)), np.bool_)
    examples = windows.examples(
        [Window(0, 2, 2)], known, everything, np.random.default_rng(0), Drop(*[0.0] * 12)
    )
    notes = from_tensor(examples.rolls[0], 0, 0.0)
    assert [n.step for n in notes if n.part == "bass"] == [0, 4, 8, 12, 16, 20, 24, 28]
    assert examples.conditions.style.tolist() == [0]
    bar = examples.conditions.bars[0, 1]
    assert bar[: FIRST[1]].nonzero().ravel().tolist() == [7]
    plays = bar[FIRST[5] :].reshape(-1, 2)
    assert plays[:, 0].tolist() == [1, 1, 0, 0, 0]
    assert plays[:, 1].tolist() == [0, 0, 1, 1, 1]


def test_an_order_from_a_plan_has_the_conditions_of_training(pieces):
    """The same window described twice: by the data set, and by the order a user would get."""
    windows = Windows(pieces, len(STYLES))
    plan = plan_of(pieces, 4, STYLES, np.random.default_rng(0))
    order = batch_of([conditions_of_plan(plan, 8, 5)], STYLES)
    described = windows.examples(
        [Window(4, 0, 8)],
        np.zeros((1, 8, len(PARTS)), np.bool_),
        np.ones((1, len(PARTS)), np.bool_),
        np.random.default_rng(0),
        Drop(*[0.0] * 12),
    ).conditions
    for name in ("style", "mode", "metre", "specified", "bars"):
        assert torch.equal(getattr(order, name), getattr(described, name)), name
    assert torch.allclose(order.scalars, described.scalars, atol=0.01)


def test_hidden_conditions_are_unknown(pieces):
    everything_hidden = Drop(*[1.0] * 12)
    examples = Windows(pieces, 2).draw(4, np.random.default_rng(1), everything_hidden)
    assert examples.conditions.style.tolist() == [2] * 4
    assert examples.conditions.mode.tolist() == [2] * 4
    assert not examples.conditions.specified.any()
    assert examples.conditions.bars[..., 12].all()


def test_batches_depend_on_their_seed_alone(pieces):
    windows = Windows(pieces, 2)
    one, again, other = (windows.draw(4, np.random.default_rng(seed)) for seed in (7, 7, 8))
    assert torch.equal(one.rolls, again.rolls)
    assert torch.equal(one.conditions.bars, again.conditions.bars)
    assert one.rolls.shape != other.rolls.shape or not torch.equal(one.rolls, other.rolls)


def test_masks_are_of_every_kind():
    rng = np.random.default_rng(0)
    masks = [draw_mask(rng, 8) for _ in range(300)]
    whole = [m for m in masks if not m.known.any()]
    first = [m for m in masks if m.known[0].all() and not m.known[-1].any()]
    ends = [m for m in masks if m.known[0].all() and m.known[-1].all() and not m.known.all()]
    parts = [m for m in masks if m.known.all(0).any() and not m.known.all()]
    assert min(map(len, (whole, first, ends, parts))) > 10
    assert any(not m.wanted.all() for m in masks)
    assert all(m.wanted.any() for m in masks)
    for bars in (1, 2, 3):
        assert all(draw_mask(rng, bars).known.shape == (bars, 5) for _ in range(50))


def test_plans_come_back_and_meet_what_is_asked(pieces):
    tables = tables_of(pieces, STYLES)
    plan = row_to_plan(tables["plans"][0])
    assert plan_to_row(plan) == tables["plans"][0]
    drawn = draw_plan(tables, 1, style="b", metre=(3, 4))
    assert (drawn.style, drawn.metre) == ("b", (3, 4))
    assert draw_plan(tables, 1, style="b") == draw_plan(tables, 1, style="b")
    with pytest.raises(ValueError, match="no plan of the style 'polka'"):
        draw_plan(tables, 1, style="polka")
