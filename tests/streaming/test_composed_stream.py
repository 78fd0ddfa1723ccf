"""Check that a stream composes: which engine does, by whose notes, steered by params as it runs."""

from dataclasses import replace

import numpy as np
import pytest

from msanii_live.audio import make_clip
from msanii_live.benchmarks.streaming import streaming
from msanii_live.jobs.lazy_transcriber import LazyTranscriber
from msanii_live.jobs.params import Params
from msanii_live.notes import Note, Score, part_of
from msanii_live.playback.now_playing import RecentInput
from msanii_live.playback.player import Player
from msanii_live.protocol.commands import StreamStart
from msanii_live.streaming.settings import check_engine, find_composer, playing_engine
from msanii_live.streaming.state import StreamState
from msanii_live.transcription.following import FollowedBars
from tests.playback.fakes import wait_until

# So far ahead that chunks are made as fast as they can be.
FAST = StreamStart(engine="composer", chunk=2.0, ahead=30.0, at="none")
LINE = "Am F C G"
RIFF = tuple(Note(n / 2, n / 2 + 0.4, 57 + n % 5, 90, 4, part="chords") for n in range(8))
SONG = Score(RIFF, 4.0, bpm=120.0, beats=4.0, metre=(4, 4), key="A min", style="house")


def at_one_step():
    params = Params()
    params.set("stream.steps", 1)
    params.set("stream.seed", 3)
    return params


def song(name="song"):
    samples = np.full((4 * 44_100, 2), 0.1, np.float32)
    return replace(make_clip(samples, 44_100, name=name, bpm=120.0), score=SONG)


def notes_after(stream, told, seconds=0.0):
    """Wait for the next chunk, and return the notes of the stream from its last chunk on."""
    count = len(told.chunks)
    wait_until(lambda: len(told.chunks) > count or told.warnings, 60)
    composed = stream._loop._state.composed
    return composed.score.cut(composed.end + 0.05, composed.score.seconds)


def parts_in(stream, name, seconds=1.9):
    """Return the parts that play in the last seconds of what is composed, or of what was played."""
    state = getattr(stream._loop._state, name)
    score = state.score if name == "composed" else state
    return {part_of(note) for note in score.notes if note.start > score.seconds - seconds}


def test_a_stream_is_composed_from_nothing_and_steered(tmp_path):
    params = at_one_step()
    with streaming(tmp_path, "none", "tones", FAST, params) as (_, stream, told):
        wait_until(lambda: len(told.chunks) >= 1, 60)
        assert told.chunks[0][2] == pytest.approx(2.0, abs=0.01), "a whole bar"
        assert notes_after(stream, told).notes
        params.set("stream.density", 1.0)
        params.set("stream.key", "Eb")
        params.set("stream.style", "jazz")
        params.set("stream.chords", LINE)
        params.set("stream.parts", "bass drums")
        loop = stream._loop
        wait_until(lambda: loop._state.composed.steering.chords == LINE, 60)
        score = notes_after(stream, told)
        assert (score.key, score.style) == ("Eb maj", "jazz")
        symbols = [each.text for each in score.markers if each.kind == "chord"]
        assert " ".join(symbols) in " ".join([LINE] * 4)
        audible = {"bass", "drums"}
        wait_until(lambda: parts_in(stream, "composed") - audible, 60)  # muted parts are composed
        assert parts_in(stream, "notes") <= audible
        assert not told.warnings


def test_a_composed_clip_is_continued_by_a_composer_that_is_loaded(tmp_path):
    order = replace(FAST, engine="", src="song")
    with streaming(tmp_path, "none", "tones", FAST, at_one_step()) as (_, stream, told):
        wait_until(lambda: len(told.chunks) >= 1, 60)
        stream._services.library.add(song())
        told.chunks.clear()
        stream.start(order)  # its clip's notes are those that were played last
        wait_until(lambda: len(told.chunks) >= 1, 60)
        composed = stream._loop._state.composed
        assert composed.score.cut(0.0, 3.9).notes == SONG.cut(0.0, 3.9).notes
        assert composed.score.key == "A min"
        assert not told.warnings


