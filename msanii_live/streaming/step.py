"""The stream in one function: a state and a request in, a chunk and the next state out."""

from __future__ import annotations

from dataclasses import replace

from msanii_live.streaming.accompanied_source import accompanied_phrase
from msanii_live.streaming.composed_source import compose_phrase
from msanii_live.streaming.outpaint_source import outpainted_chunk
from msanii_live.streaming.request import (
    ChunkRequest,
    ComposeNotes,
    RenderClip,
    compose_nothing,
)
from msanii_live.streaming.score_source import rendered_chunk
from msanii_live.streaming.state import Chunk, StreamState


def next_chunk(
    state: StreamState,
    request: ChunkRequest,
    render: RenderClip,
    compose: ComposeNotes = compose_nothing,
) -> tuple[Chunk, StreamState]:
    """Return the chunk that continues a stream, and the state of the stream after it.

    A pure function: it changes no argument, and equal arguments give equal samples if `render` and
    `compose` do. An empty state gives the first chunk of a stream.
    Raises: CommandError, Cancelled: as `render` and `compose`; the state that was passed in is
    still valid.
    Source: the interface is that of magenta-realtime's `generate_chunk`.
    """
    if state.is_empty:
        state = replace(state, beats=request.beats)
    if request.accompaniment is not None:
        answered, phrase = accompanied_phrase(request, compose)
        chunk, gain = rendered_chunk(state, request.to_play(), phrase, render)
        after = replace(state.extended(chunk), gain=gain, composed=None)
        return chunk, replace(after, accompaniment=answered)
    state = replace(state, accompaniment=None)
    if request.composer:
        notes, phrase = compose_phrase(state, request, compose)
        chunk, gain = rendered_chunk(state, request.to_play(), phrase, render)
        return chunk, replace(state.extended(chunk), gain=gain, composed=notes)
    state = replace(state, composed=None)
    if request.phrase is None:
        chunk = outpainted_chunk(state, request, render)
        return chunk, state.extended(chunk)
    chunk, gain = rendered_chunk(state, request, request.phrase, render)
    after = state.extended(chunk)
    return chunk, replace(after, gain=gain, reader=request.phrase.position)
