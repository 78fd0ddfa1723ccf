"""Check the notes of composed chunks: whole bars that go on from each other, steered by params."""

from dataclasses import replace

import numpy as np
import pytest

from msanii_live.audio import make_clip
from msanii_live.engines.base import standalone_context
from msanii_live.engines.composer.engine import ComposerEngine
from msanii_live.errors import Code
from msanii_live.notes import CHORD, Note, Score, part_of
from msanii_live.protocol.commands import StreamStart
from msanii_live.streaming.composed_source import AHEAD, KEPT, compose_phrase
from msanii_live.streaming.phrases import TAIL
from msanii_live.streaming.request import ChunkRequest, compose_nothing
from msanii_live.streaming.state import Chunk, Steering, StreamState
from msanii_live.streaming.step import next_chunk
from tests.library.clips import refusal

RATE = 44_100
ORDER = StreamStart(engine="composer", chunk=4.0)
LINE = "Am F C G"


@pytest.fixture(scope="module")
def composer():
    return ComposerEngine("cpu")


class Composing:
    """What a stream asks the composer for, carried out at once; the bars asked for are kept."""

    def __init__(self, engine):
        self.engine = engine
        self.asked = []

    def compose(self, command, before, bars):
        self.asked.append(bars)
        context = replace(standalone_context(), seed=command.seed)
        if before is None:
            return self.engine.compose(command, context)
        return self.engine.continue_score(before, bars, command, context)

    def render(self, command, clips=None, score=None):
        context = replace(
            standalone_context(lambda name: score), seed=command.seed, skip_normalization=True
        )
        return self.engine.run(command, context)


def request(**args):
    return ChunkRequest(
        **{"command": ORDER, "seed": 7, "bpm": 120.0, "beats": 4, "steps": 1,
           "composer": "composer", **args}
    )  # fmt: skip


def advance(state, work, **args):
    """Return the state after a chunk whose sound is not made, and what the chunk plays."""
    notes, phrase = compose_phrase(state, request(**args), work.compose)
    clip = make_clip(np.zeros((phrase.frames, 2), np.float32), RATE, bpm=phrase.bar.bpm)
    after = replace(state, beats=phrase.bar.beats).extended(Chunk(clip, position=phrase.bar))
    return replace(after, composed=notes), phrase


def test_chunks_are_whole_bars_that_follow_each_other(composer):
    work, state = Composing(composer), StreamState()
    end = 0.0
    for index in range(10):
        state, phrase = advance(state, work, bpm=97.0)
        end += phrase.frames / RATE
        bar = 4 * 60.0 / 97.0
        assert end / bar == pytest.approx(2 * (index + 1), abs=0.004 / bar)
        assert phrase.score.seconds == pytest.approx(phrase.lead + phrase.frames / RATE + TAIL)
        kept = state.composed
        assert kept.end / kept.bar <= KEPT + 1
        assert kept.score.seconds >= kept.end + TAIL
    first, *rest = work.asked
    assert first == 2 + 1 + AHEAD
    assert len(rest) <= 4, "several bars at a time"
    assert all(AHEAD - 0.01 < bars < AHEAD + 1.01 for bars in rest)
    assert kept.end == pytest.approx(KEPT * kept.bar, abs=kept.bar)


def test_what_was_composed_ahead_is_what_sounds(composer):
    work, state = Composing(composer), StreamState()
    state, _ = advance(state, work)
    ahead = state.composed.score.cut(state.composed.end, state.composed.end + 4.0)
    _, phrase = advance(state, work)
    assert phrase.score.cut(phrase.lead, phrase.lead + 4.0).notes == ahead.notes
    assert ahead.notes


def test_equal_requests_give_equal_notes_and_change_nothing(composer):
    state, _ = advance(StreamState(), Composing(composer))
    before = state.composed
    one, other = (advance(state, Composing(composer), seed=5) for _ in range(2))
    assert one[1] == other[1]
    assert one[0].composed == other[0].composed
    assert state.composed == before


def test_steering_is_in_force_from_the_next_bar(composer):
    work, state = Composing(composer), StreamState()
    for _ in range(2):
        state, _ = advance(state, work)
    before = state.composed
    steering = Steering(style="jazz", key="Eb", chords=LINE, density=0.7)
    state, phrase = advance(state, work, steering=steering)
    now = state.composed
    assert (now.score.style, now.score.key) == ("jazz", "Eb maj")
    chunk = now.score.cut(before.end + 0.1, now.end - 0.1)
    symbols = [each.text for each in chunk.markers if each.kind == CHORD]
    assert len(symbols) == 2
    assert " ".join(symbols) in f"{LINE} {LINE}", "in the order of the line"
    assert phrase.score.cut(phrase.lead, phrase.lead + 4.0).notes
    old = before.score.cut(0.0, before.end - 0.1).notes
    assert now.score.cut(0.0, before.end - 0.1).notes == old, "what has sounded stays"
    after, _ = advance(state, work, steering=steering)
    symbols += [
        each.text
        for each in after.composed.score.cut(now.end + 0.1, after.composed.end - 0.1).markers
        if each.kind == CHORD
    ]
    assert " ".join(symbols) in f"{LINE} {LINE}", "the line goes on over chunks"


def test_density_is_followed_in_the_next_chunk(composer):
    work, state = Composing(composer), StreamState()
    for _ in range(2):
        state, _ = advance(state, work, steps=2)

    def notes_in_a_chunk(density):
        _, phrase = advance(state, work, steps=2, steering=Steering(density=density))
        return len([note for note in phrase.score.notes if note.start >= phrase.lead])

    assert notes_in_a_chunk(1.0) > 1.5 * notes_in_a_chunk(0.0)


