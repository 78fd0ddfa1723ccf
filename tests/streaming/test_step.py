"""Check that the stream is a pure step: the same state and request give the same chunk."""

from dataclasses import replace

import numpy as np
import pytest

from msanii_live.audio import make_clip, rms_dbfs
from msanii_live.engines.base import Context
from msanii_live.engines.tones import Tones
from msanii_live.errors import Code, CommandError
from msanii_live.notes import Note, Score
from msanii_live.playback.crossfade import largest_step
from msanii_live.protocol.commands import Generate, Interpolate, Outpaint, Render, StreamStart
from msanii_live.streaming.phrases import ChunkTiming
from msanii_live.streaming.request import ChunkRequest, MorphTarget
from msanii_live.streaming.score_player import ScorePlayer
from msanii_live.streaming.state import Chunk, ReaderPosition, Steering, StreamState
from msanii_live.streaming.step import next_chunk
from tests.library.clips import refusal

RATE = 44_100
ORDER = StreamStart(chunk=1.0)
NOTES = tuple(Note(n / 2, n / 2 + 0.45, 60 + n, 90) for n in range(8))
SONG = ScorePlayer(Score(NOTES, 4.0, bpm=120.0), 4)


class Renderer:
    """What a stream asks engines for, carried out at once by the engine of tones."""

    def __init__(self) -> None:
        self.commands = []

    def __call__(self, command, clips=None, score=None):
        self.commands.append(command)
        context = Context(
            clip=lambda name: clips[name],
            progress=lambda step, steps: None,
            warn=lambda text: None,
            tempo=120.0,
            beats=4,
            seed=command.seed,
            score=lambda name: score,
            skip_normalization=True,
        )
        return Tones().run(command, context)


def request(**args) -> ChunkRequest:
    return ChunkRequest(**{"command": ORDER, "seed": 7, "bpm": 120.0, "beats": 4, **args})


def note_request(state: StreamState, **args) -> ChunkRequest:
    timing = ChunkTiming(100.0, 99.0, 1.0, 2.0, 1.0)
    phrase = SONG.read(state.reader, timing, state.notes, drums=True)
    command = StreamStart(chunk=1.0, midi="song")
    return request(**{"command": command, "phrase": phrase, **args})


def assert_equal(one: StreamState, other: StreamState) -> None:
    assert np.array_equal(one.samples, other.samples)
    for name in ("info", "bar_offset", "bpm", "beats", "frames", "index", "notes", "gain"):
        assert getattr(one, name) == getattr(other, name), name
    assert one.reader == other.reader


def copied(state: StreamState) -> StreamState:
    return replace(state, samples=state.samples.copy())


def begun() -> StreamState:
    return next_chunk(StreamState(), request(), Renderer())[1]


@pytest.mark.parametrize("asks", [lambda state: request(), note_request])
def test_the_same_state_and_request_give_the_same_chunk_and_change_nothing(asks):
    for state in (StreamState(), begun()):
        before, wanted = copied(state), asks(state)
        one, after = next_chunk(state, wanted, Renderer())
        other, again = next_chunk(state, wanted, Renderer())
        assert np.array_equal(one.clip.samples, other.clip.samples)
        assert one.overlap == other.overlap
        assert_equal(after, again)
        assert_equal(state, before)
        assert after.frames > state.frames


def test_another_seed_gives_another_chunk():
    state = begun()
    one, other = (next_chunk(state, request(seed=s), Renderer())[0] for s in (1, 2))
    assert not np.array_equal(one.clip.samples, other.clip.samples)


