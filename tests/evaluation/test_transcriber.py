"""Check the figures of the transcriber on what is known to be right and wrong."""

from dataclasses import replace

import numpy as np
import pytest

from msanii_live.engines.composer.notes import Chord
from msanii_live.evaluation.transcriber import (
    SECONDS,
    Hearing,
    HeldOutClip,
    add_piece,
    chord_at,
    is_same_chord,
    table,
)
from msanii_live.notes import CHORD, Marker, Score
from msanii_live.training.data.composition.compose import compose

PIECE = compose(3, style="pop", metre=(4, 4), bars=16)
CLIP = HeldOutClip(PIECE, np.zeros((4, 2), np.float32))


def true_score() -> Score:
    bar = 60 / PIECE.tempo * 4
    markers = [Marker(n * bar, CHORD, chord.name) for n, chord in enumerate(PIECE.chords)]
    return replace(CLIP.score, bpm=PIECE.tempo, beats=4.0, metre=(4, 4), markers=tuple(markers))


def test_the_truth_has_full_marks() -> None:
    found = Hearing()
    add_piece(found, true_score(), CLIP)
    figures = found.figures()
    for name in ("note F1", "note and part F1", "drum F1", "beat F1", "downbeat F1"):
        assert figures[name] == pytest.approx(1.0, abs=0.01), name
    assert figures["chords right"] == figures["tempo right"] == 1.0


def test_late_notes_wrong_parts_and_other_chords_count_as_wrong() -> None:
    true = true_score()
    late = tuple(replace(n, start=n.start + 0.08, end=n.end + 0.08) for n in true.notes)
    found = Hearing()
    add_piece(found, replace(true, notes=late, bpm=true.bpm * 1.1), CLIP)
    figures = found.figures()
    assert figures["note F1"] < 0.4
    assert figures["tempo right"] == 0.0
    parts = tuple(n if n.drum else replace(n, part="pad") for n in true.notes)
    found = Hearing()
    add_piece(found, replace(true, notes=parts, markers=()), CLIP)
    figures = found.figures()
    assert figures["note F1"] == pytest.approx(1.0, abs=0.01)
    assert figures["note and part F1"] < 0.7
    assert figures["chords right"] == 0.0
    assert figures["drum F1"] == 1.0


def test_silence_scores_nothing() -> None:
    found = Hearing()
    add_piece(found, Score((), SECONDS), CLIP)
    assert set(found.figures().values()) == {0.0}


def test_a_chord_is_right_by_its_root_and_third() -> None:
    score = true_score()
    assert chord_at(score, 0.1) is not None
    assert chord_at(Score((), 1.0), 0.5) is None
    assert is_same_chord(Chord(2, "dom7"), Chord(2, "maj"))
    assert not is_same_chord(Chord(2, "min"), Chord(2, "maj"))
    assert not is_same_chord(Chord(3, "maj"), Chord(2, "maj"))


def test_the_table_has_a_column_for_each_way() -> None:
    text = table({"one": Hearing(), "two": Hearing()})
    assert text.splitlines()[0] == "| | one | two |"
    assert "| note F1 | 0 | 0 |" in text