class Written:
    """Notes of three parts on every beat, in place of what a composer makes up."""

    def compose(self, command, before, bars):
        seconds = command.seconds if before is None else 2.0 * bars
        notes = [
            Note(beat / 2, beat / 2 + 0.7, pitch, 90, part=part)
            for beat in range(round(2 * seconds))
            for part, pitch in (("bass", 40), ("chords", 60), ("lead", 72))
        ]
        return Score(tuple(notes), seconds, bpm=120.0, beats=4.0, metre=(4, 4))


def test_muted_parts_are_silent_and_come_back():
    work, state = Written(), StreamState()
    state, _ = advance(state, work)
    state, phrase = advance(state, work, parts=("bass",))
    assert {part_of(note) for note in phrase.score.notes if note.start >= phrase.lead} == {"bass"}
    assert {part_of(n) for n in phrase.score.notes if n.start < phrase.lead} > {"bass"}, (
        "they rang on"
    )
    others = [n for n in phrase.score.notes if part_of(n) != "bass"]
    assert max(note.end for note in others) <= phrase.lead + 1e-6, "and end where the chunk begins"
    state, phrase = advance(state, work)
    parts = {part_of(note) for note in phrase.score.notes if note.start >= phrase.lead}
    assert parts > {"bass"}
    assert {part_of(note) for note in phrase.score.notes if note.start < phrase.lead} == {"bass"}


def test_the_transports_tempo_is_followed_once_it_changes(composer):
    work, state = Composing(composer), StreamState()
    state, _ = advance(state, work)
    state, phrase = advance(state, work, bpm=90.0)
    assert phrase.bar.bpm == 90.0
    bars = phrase.frames / RATE * 90.0 / 240.0
    assert bars == pytest.approx(round(bars), abs=0.002)
    assert state.composed.score.bpm == 90.0
    assert state.composed.bar == pytest.approx(240 / 90)


def clip(score, seconds):
    samples = np.full((round(seconds * RATE), 2), 0.1, np.float32)
    made = make_clip(samples, RATE, bpm=score.bpm if score else 100.0, style="house", key="D min")
    return replace(made, score=score)


def test_a_clip_whose_notes_are_known_is_continued_to_its_next_bar_line(composer):
    notes = tuple(
        Note(beat * 0.5, beat * 0.5 + 0.4, pitch, 90, 4, part="chords")
        for beat in range(7)
        for pitch in (62, 65, 69)
    )
    score = Score(notes, 3.5, bpm=120.0, beats=4.0, metre=(4, 4), key="D min", style="house")
    state = StreamState.from_clip(clip(score, 3.5), 4)
    work = Composing(composer)
    state, phrase = advance(state, work, bpm=80.0)
    assert phrase.bar.bpm == 120.0, "the clip's own tempo"
    assert phrase.bar.bar == pytest.approx(0.75)
    assert phrase.frames / RATE == pytest.approx(4.5, abs=0.004), "two bars and a beat"
    assert state.composed.score.key == "D min"
    assert phrase.score.cut(phrase.lead - 1.0, phrase.lead).notes == score.cut(2.5, 3.5).notes
    state, phrase = advance(state, work, bpm=80.0)
    assert (phrase.bar.bpm, round(phrase.bar.bar, 2) % 1.0) == (120.0, 0.0)


def test_audio_without_notes_is_continued_in_its_tempo_style_and_key(composer):
    state = StreamState.from_clip(clip(None, 3.0), 4)
    state, phrase = advance(state, Composing(composer))
    assert phrase.bar.bpm == 100.0
    assert phrase.bar.bar == pytest.approx(0.25), "3 s at 100 bpm are five beats"
    assert state.composed.score.style == "house"
    assert state.composed.score.key == "D min"
    assert not [note for note in phrase.score.notes if note.start < phrase.lead - 1e-6]


def test_a_composed_chunk_sounds_and_joins_the_one_before(composer):
    work = Composing(composer)
    short = request(command=replace(ORDER, chunk=2.0))
    chunk, state = next_chunk(StreamState(), short, work.render, work.compose)
    assert chunk.clip.info.frames == 2 * RATE
    assert state.composed.end == 2.0
    after, later = next_chunk(state, short, work.render, work.compose)
    assert later.frames == 4 * RATE
    assert after.clip.info.frames == 2 * RATE + after.overlap
    assert later.gain is not None
    assert np.abs(after.clip.samples).max() > 0.05
    assert later.composed.score.notes


def test_nothing_composes_where_no_engine_does():
    with refusal(Code.EENGINE):
        next_chunk(StreamState(), request(), None, compose_nothing)


def test_a_part_that_nobody_composed_is_composed_when_it_is_to_sound(composer):
    bar = 2.0
    hits = tuple(Note(n * bar / 4, n * bar / 4 + 0.1, 36, 100, drum=True) for n in range(16))
    score = Score(hits, 4 * bar, bpm=120.0, beats=4, style="house")
    state = StreamState()
    state, _ = advance(state, Composing(composer))
    state = replace(state, composed=replace(state.composed, score=score, end=4 * bar))
    _, phrase = advance(state, Composing(composer), parts=("chords", "drums"))
    assert {part_of(note) for note in phrase.score.notes if note.start >= phrase.lead} == {
        "chords", "drums",
    }  # fmt: skip


def test_a_stream_of_one_part_begins_with_it(composer):
    _, phrase = advance(
        StreamState(), Composing(composer), parts=("drums",), steering=Steering(style="piano")
    )
    assert {part_of(note) for note in phrase.score.notes} == {"drums"}
