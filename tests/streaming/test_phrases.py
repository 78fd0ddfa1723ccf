"""Check that a stream of what is played loses no note, doubles none, and keeps the bar."""

import math
import random
from dataclasses import replace
from types import SimpleNamespace

import pytest
from mido import Message

from msanii_live.errors import Code
from msanii_live.library.audio_files import SAMPLE_RATE
from msanii_live.midi.takes import MidiRecorder
from msanii_live.notes import Note, Score
from msanii_live.protocol.commands import StreamStart
from msanii_live.streaming.live_midi import LiveMidi
from msanii_live.streaming.phrases import LEAD, TAIL, ChunkTiming, whole_bars
from msanii_live.streaming.score_player import ScorePlayer
from msanii_live.streaming.state import ReaderPosition
from msanii_live.timing.transport import Transport
from tests.library.clips import refusal

NOTHING = Score((), 0.0)


class Stage:
    """Run hands, clock and stream without sound; what the stream plays is kept as notes."""

    def __init__(self, bpm: float = 120.0, chunk: float = 4.0, ahead: float = 2.0) -> None:
        self.clock = SimpleNamespace(now=100.0)
        self.transport = Transport(bpm=bpm, clock=lambda: self.clock.now)
        self.takes = MidiRecorder()
        self.live = LiveMidi(self.takes, self.transport)
        self.position = ReaderPosition()
        self.order = StreamStart(midi="take", chunk=chunk, ahead=ahead)
        self.end = math.inf  # until there is something to go on from
        self.before = NOTHING
        self.heard: list[Note] = []  # what began in the stream, by the timeline
        self.phrases = []
        self.to_play: list[tuple[float, Message]] = []

    def plays(self, pitch: int, start: float, end: float) -> None:
        self.to_play.append((start, Message("note_on", note=pitch, velocity=80)))
        self.to_play.append((end, Message("note_off", note=pitch)))
        self.to_play.sort(key=lambda event: event[0])

    def go(self, until: float, took=lambda: 0.2) -> None:
        while self.clock.now < until:
            self.clock.now += 0.05
            while self.to_play and self.to_play[0][0] <= self.clock.now:
                moment, message = self.to_play.pop(0)
                self.takes.receive(message, moment)
            safe = 1.5 * took() + 0.3
            timing = ChunkTiming(
                self.end, self.clock.now, self.order.chunk,
                safe + self.order.ahead, safe + self.order.ahead / 2,
            )  # fmt: skip
            if self.end < math.inf and self.clock.now >= self.live.due_at(self.position, timing):
                self.chunk(timing)
                self.clock.now += took()

    def chunk(self, timing: ChunkTiming) -> None:
        phrase = self.live.read(self.position, timing, self.before, drums=True)
        assert phrase == self.live.read(self.position, timing, self.before, drums=True)
        self.position = phrase.position
        seconds = phrase.frames / SAMPLE_RATE
        assert phrase.score.seconds == pytest.approx(LEAD + seconds + TAIL)
        new = phrase.score.cut(LEAD, LEAD + seconds).notes
        held = {
            n.pitch for n in phrase.score.notes if n.start < LEAD - 1e-6 and n.end > LEAD + 1e-6
        }
        for n in new:
            note = Note(self.end + n.start, self.end + n.end, n.pitch, n.velocity)
            if n.start < 1e-6 and n.pitch in held:  # it is not struck again
                at = max(i for i, known in enumerate(self.heard) if known.pitch == n.pitch)
                self.heard[at] = replace(self.heard[at], end=note.end)
            else:
                self.heard.append(note)
        self.phrases.append((self.end, phrase))
        self.before = phrase.score.cut(seconds, LEAD + seconds)
        self.end += seconds


def beats_played(stage: Stage, first: int, count: int, beat: float = 0.5) -> None:
    """Have a pitch of its own played on each beat, a little long, so that it goes over edges."""
    for n in range(first, first + count):
        stage.plays(20 + n % 100, 100.0 + n * beat, 100.0 + (n + 0.9) * beat)


