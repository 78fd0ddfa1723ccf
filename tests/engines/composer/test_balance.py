import pytest
import torch

from msanii_live.engines.composer.balance import balanced, decided, silenced, wanted_notes
from msanii_live.engines.composer.conditions import PieceConditions, batch_of
from msanii_live.engines.composer.roll import HOLD, ONSET, WIDTH
from msanii_live.notes import PARTS

BASS = PARTS.index("bass")


def test_the_bias_gives_the_number_of_notes_that_is_wanted():
    torch.manual_seed(0)
    logits = torch.randn(2, 32, WIDTH) * 2 - 4
    wanted = torch.full((2, len(PARTS)), torch.nan)
    wanted[0, BASS] = 20.0
    for sharpness in (1.0, 2.5):
        made = balanced(
            logits, torch.ones(2, 32, len(PARTS)), wanted, torch.full((5,), 0.5), sharpness
        )
        count = torch.sigmoid(made[0, :, ONSET["bass"]]).sum()
        assert count.item() == pytest.approx(20.0, rel=0.05)
        for window, part in ((1, "bass"), (0, "drums")):
            assert torch.equal(made[window, :, ONSET[part]], logits[window, :, ONSET[part]] - 0.5)
        assert torch.equal(made[..., HOLD["bass"]], logits[..., HOLD["bass"]])


def test_as_many_notes_are_decided_as_are_wanted():
    torch.manual_seed(0)
    rolls = torch.rand(2, 32, WIDTH) * 1.6 - 1.2  # -1.2 to 0.4
    rolls[1, :, ONSET["drums"]] = -1.0
    rolls[1, 3, ONSET["drums"].start] = 0.95
    open_ = torch.ones(2, 32, len(PARTS))
    open_[0, :16] = 0.0
    wanted = torch.full((2, len(PARTS)), torch.nan)
    wanted[0, :2], wanted[1, 0] = 7.0, 0.0
    made = decided(rolls, open_, wanted, torch.full_like(rolls, -1.0), rolls, [False, False])
    drums = made[..., ONSET["drums"]]
    assert (drums[0, 16:] > 0).sum() == 7
    strongest = rolls[0, 16:, ONSET["drums"]].flatten().argsort()[-7:]
    assert set((drums[0, 16:] > 0).flatten().nonzero()[:, 0].tolist()) == set(strongest.tolist())
    assert (drums[1] > 0).sum() == 1, "a sure note stays, an impossible one does not come"
    assert (made[0, 16:, ONSET["bass"]] > 0).sum() == 7
    assert torch.equal(made[0, :16], rolls[0, :16]), "given notes stay"
    assert torch.equal(made[..., HOLD["bass"]], rolls[..., HOLD["bass"]])


def test_wanted_notes_are_those_not_yet_given():
    order = PieceConditions(bars=2, activity={"bass": 6.0}, plays={"bass": [True, True]})
    known = torch.zeros(1, 2, len(PARTS))
    known[0, 0] = 1.0
    rolls = -torch.ones(1, 32, WIDTH)
    rolls[0, [0, 4, 20], ONSET["bass"].start] = 1.0  # the last is in a bar that is not known
    wanted = wanted_notes(batch_of([order], ()), known, rolls)
    assert wanted[0, BASS].item() == pytest.approx(10.0, rel=1e-4)
    assert wanted[0, [0, 2, 3, 4]].isnan().all()


def test_nothing_is_wanted_of_a_part_that_is_silent_where_notes_are_written():
    order = PieceConditions(bars=2, activity={"bass": 9.0}, plays={"bass": [True, False]})
    known = torch.zeros(1, 2, len(PARTS))
    rolls = -torch.ones(1, 32, WIDTH)
    assert wanted_notes(batch_of([order], ()), known, rolls)[0, BASS].item() == pytest.approx(9.0)
    known[0, 0] = 1.0
    assert wanted_notes(batch_of([order], ()), known, rolls)[0, BASS].item() == 0.0


def test_no_note_begins_in_a_silent_bar_but_given_ones():
    order = PieceConditions(bars=2, plays={"bass": [True, False]})
    rolls = torch.full((1, 32, WIDTH), 0.9)
    open_ = torch.ones(1, 32, len(PARTS))
    open_[0, 24:] = 0.0
    made = silenced(rolls, batch_of([order], ()), open_)
    assert (made[0, 16:24, ONSET["bass"]] == -1).all()
    for steps in (slice(0, 16), slice(24, 32)):
        assert torch.equal(made[0, steps], rolls[0, steps])
    assert torch.equal(made[..., ONSET["lead"]], rolls[..., ONSET["lead"]])