def test_an_empty_stream_begins_with_whole_bars_at_the_tempo():
    render = Renderer()
    steering = Steering("house", "Am", "Am F", 0.25)
    wanted = request(
        bpm=96.0, beats=3, command=StreamStart(chunk=3.6), steps=5, steering=steering,
        parts=("drums",),
    )  # fmt: skip
    chunk, state = next_chunk(StreamState(), wanted, render)
    (command,) = render.commands
    assert isinstance(command, Generate)
    assert (command.bars, command.bpm, command.steps) == (2, 96.0, 5)
    assert (command.density, command.seed) == (0.25, 7)
    words = (command.style, command.key, command.chords, command.parts)
    assert words == ("house", "Am", "Am F", "drums")
    assert (chunk.clip.info.name, chunk.overlap) == ("stream", 0)
    assert (state.bpm, state.beats, state.index) == (96.0, 3, 0)
    assert state.frames == chunk.clip.info.frames


def test_chunks_continue_the_stream_without_a_click():
    state, heard, render = begun(), [], Renderer()
    heard.append(state.samples)
    for n in range(4):
        chunk, after = next_chunk(state, request(seed=n), render)
        heard[-1] = heard[-1][: len(heard[-1]) - chunk.overlap]
        heard.append(chunk.clip.samples)
        assert (after.frames - state.frames) / RATE == pytest.approx(1.0, abs=0.002)
        assert after.index == n + 1
        state = after
    assert all(isinstance(command, Outpaint) for command in render.commands)
    assert all(command.keep == 1 for command in render.commands)
    assert largest_step(np.concatenate(heard)) < 0.03


def test_the_state_keeps_twelve_seconds_and_its_place_in_the_bar():
    state = StreamState.from_clip(make_clip(np.ones((RATE, 2), np.float32), RATE, bpm=120.0), 4)
    for n in range(14):
        clip = make_clip(np.full((RATE + 10, 2), 2.0 + n, np.float32), RATE)
        state = state.extended(Chunk(clip, overlap=10))
    assert len(state.samples) == 12 * RATE
    assert state.frames == 15 * RATE
    assert state.index == 14
    assert state.bar_offset == pytest.approx((15 - 12) / 2 % 1)
    bar = state.last_bar(90.0)
    assert len(bar) == 2 * RATE
    assert state.to_clip().info.bar_offset == state.bar_offset
    assert set(np.unique(state.samples[-RATE:])) == {15.0}


def test_notes_are_played_in_order_each_from_where_the_last_chunk_ended():
    state, spans = begun(), []
    for n in range(5):
        wanted = note_request(state)
        chunk, after = next_chunk(state, wanted, Renderer())
        assert chunk.overlap > 0
        assert after.reader.played_until == pytest.approx(n + 1, abs=0.01)
        assert (after.bpm, after.beats) == (120.0, 4)
        assert after.gain is not None
        spans.append([note.pitch for note in after.notes.notes])
        state = after
    assert set(spans[1]) >= {60, 61, 62, 63}
    assert set(spans[4]) >= {66, 67, 60, 61}  # the end, and the start again
    fresh = state.with_new_source()
    assert (fresh.reader, fresh.gain) == (ReaderPosition(), None)
    assert fresh.samples is state.samples


def test_the_gain_of_the_state_holds_the_level_over_chunks():
    soft = Score(tuple(replace(note, velocity=20) for note in NOTES), 4.0, bpm=120.0)
    loud_state = next_chunk(StreamState(), note_request(StreamState()), Renderer())[1]
    timing = ChunkTiming(100.0, 99.0, 1.0, 2.0, 1.0)
    phrase = ScorePlayer(soft, 4).read(ReaderPosition(), timing, loud_state.notes, True)
    wanted = replace(note_request(loud_state), phrase=phrase)
    after = next_chunk(loud_state, wanted, Renderer())[1]
    alone = next_chunk(replace(loud_state, gain=None), wanted, Renderer())[1]
    assert loud_state.gain < after.gain < alone.gain