@pytest.mark.parametrize(("bpm", "chunk"), [(120.0, 4.0), (97.0, 3.0), (133.7, 1.0), (60.0, 9.0)])
def test_every_note_comes_once_in_its_place_in_the_bar(bpm, chunk):
    stage = Stage(bpm, chunk)
    beat = 60.0 / bpm
    beats_played(stage, 0, 90, beat)
    stage.go(100 + 8 * beat)
    stage.end = 100 + 12 * beat
    chance = random.Random(3)
    stage.go(100 + 80 * beat, took=lambda: chance.uniform(0.05, 0.5))
    # From the first chunk that is not the last phrase again:
    pitches = [n.pitch for n in stage.heard]
    tail = pitches[-31:-1]
    assert tail == list(range(tail[0], tail[0] + 30))
    for note in stage.heard[-31:-1]:
        place = (note.start - 100.0) / beat
        assert place == pytest.approx(round(place), abs=0.01)
        assert (round(place) - (note.pitch - 20)) % 4 == 0  # a beat of the bar stays that beat
        assert note.end - note.start == pytest.approx(0.9 * beat, abs=0.01)


def test_the_stream_is_a_chunk_and_its_lead_behind_the_hands():
    stage = Stage(ahead=1.0, chunk=2.0)
    beats_played(stage, 0, 90)
    stage.go(104.0)
    stage.end = 106.0
    stage.go(140.0)
    last = stage.heard[-1]
    played = 100.0 + (last.pitch - 20) * 0.5
    # One bar of 2 s to be played whole, and a lead of 1.6 s that is a bar too.
    assert last.start - played == pytest.approx(4.0, abs=0.02)


def test_hands_that_rest_hear_their_last_phrase_again():
    stage = Stage()
    beats_played(stage, 0, 16)  # two chunks of two bars
    stage.go(110.0)
    stage.end = 110.0
    stage.go(150.0)
    ends = [end for end, _ in stage.phrases]
    assert stage.end > 150.0
    for (_, phrase), end in zip(stage.phrases[4:], ends[4:], strict=True):
        inside = phrase.score.cut(LEAD, LEAD + phrase.frames / SAMPLE_RATE)
        assert [n.pitch for n in inside.notes] == list(range(28, 36)), end
    # and what is played then is heard
    stage.plays(90, 152.0, 152.4)
    stage.go(170.0)
    assert any(n.pitch == 90 for n in stage.heard)


def test_a_last_note_on_the_downbeat_is_no_bar_of_the_phrase_that_goes_round():
    stage = Stage()
    beats_played(stage, 0, 17)  # four bars and the beat after them
    stage.go(110.0)
    stage.end = 110.0
    stage.go(150.0)
    assert any(n.pitch == 36 for n in stage.heard)
    _, phrase = stage.phrases[-1]
    inside = phrase.score.cut(LEAD, LEAD + phrase.frames / SAMPLE_RATE)
    assert [n.pitch for n in inside.notes] == list(range(28, 36))


def test_a_key_just_before_the_bar_line_begins_the_next_phrase_and_is_no_phrase_of_its_own():
    stage = Stage(chunk=2.0, ahead=1.0)
    beats_played(stage, 0, 8)
    stage.go(106.0)
    stage.end = 106.0
    stage.plays(100, 119.97, 121.5)
    stage.go(132.0)
    held = [n for n in stage.heard if n.pitch == 100]
    assert held
    assert (held[0].start - 100.0) % 2.0 == pytest.approx(0.0, abs=0.02)
    assert held[0].end - held[0].start == pytest.approx(1.5, abs=0.02)


def test_a_note_held_over_chunks_is_struck_once():
    stage = Stage(chunk=2.0, ahead=1.0)
    beats_played(stage, 0, 8)
    stage.go(106.0)
    stage.end = 106.0
    stage.plays(40, 112.5, 121.0)
    for n in range(24, 44):
        stage.plays(80, 100 + n * 0.5, 100.2 + n * 0.5)
    stage.go(126.0)
    assert len([n for n in stage.heard if n.pitch == 40 and n.start % 2 > 0.1]) == 1
    drone = [p for _, p in stage.phrases if any(n.pitch == 40 for n in p.score.notes)]
    assert len(drone) >= 4


def test_a_drone_alone_is_new_and_sounds_on():
    stage = Stage(chunk=2.0, ahead=1.0)
    beats_played(stage, 0, 8)
    stage.go(106.0)
    stage.end = 106.0
    stage.plays(40, 112.0, 130.0)
    stage.go(130.0)
    _, phrase = stage.phrases[-1]
    inside = phrase.score.cut(LEAD, LEAD + 2.0).notes
    assert [(n.pitch, n.start, n.end) for n in inside] == [(40, 0.0, pytest.approx(2.0))]
    assert phrase.score.notes[0].start < LEAD  # it comes from before, so it is not struck again


