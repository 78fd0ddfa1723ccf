"""Check scores: cuts, loops, tempi, parts and markers."""

import pytest

from msanii_live.notes import CHORD, SECTION, Marker, Note, Score, TempoSegment, part_of


def test_a_cut_takes_what_is_held_along() -> None:
    score = Score((Note(0.0, 8.0, 40, 90), Note(3.0, 3.5, 60, 90), Note(5.0, 6.0, 61, 90)), 8.0)
    cut = score.cut(2.0, 4.0)
    assert cut.seconds == 2.0
    assert cut.notes == (Note(0.0, 2.0, 40, 90), Note(1.0, 1.5, 60, 90))


def test_another_tempo_moves_everything() -> None:
    score = Score((Note(1.0, 2.0, 60, 90),), 4.0, bpm=120.0).at_tempo(60.0)
    assert (score.notes[0].start, score.notes[0].end) == (2.0, 4.0)
    assert (score.seconds, score.bpm) == (8.0, 60.0)
    unknown = Score((Note(1.0, 2.0, 60, 90),), 4.0)
    assert unknown.at_tempo(60.0) == unknown


MAP = (TempoSegment(0.0, 0.0, 120.0, 4.0), TempoSegment(4.0, 2.0, 60.0, 3.0))


def test_a_tempo_map_is_scaled_and_counts_bars() -> None:
    score = Score((Note(0.0, 9.0, 60, 90),), 10.0, tempo_map=MAP)
    assert [score.seconds_of_bars(n, 1.0, 1.0) for n in (1.0, 2.0, 3.0)] == [2.0, 4.0, 7.0]
    slow = score.at_tempo(60.0)
    assert (slow.seconds, slow.bpm, slow.tempo) == (20.0, 0.0, 60.0)
    assert [slow.seconds_of_bars(n, 1.0, 1.0) for n in (1.0, 2.0, 3.0)] == [4.0, 8.0, 14.0]


def test_bars_without_a_map_are_of_the_scores_tempo_or_the_one_given() -> None:
    assert Score((), 9.0, bpm=60.0, beats=3.0).seconds_of_bars(2.0, 120.0, 4.0) == 6.0
    assert Score((), 9.0, bpm=60.0).seconds_of_bars(2.0, 120.0, 4.0) == 8.0
    assert Score((), 9.0).seconds_of_bars(2.0, 120.0, 4.0) == 4.0


def test_only_what_begins_with_the_score_keeps_its_map() -> None:
    score = Score((Note(0.0, 9.0, 60, 90),), 10.0, tempo_map=MAP)
    assert score.cut(0.0, 5.0).tempo_map == MAP
    assert score.cut(1.0, 5.0).tempo_map == ()
    assert score.looped(0.0, 15.0).tempo_map == ()
    assert score.followed_by(score).tempo_map == ()


CHORDS = (Marker(0.0, CHORD, "Am"), Marker(2.0, CHORD, "F"), Marker(0.0, SECTION, "verse"))


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0.0, 4.0, [(0.0, "Am"), (0.0, "verse"), (2.0, "F")]),
        (1.0, 4.0, [(0.0, "Am"), (0.0, "verse"), (1.0, "F")]),
        (2.0, 4.0, [(0.0, "F"), (0.0, "verse")]),
        (3.0, 4.0, [(0.0, "F"), (0.0, "verse")]),
    ],
)
def test_a_cut_begins_with_the_chord_that_holds(
    start: float, end: float, expected: list[tuple[float, str]]
) -> None:
    cut = Score((), 4.0, markers=CHORDS).cut(start, end)
    assert [(each.start, each.text) for each in cut.markers] == expected


def test_markers_follow_loops_and_tempi_and_other_scores() -> None:
    score = Score((Note(0.0, 4.0, 60, 90),), 4.0, bpm=120.0, markers=CHORDS[:2])
    looped = [(each.start, each.text) for each in score.looped(3.0, 8.0).markers]
    assert looped == [(0.0, "F"), (1.0, "Am"), (3.0, "F")]
    assert [each.start for each in score.at_tempo(60.0).markers] == [0.0, 4.0]
    assert [each.start for each in score.followed_by(score).markers] == [0.0, 2.0, 4.0, 6.0]


def test_a_place_has_one_chord_the_later_statement_of_it() -> None:
    first = Score((), 4.0, markers=(Marker(0.0, CHORD, "Am"), Marker(4.0 - 1e-5, CHORD, "Gm7")))
    second = Score((), 4.0, markers=(Marker(0.0, CHORD, "Cm7"), Marker(0.0, SECTION, "verse")))
    joined = first.followed_by(second)
    assert [each.text for each in joined.markers] == ["Am", "Cm7", "verse"]
    late = Score((), 8.0, markers=(Marker(0.0, CHORD, "Gm7"), Marker(4.0 + 1e-5, CHORD, "Cm7")))
    assert [each.text for each in late.cut(4.0, 8.0).markers] == ["Cm7"]


def test_a_part_is_named_or_comes_from_the_program() -> None:
    assert part_of(Note(0.0, 1.0, 60, 90, 33, part="lead")) == "lead"
    notes = (Note(0.0, 1.0, 36, 90, drum=True), Note(0.0, 1.0, 40, 90, 38), Note(0, 1, 60, 90, 4))
    score = Score(notes, 2.0)
    assert score.parts == ("drums", "bass", "chords")
    assert score.only(("bass", "lead")).notes == notes[1:2]
