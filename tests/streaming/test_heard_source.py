"""Check what a stream takes from the audio that it continues: notes, sound, or its texture."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from msanii_live.audio import make_clip, rms_dbfs
from msanii_live.engines.composer.recording_sound import learn_sound
from msanii_live.engines.registry import EngineRegistry
from msanii_live.notes import Note, Score
from msanii_live.protocol.commands import StreamStart
from msanii_live.streaming.heard_source import hear_source
from msanii_live.streaming.state import StreamState
from msanii_live.transcription.musicality import Listening

RIFF = tuple(Note(n / 2, n / 2 + 0.4, 57 + n % 5, 90, 4, part="chords") for n in range(8))
SONG = Score(RIFF, 4.0, bpm=120.0, beats=4.0, metre=(4, 4))
RECORDED = np.random.default_rng(1).normal(0, 0.1, (4 * 44_100, 2)).astype(np.float32)


def state_of(samples=RECORDED, **info):
    return StreamState.from_clip(make_clip(samples, 44_100, name="loop", **info), 4)


def hear(state, is_music=True, score=SONG, command=None):
    """Return the state, what was warned of, and the scores that were played."""
    warned, played = [], []
    transcriber = SimpleNamespace(listen=lambda clip: Listening(score, is_music))
    services = SimpleNamespace(registry=EngineRegistry("cpu", "composer"), transcriber=transcriber)

    def render(command, clips=None, score=None):
        played.append(score)
        return make_clip(0.3 * np.cumsum(RECORDED, axis=0) / 100, 44_100)

    found = hear_source(state, command or StreamStart(), services, render, warned.append)
    return found, warned, played


def test_notes_and_sound_of_a_recording_are_heard_once():
    before = state_of()
    state, warned, played = hear(before)
    assert before.composed is None
    assert state.composed.score.notes == RIFF
    assert state.composed.end == 4.0
    assert played[0].seconds == 4.0
    assert len(warned) == 1
    bright = state.sound.apply(0.3 * np.cumsum(RECORDED, axis=0) / 100)
    power = np.abs(np.fft.rfft(bright[:, 0])) ** 2
    high, low = power[40_000:60_000].mean(), power[2_000:4_000].mean()
    assert abs(10 * np.log10(high / low)) < 6.0, "as white as the recording; before: 26 dB"
    again, warned, played = hear(state)
    assert again is state
    assert not warned
    assert not played


def test_the_sound_is_learnt_of_recordings_alone():
    state, _, played = hear(state_of(engine="mel-flow"))
    assert state.composed is not None
    assert state.sound is None
    assert not played


def test_what_is_no_music_goes_on_by_its_texture_unless_an_engine_is_named():
    state, warned, _ = hear(state_of(), is_music=False)
    assert state.is_texture
    assert "texture" in warned[0]
    named, _, _ = hear(state_of(), is_music=False, command=StreamStart(engine="composer"))
    assert named.composed is not None
    assert not named.is_texture


@pytest.mark.parametrize(
    "command",
    [StreamStart(engine="tones"), StreamStart(midi="take"), StreamStart(accompany="bass")],
)
def test_nobody_listens_where_no_engine_composes_a_continuation(command):
    state = state_of()
    assert hear(state, command=command)[0] is state
    silent = state_of(np.zeros_like(RECORDED))
    assert hear(silent)[0] is silent
    later = replace(state, index=3)
    assert hear(later)[0] is later
    unbeaten, _, _ = hear(state, score=replace(SONG, bpm=0.0))
    assert unbeaten is state


def test_a_learnt_sound_has_the_loudness_of_its_recording():
    sound = learn_sound(RECORDED, 0.1 * RECORDED)
    assert rms_dbfs(sound.apply(0.1 * RECORDED)) == pytest.approx(rms_dbfs(RECORDED), abs=1.0)
    assert -25 < sound.loudness < -10
