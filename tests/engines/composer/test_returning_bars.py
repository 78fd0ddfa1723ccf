"""Bars that come back: how often, where, and that known ones never change."""

import numpy as np
import pytest

from msanii_live.engines.composer.conditions import PieceConditions
from msanii_live.engines.composer.notes import Chord, PartNote
from msanii_live.engines.composer.returning_bars import RATES, with_returning_bars
from msanii_live.notes import PARTS

LINE = [Chord(9, "min", 9), Chord(5, "maj", 5), Chord(0, "maj", 0), Chord(7, "maj", 7)]


def order(bars, other_section=False):
    names = ["chorus" if other_section and bar % 8 >= 4 else "verse" for bar in range(bars)]
    return PieceConditions(
        bars=bars, chords=[LINE[bar % 4] for bar in range(bars)],
        form=[(name, bar % 8) for bar, name in enumerate(names)],
    )  # fmt: skip


def all_different(bars):
    """Return a piece of all parts in which no bar is another."""
    return [
        PartNote(part, bar * 16 + bar % 13, bar * 16 + bar % 13 + 0.1, 1.0, 40 + bar % 60, 1 + bar)
        for bar in range(bars)
        for part in PARTS
    ]


def content(notes, part, bar):
    return [(n.step % 16, n.pitch, n.velocity) for n in notes if n.part == part
            and n.step // 16 == bar]  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
def test_a_part_returns_about_as_often_as_in_music(part):
    bars, rate = 120, []
    for seed in range(4):
        made = with_returning_bars(all_different(bars), order(bars), np.ones((bars, 5), bool), seed)
        same = [content(made, part, b) in [content(made, part, b - lag) for lag in (4, 8)]
                for b in range(8, bars)]  # fmt: skip
        rate.append(np.mean(same))
    low, high = RATES[part]
    assert low / 2 < np.mean(rate) < min(1.0, 2 * high)


def test_bars_return_only_in_sections_of_one_name():
    bars = 120
    made = with_returning_bars(all_different(bars), order(bars, True), np.ones((bars, 5), bool), 1)
    returned = {
        lag
        for bar in range(8, bars)
        for lag in (1, 2, 3, 4, 5, 6, 7, 8)
        if content(made, "pad", bar) == content(made, "pad", bar - lag)
    }
    assert returned == {8}


def test_known_bars_and_other_seeds():
    bars, notes = 40, all_different(40)
    closed = np.ones((bars, 5), bool)
    closed[:, PARTS.index("bass")] = False
    first, again, other = (with_returning_bars(notes, order(bars), closed, s) for s in (1, 1, 2))
    assert first == again != other
    assert [n for n in first if n.part == "bass"] == [n for n in notes if n.part == "bass"]
    assert with_returning_bars(notes, PieceConditions(bars=bars), closed, 1) == sorted(
        notes, key=lambda n: (n.start, PARTS.index(n.part), n.pitch)
    )


def test_heard_drums_come_back_after_four_bars_whatever_the_chords_are():
    bars, open_ = 120, np.ones((120, 5), bool)
    one_section = PieceConditions(bars=bars, form=[("verse", bar) for bar in range(bars)])
    made = with_returning_bars(all_different(bars), one_section, open_, 1, is_heard=True)
    drums = [content(made, "drums", bar) for bar in range(bars)]
    same = np.mean([drums[bar] == drums[bar - 4] for bar in range(4, bars)])
    assert 0.6 < same < 0.95
    assert content(made, "bass", 9) == content(all_different(bars), "bass", 9), "no chords, no line"
