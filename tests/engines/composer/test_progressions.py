import pytest

from msanii_live.engines.composer.progressions import draw_progression
from msanii_live.training.trainers.composer.pieces import gather
from msanii_live.training.trainers.composer.tables import lines_of
from tests.training.trainers.composer.pieces import STYLES, made

ONE, OTHER = [[0, 0, 0], [7, 0, 11], [9, 1, 9], [5, 9, 12]], [[2, 1, 2]] * 4
TABLES = {"lines": {"pop": [[ONE, 9], [OTHER, 1]], "pop minor": [[OTHER, 1]]}}


def test_lines_come_back_over_four_bars():
    for seed in range(20):
        chords = draw_progression(TABLES, seed, 16, tonic=2, style="pop")
        assert len(chords) == 16
        assert chords[:4] == chords[4:8] or chords[:4] == chords[8:12]
    assert draw_progression(TABLES, 1, 16, tonic=2) == draw_progression(TABLES, 1, 16, tonic=2)


def test_chords_are_relative_to_the_tonic_and_mode_is_met():
    chords = next(
        made
        for seed in range(20)
        if (made := draw_progression(TABLES, seed, 4, tonic=2, style="pop"))[0].root == 2
    )
    assert [(c.root, c.quality, c.bass) for c in chords] == [
        (2, "maj", 2),
        (9, "maj", 1),
        (11, "min", 11),
        (7, None, None),
    ]
    minor = draw_progression(TABLES, 1, 3, tonic=0, style="pop", minor=True)
    assert [c.root for c in minor] == [2, 2, 2]


def test_a_style_without_lines_is_an_error():
    with pytest.raises(ValueError, match="no progressions of the style 'polka'"):
        draw_progression(TABLES, 1, 4, tonic=0, style="polka")


def test_lines_are_counted_in_pieces():
    lines = lines_of(gather((made(seed, bars=8) for seed in range(4)), STYLES), STYLES)
    assert lines["a"] == [[((0, 0, 0), (7, 0, 7)) * 2, 4]]
