"""What a continuation looks at of a long piece."""

from dataclasses import replace

import pytest

from msanii_live.engines.composer.read_piece import RECENT, read_piece, recent_bars
from msanii_live.notes import CHORD, SECTION, Marker, Note, Score

BARS = 60
PIECE = Score(
    tuple(Note(0.5 * n, 0.5 * n + 0.25, 60 + n % 12, 90, part="lead") for n in range(4 * BARS)),
    2.0 * BARS,
    bpm=120.0,
    beats=4.0,
    key="A minor",
    markers=(
        *(Marker(2.0 * bar, CHORD, ("Am", "F", "C", "G")[bar % 4]) for bar in range(BARS)),
        *(Marker(2.0 * bar, SECTION, "verse") for bar in (0, 11, 27, 40)),
    ),
)


@pytest.mark.parametrize("bar", [0.0, 0.5])
def test_the_last_bars_are_read_as_in_the_whole(bar):
    markers = tuple(replace(m, start=max(0.0, m.start - 2.0 * bar)) for m in PIECE.markers)
    score = replace(PIECE, bar=bar, markers=markers)
    whole, last = (read_piece(each, 120.0, 4.0) for each in (score, recent_bars(score, 4.0)))
    assert RECENT <= last.bars < whole.bars
    left_out = whole.bars - last.bars
    assert last.form == whole.form[left_out:]
    assert last.chords == whole.chords[left_out:]
    assert last.playing(0, 4) == {"lead"}
    moved = [note for note in whole.notes if note.step >= 16 * left_out]
    assert [(n.step + 16 * left_out, n.pitch) for n in last.notes] == [
        (n.step, n.pitch) for n in moved
    ]
    assert last.activity(last.bars - 8, last.bars) == whole.activity(whole.bars - 8, whole.bars)


@pytest.mark.parametrize("change", [{"is_loop": True}, {"key": ""}, {"seconds": 40.0}])
def test_a_piece_is_read_whole_where_the_rest_tells_more(change):
    score = replace(PIECE, **change)
    assert recent_bars(score, 4.0) is score