def test_a_rest_is_rendered_without_an_engine():
    timing = ChunkTiming(100.0, 99.0, 1.0, 2.0, 1.0)
    rest = ScorePlayer(Score((Note(6.0, 7.0, 60, 90),), 8.0, bpm=120.0), 4)
    phrase = rest.read(ReaderPosition(), timing, Score((), 0.0), True)
    render = Renderer()
    chunk, state = next_chunk(StreamState(), note_request(StreamState(), phrase=phrase), render)
    assert render.commands == []
    assert not chunk.clip.samples.any()
    assert state.gain is None


@pytest.mark.parametrize("by_engine", [False, True])
def test_a_target_is_morphed_towards_from_the_overlap_on(by_engine):
    state, render = begun(), Renderer()
    target = MorphTarget(np.full((1_000, 2), 0.4, np.float32), 1.0, 0.5, by_engine)
    plain = next_chunk(state, request(), Renderer())[0]
    chunk, _ = next_chunk(state, request(target=target), render)
    assert any(isinstance(c, Interpolate) for c in render.commands) == by_engine
    assert all(command.seed == 7 for command in render.commands)
    samples, overlap = chunk.clip.samples, chunk.overlap
    assert np.array_equal(samples[:overlap], plain.clip.samples[:overlap])
    level = 10 ** (rms_dbfs(plain.clip.samples[overlap:]) / 20)  # a morph keeps the stream's
    assert np.allclose(samples[overlap + 4_410 :], level, rtol=1e-3)
    assert not np.allclose(samples[overlap : overlap + 100], level, rtol=0.05)


@pytest.mark.parametrize("by_engine", [False, True])
@pytest.mark.parametrize(("target_level", "mix"), [(0.9, 0.5), (0.05, 0.5), (0.9, 1.0), (0.3, 0.0)])
def test_a_morph_adds_no_level_that_would_be_kept(by_engine, target_level, mix):
    square = np.where(np.arange(44_100) % 200 < 100, target_level, -target_level)
    samples = np.repeat(square[:, None].astype(np.float32), 2, axis=1)
    state, render = begun(), Renderer()
    before = rms_dbfs(state.samples)
    for _ in range(4):
        target = MorphTarget(samples, mix, 0.5, by_engine)
        plain = next_chunk(state, request(), render)[0]
        chunk, state = next_chunk(state, request(target=target), render)
        made = rms_dbfs(chunk.clip.samples[chunk.overlap + 4_410 :])
        assert made == pytest.approx(rms_dbfs(plain.clip.samples[plain.overlap :]), abs=0.5)
    after = next_chunk(state, request(), render)[0]
    assert rms_dbfs(after.clip.samples[after.overlap :]) == pytest.approx(before, abs=1.0)


def test_a_target_is_heard_in_a_rest_at_the_level_before_it():
    phrase = note_request(StreamState()).phrase
    rest = replace(phrase, score=Score((), phrase.score.seconds))
    state = begun()
    target = MorphTarget(np.full((1_000, 2), 0.4, np.float32), 1.0, 0.5, False)
    chunk, _ = next_chunk(state, note_request(state, phrase=rest, target=target), Renderer())
    heard = rms_dbfs(chunk.clip.samples[chunk.overlap + 4_410 :])
    assert heard == pytest.approx(rms_dbfs(state.samples), abs=0.1)


def test_timbres_reach_the_engine():
    state, render = begun(), Renderer()
    order = StreamStart(chunk=1.0, midi="song", timbre="harp", timbre2="organ", program=3)
    next_chunk(state, note_request(state, command=order, mix=0.25), render)
    (command,) = render.commands
    assert isinstance(command, Render)
    assert (command.midi, command.timbre, command.timbre2) == ("song", "harp", "organ")
    assert (command.program, command.mix) == (3, 0.25)


def test_a_step_that_fails_leaves_its_state_to_try_again():
    state = begun()
    before = copied(state)

    def fail(command, clips=None, score=None):
        raise CommandError(Code.EOOM, "out of memory")

    for wanted in (request(), note_request(state)):
        with refusal(Code.EOOM):
            next_chunk(state, wanted, fail)
        assert_equal(state, before)
