"""What a stream began with, if nobody knows its notes: they are heard, and so is its sound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from msanii_live.audio import as_stereo, rms_dbfs
from msanii_live.engines.base import is_composing
from msanii_live.engines.composer.recording_sound import learn_sound
from msanii_live.jobs.services import Services
from msanii_live.notes import Score
from msanii_live.protocol.commands import Render, StreamStart
from msanii_live.streaming.request import RenderClip
from msanii_live.streaming.settings import playing_engine
from msanii_live.streaming.state import SOURCE, StreamState, notes_of

QUIET = -60.0  # dBFS of a sound that says nothing


def hear_source(
    state: StreamState,
    command: StreamStart,
    services: Services,
    render: RenderClip,
    warn: Callable[[str], None],
) -> StreamState:
    """Return the state that the first chunk continues, with what is heard in the audio before it.

    Notes are heard if an engine that composes is to go on and nothing is known of them. A recording
    gives the stream its sound as well. What is no music is to go on by its texture, unless the
    command names an engine.
    Raises: CommandError, Cancelled: as `render`.
    """
    is_new = state.info is not None and state.index == 0 and not state.is_texture
    if not is_new or state.composed is not None or command.midi or command.accompany:
        return state
    composer = services.registry.get(command.engine)
    if not is_composing(composer) or rms_dbfs(state.samples) < QUIET:
        return state
    clip = state.to_clip()
    heard = services.transcriber.listen(clip)
    if not heard.is_music and not command.engine:
        warn("no music is heard in what the stream continues: its texture goes on")
        return replace(state, is_texture=True)
    composed = notes_of(replace(clip, score=heard.score))
    if composed is None:
        return state
    warn("the notes of what the stream continues are heard, not known")
    state = replace(state, composed=composed)
    if clip.info.engine:
        return state
    order = Render(midi=SOURCE, engine=playing_engine(command, services, composer, state), seed=0)
    own = _as_long(heard.score, clip.info.seconds)
    played = as_stereo(render(order, score=own).samples)
    if rms_dbfs(played) < QUIET:
        return state
    return replace(state, sound=learn_sound(state.samples, played))


def _as_long(score: Score, seconds: float) -> Score:
    return replace(score, seconds=seconds, is_loop=False)