def test_a_stream_that_stood_still_goes_back_to_the_last_bars():
    stage = Stage(chunk=2.0, ahead=1.0)
    beats_played(stage, 0, 95)
    stage.go(104.0)
    stage.end = 106.0
    stage.go(115.0)
    for _ in range(200):  # ten seconds that an engine was held up, the hands going on
        stage.go(stage.clock.now + 0.04, took=lambda: 0.0) if stage.clock.now > 125 else None
        stage.clock.now += 0.05
        while stage.to_play and stage.to_play[0][0] <= stage.clock.now:
            moment, message = stage.to_play.pop(0)
            stage.takes.receive(message, moment)
    stage.end = max(stage.end, 126.0)
    stage.go(140.0)
    last = stage.heard[-1]
    assert last.start - (100.0 + (last.pitch - 20) * 0.5) <= 8.1


def test_bars_begin_on_the_bar_line_whatever_the_stream_went_on_from():
    stage = Stage(chunk=2.0, ahead=1.0)
    beats_played(stage, 0, 60)
    stage.go(106.0)
    stage.end = 107.3  # a clip that was no whole bars long
    stage.go(125.0)
    assert all((end - 100.0) % 2.0 == pytest.approx(0.0, abs=0.01) for end, _ in stage.phrases[1:])
    for note in stage.heard[8:]:
        assert (note.start - 100.0) % 0.5 == pytest.approx(0.0, abs=0.02)


def test_another_tempo_moves_the_bars_and_the_stream_with_them():
    stage = Stage(chunk=2.0, ahead=1.0)
    beats_played(stage, 0, 90)
    stage.go(106.0)
    stage.end = 106.0
    stage.go(120.0)
    stage.transport.set(bpm=93.0)
    stage.go(150.0)
    ends = [end for end, _ in stage.phrases if end > 128]
    assert len(ends) >= 8
    for end in ends:
        bar = stage.transport.bars_at(end)
        assert bar == pytest.approx(round(bar), abs=0.002)


def test_a_transport_that_stands_still_does_not_hold_the_stream_up():
    stage = Stage(chunk=2.0, ahead=1.0)
    stage.transport.set_running(False)
    beats_played(stage, 0, 90)
    stage.go(106.0)
    stage.end = 106.0
    stage.go(140.0)
    assert stage.end > 140
    pitches = [n.pitch for n in stage.heard][-21:-1]
    assert pitches == list(range(pitches[0], pitches[0] + 20))


def test_nothing_played_is_refused():
    with refusal(Code.ENOCLIP):
        stage = Stage()
        stage.end = 104.0
        stage.chunk(ChunkTiming(104.0, 103.0, 4.0, 3.0, 2.0))


def song(count: int, bpm: float = 120.0, **how: object) -> Score:
    beat = 60.0 / bpm
    notes = tuple(Note(n * beat, (n + 0.9) * beat, 60 + n, 90) for n in range(count))
    return Score(notes, count * beat + 1.0, bpm=bpm, **how)


def test_a_piece_goes_round_in_whole_bars_and_holds_notes_over_edges():
    piece = ScorePlayer(song(6), 4)  # a bar and a half, which goes round in two bars
    before, heard, at, position = NOTHING, [], 0.0, ReaderPosition()
    for _ in range(8):
        phrase = piece.read(position, ChunkTiming(at, at, 1.3, 1.0, 1.0), before, drums=True)
        position = phrase.position
        seconds = phrase.frames / SAMPLE_RATE
        heard += [
            (n.pitch, round(at + n.start - LEAD, 3))
            for n in phrase.score.notes
            if LEAD - 1e-6 <= n.start < LEAD + seconds - 1e-6
        ]
        before, at = phrase.score.cut(seconds, LEAD + seconds), at + seconds
    expected = [(60 + n, 4.0 * turn + 0.5 * n) for turn in range(3) for n in range(6)]
    assert heard == [e for e in expected if e[1] < at]


def test_a_round_is_as_long_as_its_bars():
    assert whole_bars(song(8), 4).seconds == pytest.approx(4.0)
    assert whole_bars(song(6, beats=3), 4).seconds == pytest.approx(3.0)
    late = Score((Note(0.0, 4.1, 60, 90),), 4.2, bpm=120.0)  # let go a little after the bar line
    assert whole_bars(late, 4).seconds == pytest.approx(4.0)
    assert whole_bars(late, 4).notes[0].end == pytest.approx(4.0)
    rest = Score((Note(0.0, 1.0, 60, 90),), 8.0, bpm=120.0)  # its rest belongs to it
    assert whole_bars(rest, 4).seconds == 8.0
    free = Score((Note(0.0, 1.0, 60, 90),), 2.7)
    assert whole_bars(free, 4).seconds == 2.7
