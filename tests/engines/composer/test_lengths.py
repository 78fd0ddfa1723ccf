"""The lengths of composed notes, from what the network says of each hold."""

import numpy as np
import pytest
import torch

from msanii_live.engines.composer.complete import from_tensor
from msanii_live.engines.composer.lengths import decide_holds, with_lengths
from msanii_live.engines.composer.roll import HOLD, ONSET, RANGES, WIDTH
from msanii_live.notes import PARTS

OPEN = np.ones(32, np.bool_)


def unsure(begins, likelihood=0.4):
    """Return onsets of two pitches at some steps, and holds that are likely alike, to step 32."""
    onsets, means = np.zeros((32, 12), np.bool_), np.full((32, 12), -1.0, np.float32)
    onsets[np.ix_(begins, (3, 7))] = True
    means[:, (3, 7)] = 2 * likelihood - 1
    return onsets, means


def test_unsure_holds_become_as_many_as_their_likelihoods_add_up_to():
    onsets, means = unsure([0, 8, 16, 24])
    falling = np.tile(np.linspace(0.3, -0.3, 8), 4).astype(np.float32)
    means[:, (3, 7)] += falling[:, None]
    assert (means[:, (3, 7)] > 0).sum() < 0.7 * ((means + 1) / 2).sum(), "too few"
    made = decide_holds(onsets, means, OPEN)
    assert (made > 0).sum() == pytest.approx(((means + 1) / 2).sum(), abs=8)  # four chords of two
    assert np.array_equal(made[:, 3][~onsets[:, 3]], made[:, 7][~onsets[:, 7]]), "end together"


def test_a_note_ends_at_the_next_onset_unless_it_surely_goes_on():
    onsets, means = unsure([0, 8], 0.9)
    onsets[4, 5] = True
    made = decide_holds(onsets, means, OPEN)
    assert (made[1:4, (3, 7)] > 0).all()
    assert (made[5:8, (3, 7)] > 0).all(), "likelier than not: pitches 3 and 7 are held through 4"
    onsets, means = unsure([0, 8], 0.3)
    means[12:] = -1.0
    onsets[4, 5] = True
    assert (decide_holds(onsets, means, OPEN)[4:8, (3, 7)] < 0).all()


def test_a_rest_stays_a_rest():
    onsets, means = unsure([0, 4], 0.45)
    means[12:] = -1.0
    made = decide_holds(onsets, means, OPEN)
    assert (made[12:] < 0).all()
    assert (made[1:12] > 0).any()


def test_what_is_not_open_stays_as_it_is():
    torch.manual_seed(0)
    rolls = torch.rand(2, 32, WIDTH) * 2 - 1
    rolls[:, :, ONSET["bass"]] -= 0.9
    open_ = torch.ones(2, 32, len(PARTS))
    open_[0, :16] = 0.0
    open_[1, :, PARTS.index("pad")] = 0.0
    made = with_lengths(rolls, open_)
    assert torch.equal(made[0, :16], rolls[0, :16])
    assert torch.equal(made[1, :, HOLD["pad"]], rolls[1, :, HOLD["pad"]])
    for part in PARTS:
        assert torch.equal(made[..., ONSET[part]], rolls[..., ONSET[part]])
    assert not torch.equal(made[0, 16:, HOLD["bass"]], rolls[0, 16:, HOLD["bass"]])


def test_decided_lengths_are_read_off_the_roll():
    rolls = torch.full((1, 32, WIDTH), -1.0)
    rolls[..., HOLD["lead"].stop :] = 0.0
    pitch = 72 - RANGES["lead"][0]
    rolls[0, 0, ONSET["lead"].start + pitch] = 1.0
    rolls[0, 1:8, HOLD["lead"].start + pitch] = torch.tensor([0.4, -0.1, 0.4, 0.2, 0.3, -0.9, -0.9])
    made = with_lengths(rolls, torch.ones(1, 32, len(PARTS)))
    (note,) = [note for note in from_tensor(made[0], 0, 0.0) if note.part == "lead"]
    assert note.pitch == 72
    assert 4 <= note.length <= 6.5, "the gap at the second hold does not end it"


def test_notes_are_as_long_as_the_first_guess_has_them():
    rolls = torch.full((1, 32, WIDTH), -0.9)
    rolls[0, ::8, ONSET["lead"].start + 3] = 1.0
    lengths = []
    for holds in (1, 6):
        first = torch.full((1, 32, WIDTH), -1.0)
        first[0, ::8, ONSET["lead"].start + 9] = 1.0  # elsewhere: it is the mean that counts
        for after in range(1, 1 + holds):
            first[0, after::8, HOLD["lead"].start + 9] = 1.0
        made = with_lengths(rolls, torch.ones(1, 32, len(PARTS)), first)
        lengths.append((made[0, :, HOLD["lead"]] > 0).sum().item())
    assert lengths[1] >= 24 > lengths[0]
