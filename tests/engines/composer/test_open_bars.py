"""Windows that complete open bars of a long piece."""

import numpy as np
import pytest

from msanii_live.engines.composer.complete import CompletionOptions, nothing_known
from msanii_live.engines.composer.conditions import PieceConditions
from msanii_live.engines.composer.notes import PartNote
from msanii_live.engines.composer.open_bars import complete_piece, open_windows, window_activity
from msanii_live.notes import PARTS
from tests.engines.composer.tiny import tiny_composer

FAST = CompletionOptions(steps=1)


@pytest.mark.parametrize("bars", [1, 5, 16, 17, 40])
@pytest.mark.parametrize("span", [(0, 1), (0, 12), (4, 9), (3, 40), (39, 40), (0, 40)])
def test_windows_decide_every_open_bar_once(bars, span):
    is_open = [span[0] <= bar < span[1] for bar in range(bars)]
    windows = open_windows(is_open, 16)
    decided = [bar for window in windows for bar in range(window.start, window.end)]
    assert sorted(decided) == [bar for bar, each in enumerate(is_open) if each]
    for window in windows:
        assert 0 <= window.first <= window.start < window.end <= window.last <= bars
        assert window.last - window.first <= 16


def test_a_gap_is_filled_between_what_stays():
    composer, notes = tiny_composer(), [
        PartNote("bass", step, float(step), 2.0, 40, 90) for step in range(0, 40 * 16, 4)
    ]  # fmt: skip
    mask = nothing_known(40)
    mask[:20] = mask[30:] = True
    order = PieceConditions(bars=40, style="pop", plays={"bass": [True] * 40})
    made = complete_piece(composer, notes, mask, order, 1, FAST)

    def outside(some):
        return [n for n in some if not 320 <= n.step < 480]

    assert outside(made) == notes[:80] + notes[120:]
    assert outside(made) != made


def test_steps_of_an_open_bar_that_are_held_stay():
    composer = tiny_composer()
    notes = [PartNote("bass", step, float(step), 2.0, 40, 90) for step in (0, 4, 8, 12)]
    held = np.zeros((16, len(PARTS)), np.bool_)
    held[:8] = True
    order = PieceConditions(bars=1, style="pop")
    made = complete_piece(composer, notes, nothing_known(1), order, 2, FAST, held=held)
    assert [n for n in made if n.step < 8] == notes[:2]
    assert [n for n in made if n.step >= 8] != notes[2:]


def test_open_bars_get_as_many_notes_as_asked_whatever_the_known_ones_have():
    notes = [PartNote("bass", step, float(step), 1.0, 40, 90) for step in range(16)]
    mask = nothing_known(4)
    mask[:1] = True
    order = PieceConditions(bars=4, activity={"bass": 4.0})
    assert window_activity(order, notes, mask)["bass"] == pytest.approx((16 + 3 * 4.0) / 4)
