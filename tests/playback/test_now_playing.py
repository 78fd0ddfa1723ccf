"""Check that what plays knows its notes, as far as one clip alone is heard."""

from dataclasses import replace

import numpy as np
import pytest

from msanii_live.audio import make_clip
from msanii_live.notes import Note, Score
from msanii_live.playback.mixer import Region
from msanii_live.playback.now_playing import played_score

RATE = 48_000
SCORE = Score((Note(0.0, 0.5, 60, 90), Note(1.0, 1.5, 62, 90)), 2.0, bpm=120.0, is_loop=True)
CLIP = replace(make_clip(np.zeros((88_200, 2), np.float32), 44_100, name="a"), score=SCORE)
REGION = Region(1, 1, "a", start=10 * RATE, length=2 * RATE)


def onsets(score: Score | None) -> list[tuple[float, int]]:
    assert score is not None
    return [(round(note.start, 6), note.pitch) for note in score.notes]


def test_a_clip_is_cut_where_it_is_heard() -> None:
    score = played_score([REGION], CLIP, 10.75, 1.25, RATE)
    assert onsets(score) == [(0.25, 62)]
    assert score is not None
    assert score.seconds == pytest.approx(1.25)


def test_a_loop_comes_round() -> None:
    score = played_score([replace(REGION, loop=True)], CLIP, 13.75, 3.0, RATE)
    assert onsets(score) == [(0.25, 60), (1.25, 62), (2.25, 60)]


def test_a_loop_of_a_part_comes_round_as_that_part() -> None:
    part = replace(REGION, skip=RATE // 2, length=RATE, loop=True)
    score = played_score([part], CLIP, 10.0, 2.0, RATE)
    assert onsets(score) == [(0.5, 62), (1.5, 62)]


@pytest.mark.parametrize(
    ("chain", "clip", "start"),
    [
        ([REGION, REGION], CLIP, 10.5),
        ([REGION], None, 10.5),
        ([REGION], replace(CLIP, score=None), 10.5),
        ([REGION], CLIP, 9.5),
    ],
)
def test_notes_are_unknown_where_more_is_heard(chain, clip, start) -> None:
    assert played_score(chain, clip, start, 1.0, RATE) is None
