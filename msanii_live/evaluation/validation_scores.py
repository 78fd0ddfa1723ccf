"""Scores that were never used in training or development, for judging the engines of notes."""

from __future__ import annotations

from msanii_live.midi import files
from msanii_live.notes import Score, sort_notes
from msanii_live.training.data.grooves import generate
from msanii_live.training.data.scores import fetch_scores

FIRST_SEED = 970_000
PIECE_SECONDS = 24.0


def solo_scores(count: int, with_scores: bool) -> list[Score]:
    """Return unseen pieces: generated piano, grooves without drums, and public-domain piano."""
    found = []
    for n in range(count):
        midi, _ = generate(FIRST_SEED + n, kind="groove" if n % 3 == 2 else "piano")
        score = files.score_from_midi(midi).cut(0.0, PIECE_SECONDS)
        notes = [note for note in score.notes if not note.drum]
        found.append(Score(sort_notes(notes), PIECE_SECONDS, bpm=120.0))
    if with_scores:
        for each in fetch_scores()[:count]:
            found.append(files.score_from_midi(each.midi).cut(4.0, 4.0 + PIECE_SECONDS))
    return [Score(score.notes, PIECE_SECONDS, bpm=120.0) for score in found if score.notes]


def band_scores(count: int) -> list[Score]:
    """Return unseen grooves of several instruments with drums."""
    found = []
    for n in range(count):
        midi, _ = generate(FIRST_SEED + 500 + n, kind="groove")
        score = files.score_from_midi(midi).cut(0.0, PIECE_SECONDS)
        found.append(Score(score.notes, PIECE_SECONDS, bpm=120.0))
    return found
