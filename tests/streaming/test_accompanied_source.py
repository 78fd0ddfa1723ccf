"""Check the notes of chunks that accompany: on the player's bars, of the asked parts alone."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from msanii_live.engines.registry import EngineRegistry
from msanii_live.errors import Code
from msanii_live.library.audio_files import SAMPLE_RATE
from msanii_live.notes import Note, Score, part_of
from msanii_live.protocol.commands import StreamStart
from msanii_live.streaming.accompanied_source import accompanied_phrase
from msanii_live.streaming.heard_bars import Accompaniment, HeardBars
from msanii_live.streaming.phrases import GRID, LEAD, TAIL
from msanii_live.streaming.request import ChunkRequest
from msanii_live.streaming.settings import check_engine, settle_command
from tests.library.clips import refusal

BPM = 112.0
BAR = 240 / BPM
ORDER = StreamStart(accompany="drums bass")


def heard(began=50.0, bpm=BPM, bars=4):
    bar = 240 / bpm
    notes = tuple(
        note
        for number in range(bars)
        for note in (
            Note(number * bar, number * bar + 0.5, 60 + number, 90, part="chords"),
            Note(number * bar, number * bar + 0.5, 40, 90, part="bass"),
        )
    )
    return HeardBars(Score(notes, bars * bar, bpm=bpm, beats=4.0, is_loop=True), began)


def composed(command, before, bars):
    """Return a drum, a bass note and a chord at the start of what follows."""
    seconds = bars * before.beats * 60 / before.bpm
    parts = ("drums", "bass", "chords")
    notes = (Note(0.0, 0.2, 36, 99, drum=part == "drums", part=part) for part in parts)
    return Score(tuple(notes), seconds, bpm=before.bpm, beats=before.beats)


def request(start, before):
    return ChunkRequest(
        command=ORDER, seed=3, bpm=90.0, beats=4, composer="composer", start=start,
        accompaniment=before,
    )  # fmt: skip


@pytest.mark.parametrize("late", [-0.3, 0.0, 0.01, 0.4])
def test_a_chunk_ends_on_the_players_bar_line_whatever_its_start(late):
    start = 50.0 + 9 * BAR + late * BAR
    _, phrase = accompanied_phrase(request(start, Accompaniment(heard())), composed)
    end = start + phrase.frames / SAMPLE_RATE
    lines = (end - 50.0) / BAR
    assert abs(lines - round(lines)) * BAR <= GRID / SAMPLE_RATE
    assert phrase.frames / SAMPLE_RATE == pytest.approx(BAR - late * BAR, abs=0.01)
    assert phrase.bar.bpm == pytest.approx(BPM)
    assert phrase.bar.bar == pytest.approx(late % 1.0, abs=1e-6)
    assert phrase.score.seconds == pytest.approx(LEAD + phrase.frames / SAMPLE_RATE + TAIL)


def test_only_the_asked_parts_are_played_and_the_player_is_heard_without_them():
    asked = []

    def compose(command, before, bars):
        asked.append((command, before, bars))
        return composed(command, before, bars)

    start = 50.0 + 6 * BAR
    after, phrase = accompanied_phrase(request(start, Accompaniment(heard())), compose)
    command, before, bars = asked[0]
    assert (command.parts, command.engine) == ("drums bass", "composer")
    assert before.seconds == pytest.approx(6 * BAR)
    assert {part_of(note) for note in before.notes} == {"chords"}
    assert len(before.notes) == 6, "the bars that are not heard yet repeat those that are"
    assert bars == pytest.approx(1 + TAIL / BAR, abs=0.01)
    assert {part_of(note) for note in phrase.score.notes} == {"drums", "bass"}
    assert {round(note.start, 4) for note in phrase.score.notes} == {LEAD}
    assert {round(note.start, 4) for note in after.notes} == {round(start, 4)}
    # The next bar goes on from both.
    later = start + phrase.frames / SAMPLE_RATE
    after, phrase = accompanied_phrase(request(later, after), compose)
    assert {part_of(note) for note in asked[1][1].notes} == {"chords", "drums", "bass"}
    assert len(after.notes) == 4
    muted = replace(request(later, after), parts=("bass",))
    _, phrase = accompanied_phrase(muted, compose)
    assert {part_of(note) for note in phrase.score.notes} == {"bass"}


def test_a_hearing_moves_tempo_and_place_half_way():
    first = Accompaniment(heard())
    after = first.hear(heard(began=50.0 + 2 * BAR + 0.02, bpm=BPM * 1.002))
    assert after.heard.began == pytest.approx(50.0 + 2 * BAR + 0.01, abs=1e-6)
    assert 60 / after.heard.score.bpm == pytest.approx((60 / BPM) * (1 + 1 / 1.002) / 2)
    moved = first.hear(heard(began=50.0 + 2.1 * BAR))
    assert moved.heard.began == pytest.approx(50.0 + 2.1 * BAR)


def test_another_downbeat_must_be_heard_three_times():
    there = heard(began=50.0 + 3 * BAR + BAR / 4)
    state = Accompaniment(heard())
    for doubts in (1, 2):
        state = state.hear(there)
        lines = (state.heard.began - 50.0) / BAR
        assert state.doubts == doubts
        assert lines == pytest.approx(round(lines), abs=1e-6)
        assert state.heard.score.notes[0].start == pytest.approx(BAR / 4)
    state = state.hear(there)
    assert state.heard.began == pytest.approx(there.began)
    assert state.doubts == 0


def test_notes_of_midi_and_an_accompaniment_replace_each_other():
    before = settle_command(ORDER, StreamStart(midi="take"))
    assert (before.midi, before.accompany) == ("", "drums bass")
    assert settle_command(StreamStart(ahead=2.0), before).accompany == "drums bass"
    assert settle_command(StreamStart(accompany="none"), before).accompany == ""
    after = settle_command(StreamStart(midi="song"), before)
    assert (after.midi, after.accompany) == ("song", "")


def test_the_composer_accompanies_unless_another_engine_is_named():
    services = SimpleNamespace(registry=EngineRegistry("cpu", "tones"))
    assert check_engine(ORDER, services).name == "composer"
    assert check_engine(replace(ORDER, engine="rack"), services).name == "rack"
    with refusal(Code.EENGINE):
        check_engine(replace(ORDER, engine="tones"), services)
