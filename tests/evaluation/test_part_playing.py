"""Playing at once, to be compared with playing part by part, and the notes of real music."""

import numpy as np

from msanii_live.dsp.vocoding import VocoderSettings
from msanii_live.evaluation.composer.real_music import SECONDS, RealClip, real_scores
from msanii_live.evaluation.part_playing import composed_loops, play_at_once, plays_of
from msanii_live.notes import Note, Score
from tests.engines.composer.tiny import tiny_composer
from tests.engines.note_diffusion.test_network import tiny

BASS, LEAD = Note(0.1, 0.9, 40, 90, 33), Note(0.4, 0.8, 72, 60, 80)


def test_parts_played_at_once_are_a_seed_s_and_hear_their_notes():
    play = play_at_once(tiny(), VocoderSettings(iterations=1), 2)
    both, alone = Score((BASS, LEAD), 1.0), Score((BASS,), 1.0)
    made = play(both, 3)
    assert made.shape == (44_100, 2)
    assert made.dtype == np.float32
    assert np.isfinite(made).all()
    assert np.array_equal(made, play(both, 3))
    assert not np.allclose(made, play(both, 4))
    assert not np.allclose(made, play(alone, 3))


def test_the_notes_of_real_music_are_of_a_seed_and_as_long_as_its_clips():
    first, second = real_scores([5, 16])
    assert first.seconds == second.seconds == SECONDS
    assert len(first.notes) > 10
    assert first.notes == real_scores([5])[0].notes != second.notes


def test_loops_are_composed_to_the_tempo_of_real_clips():
    orders = [RealClip("pop", 3, 120.0, np.zeros((10, 2), np.float32))] * 2
    loops = composed_loops(tiny_composer(), orders)
    assert [(loop.bpm, loop.seconds, loop.is_loop) for loop in loops] == [(120.0, 8.0, True)] * 2
    assert loops[0].notes != loops[1].notes, "each has a seed of its own"


def test_only_the_players_that_are_named_are_measured(tmp_path):
    assert plays_of((), tmp_path / "none", [4]) == {}
