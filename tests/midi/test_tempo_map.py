"""Check tempo, metre and bars of MIDI files, wherever their events are."""

from pathlib import Path

import pytest

from msanii_live.notes import Score
from tests.midi.smf_bytes import BEAT, END, header, metre, read, song, spans, tempo, track, tune

QUAVERS = tune(*[60] * 48, length=BEAT // 2)


def bars(score: Score, count: float) -> float:
    return round(score.seconds_of_bars(count, 100.0, 5.0), 3)


@pytest.mark.parametrize("tick", [0, 1, 3, 30])
@pytest.mark.parametrize(
    ("beats", "power", "bar"), [(3, 2, 1.5), (6, 3, 1.5), (5, 2, 2.5), (7, 3, 1.75)]
)
def test_a_metre_in_the_first_ticks_is_the_metre(
    tmp_path: Path, tick: int, beats: int, power: int, bar: float
) -> None:
    for tracks in ([metre(beats, power, tick), QUAVERS], [metre(beats, power, tick) + QUAVERS]):
        score = read(tmp_path, song(*tracks))
        assert score.beats == bar * 2
        assert [bars(score, count) for count in (1, 2, 3.5)] == [bar, 2 * bar, 3.5 * bar]


@pytest.mark.parametrize("tick", [0, 1, 5, 50])
@pytest.mark.parametrize("bpm", [60, 90, 240])
def test_a_tempo_in_the_first_ticks_is_the_tempo(tmp_path: Path, tick: int, bpm: float) -> None:
    score = read(tmp_path, song(tempo(bpm, tick), QUAVERS))
    assert score.bpm == pytest.approx(bpm, rel=1e-4)
    assert bars(score, 2) == pytest.approx(8 * 60 / bpm, abs=0.01)


def test_coarse_ticks_are_ticks(tmp_path: Path) -> None:
    for division in (1, 2, 24):
        body = metre(3) + tempo(60, division) + tune(*[60] * 8, length=division)
        score = read(tmp_path, song(body, division=division))
        assert spans(score)[0] == (0.5, 1.5)
        assert bars(score, 1) == 2.5


@pytest.mark.parametrize("late", [0, 1, 20])
def test_bars_follow_changes_of_metre_and_tempo(tmp_path: Path, late: int) -> None:
    """Two bars of 4/4 at 120, two of 3/4 at 60, then 2/4."""
    changes = metre(4) + metre(3, wait=8 * BEAT + late) + tempo(60) + metre(2, wait=6 * BEAT - late)
    score = read(tmp_path, song(changes, QUAVERS))
    off = pytest.approx
    expected = {1: 2.0, 2: 4.0, 3: 7.0, 4: 10.0, 5: 12.0, 7: 16.0}
    assert {n: bars(score, n) for n in expected} == {
        n: off(seconds, abs=0.05) for n, seconds in expected.items()
    }
    assert (score.bpm, score.tempo) == (0.0, 120.0)


def test_a_bar_cut_short_by_a_metre_is_a_bar(tmp_path: Path) -> None:
    for upbeat in (1, 2, 3):
        changes = metre(4) + metre(3, wait=upbeat * BEAT)
        score = read(tmp_path, song(changes, QUAVERS))
        assert bars(score, 1) == upbeat / 2
        assert bars(score, 3) == upbeat / 2 + 3.0
        assert bars(score, 0.9) == min(1.8, upbeat / 2)


def test_without_metre_and_tempo_a_file_has_those_of_the_standard(tmp_path: Path) -> None:
    for tracks in ([QUAVERS], [b"", QUAVERS], [tune(40), QUAVERS]):
        score = read(tmp_path, song(*tracks))
        assert (score.bpm, score.beats, bars(score, 2)) == (120.0, 4.0, 4.0)


@pytest.mark.parametrize("bpm", [30.0, 60.0, 100.0, 240.0])
@pytest.mark.parametrize("changes", [[120, 60], [90, 91, 180], [400, 20], [60, 3.6]])
def test_another_tempo_scales_the_whole_map(
    tmp_path: Path, bpm: float, changes: list[float]
) -> None:
    body = b"".join(tempo(each) + tune(*[60] * 4) for each in changes)
    score = read(tmp_path, song(body))
    again = score.at_tempo(bpm)
    stretch = changes[0] / bpm
    assert score.tempo == pytest.approx(changes[0], rel=1e-4)
    assert again.tempo == pytest.approx(bpm, rel=1e-4)
    assert again.bpm == 0.0
    for old, new in zip(score.notes, again.notes, strict=True):
        assert (new.start, new.end) == (
            pytest.approx(old.start * stretch, rel=1e-4),
            pytest.approx(old.end * stretch, rel=1e-4),
        )
    assert again.seconds == pytest.approx(score.seconds * stretch, rel=1e-4)
    assert bars(again, 1) == pytest.approx(4 * 60 / bpm, rel=1e-3)


@pytest.mark.parametrize("bpm", [3.6, 12.0, 310.0, 5_000.0])
def test_a_tempo_that_no_clip_has_can_be_changed_too(tmp_path: Path, bpm: float) -> None:
    score = read(tmp_path, song(tempo(bpm) + tune(60, 62)))
    assert score.bpm == 0.0
    assert score.at_tempo(120.0).bpm == 120.0
    assert spans(score.at_tempo(120.0)) == [(0.0, 0.5)]


def test_the_tempo_is_that_of_the_first_note(tmp_path: Path) -> None:
    for intro, main in ((60, 90), (120, 100), (200, 50)):
        body = tempo(intro) + tempo(main, 4 * BEAT) + tune(60) + tempo(main * 2) + tune(60)
        score = read(tmp_path, song(body))
        assert score.tempo == pytest.approx(main, rel=1e-4)
        first = score.at_tempo(60.0).notes[0]
        assert first.end - first.start == pytest.approx(1.0, rel=1e-4)


def test_an_odd_metre_leaves_the_one_before(tmp_path: Path) -> None:
    for wrong in (metre(0), metre(0, 3), metre(3, 99), metre(5, 8)):
        assert read(tmp_path, song(metre(3) + wrong + QUAVERS)).beats == 3.0
        assert read(tmp_path, song(wrong + metre(3) + QUAVERS)).beats == 3.0


def test_events_of_one_tick_count_in_their_order(tmp_path: Path) -> None:
    for last in (50, 70, 200):
        content = header(1, 2) + track(tempo(90) + tempo(last) + END) + track(QUAVERS + END)
        assert read(tmp_path, content).bpm == pytest.approx(last, rel=1e-4)