@pytest.fixture
def services(tmp_path):
    params = at_one_step()
    with streaming(tmp_path, "none", "tones", StreamStart(chunk=1.0), params) as (_, stream, _told):
        yield stream._services


def test_which_engine_composes(services):
    registry, empty = services.registry, StreamState()
    composer = registry.get("composer")
    audio, notes = (
        StreamState.from_clip(clip, 4) for clip in (replace(song(), score=None), song())
    )
    for state in (empty, audio, notes):
        assert find_composer(StreamStart(engine="composer"), services, state) is composer
        assert find_composer(StreamStart(engine="tones"), services, state) is None
        assert find_composer(StreamStart(), services, state) is None, "it is not loaded"
        assert find_composer(StreamStart(engine="composer", midi="take"), services, state) is None
    assert playing_engine(StreamStart(engine="composer"), services, composer, notes) == "composer"
    assert playing_engine(StreamStart(engine="tones"), services, None, audio) == "tones"
    registry.default = "composer"
    assert find_composer(StreamStart(), services, empty) is composer
    assert find_composer(StreamStart(), services, notes) is composer
    assert find_composer(StreamStart(), services, audio) is None
    assert playing_engine(StreamStart(), services, None, audio) == "mel-flow"
    texture = replace(audio, is_texture=True)
    assert playing_engine(StreamStart(), services, None, texture) == "texture"
    morph = StreamStart(midi="song", timbre="harp", timbre2="lead")
    assert check_engine(morph, services).name == "mel2mel"
    assert check_engine(replace(morph, timbre2=""), services).name == "composer"
    assert check_engine(replace(morph, engine="note-diffusion"), services).name == "note-diffusion"


def test_what_an_engine_does_not_follow_is_warned_of_once(tmp_path):
    params = Params()
    params.set("stream.chords", LINE)
    params.set("stream.parts", "drums")
    short = StreamStart(chunk=1.0, ahead=10.0, at="none")
    with streaming(tmp_path, "none", "tones", short, params) as (_, _stream, told):
        wait_until(lambda: len(told.chunks) >= 4)
        assert told.warnings == [
            "tones does not follow chords and parts: the clip was made without "
            "(engine composer does)"
        ]


def test_a_stream_accompanies_what_comes_in_bar_by_bar(tmp_path, monkeypatch):
    bar, starts = 240 / 180, []  # s
    notes = tuple(Note(bar * n, bar * n + 0.9, 60, 90, part="chords") for n in range(4))
    played = Score(notes, 4 * bar, bpm=180.0, beats=4.0, metre=(4, 4), is_loop=True)
    silence = make_clip(np.zeros((44_100 * 12, 2), np.float32), 44_100, name="input")

    def recent(player, seconds):
        starts.append(player.now() - 12.0)
        return RecentInput(silence, starts[-1])

    def follow(transcriber, clip, bars, progress=None):
        return FollowedBars(played, -starts[-1] % bar)  # whole bars of the timeline

    monkeypatch.setattr(Player, "recent_input", recent)
    monkeypatch.setattr(LazyTranscriber, "follow", follow)
    order = StreamStart(src="input", accompany="drums bass")
    with streaming(tmp_path, "none", "tones", order, at_one_step()) as (_, stream, _told):
        loop = stream._loop
        wait_until(lambda: loop._state.index >= 2, 60)
        state = loop._state
    place = state.bar_offset + len(state.samples) / 44_100 / bar
    assert abs(place - round(place)) * bar < 0.02, "a chunk ends where a bar of the player ends"
    assert state.accompaniment.notes
    assert {part_of(note) for note in state.accompaniment.notes} <= {"drums", "bass"}
