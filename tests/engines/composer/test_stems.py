"""Stems of clips that have none."""

from dataclasses import replace

import numpy as np
import pytest

from msanii_live.audio import make_clip
from msanii_live.engines.base import standalone_context
from msanii_live.engines.composer.stems import with_stems
from msanii_live.notes import Note, Score
from msanii_live.protocol.commands import Render
from tests.engines.composer.tone_player import RATE, play_tones

# A fifth apart and a third apart: the partials of the notes alone divide them badly.
SCORE = Score(
    (
        *(Note(n / 2, n / 2 + 0.4, 48 + 7 * (n % 2), 100, 0, part="chords") for n in range(4)),
        *(Note(n / 2, n / 2 + 0.4, 60 + 4 * (n % 2), 60, 80, part="lead") for n in range(4)),
        Note(0.0, 2.0, 67, 30, 88, part="pad"),
    ),
    2.0,
    bpm=120.0,
)


def played():
    return play_tones(SCORE, Render(midi="x"), standalone_context(), True)


def source():
    clip = make_clip(played().clip.samples.copy(), RATE)
    return replace(clip, score=SCORE)


def error(stem, true):
    return 10 * np.log10(((stem - true) ** 2).sum() / (true**2).sum())


def test_a_clip_is_divided_by_what_its_parts_sound_like():
    true = played().stems
    guessed, heard = with_stems(source(), SCORE), with_stems(source(), SCORE, lambda: true)
    for clip in (guessed, heard):
        assert tuple(clip.stems) == SCORE.parts
        assert np.abs(sum(clip.stems.values()) - source().samples).max() <= 2**-20
    for part in SCORE.parts:
        assert error(heard.stems[part], true[part]) < -15
        assert error(heard.stems[part], true[part]) < error(guessed.stems[part], true[part])


@pytest.mark.parametrize("frames", [20_000, 3 * RATE])
def test_parts_that_are_shorter_or_longer_than_the_clip_do(frames):
    other = {
        part: np.resize(stem, (frames, 2)).astype(np.float32)
        for part, stem in played().stems.items()
    }
    made = with_stems(source(), SCORE, lambda: other)
    assert all(stem.shape == (2 * RATE, 2) for stem in made.stems.values())
    assert all(np.isfinite(stem).all() for stem in made.stems.values())
    assert np.abs(sum(made.stems.values()) - source().samples).max() <= 2**-20


def test_stems_that_there_are_stay_and_one_part_is_the_clip():
    own = replace(source(), stems=played().stems)
    assert with_stems(own, SCORE, played).stems is own.stems
    lead = SCORE.only(("lead",))
    made = with_stems(source(), lead, lambda: pytest.fail("there is nothing to divide"))
    assert np.abs(made.stems["lead"] - source().samples).max() < 1e-5
    nothing = with_stems(source(), replace(SCORE, notes=()), dict)
    assert nothing.stems == {}
