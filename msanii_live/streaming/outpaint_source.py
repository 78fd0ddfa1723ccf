"""Chunks that an engine makes by outpainting the stream itself."""

from __future__ import annotations

from msanii_live.audio import as_stereo, make_clip
from msanii_live.library.audio_files import SAMPLE_RATE
from msanii_live.playback.crossfade import splice
from msanii_live.protocol.commands import Generate, Outpaint
from msanii_live.streaming.blend import morph_to_target
from msanii_live.streaming.phrases import grid_frames
from msanii_live.streaming.request import ChunkRequest, RenderClip
from msanii_live.streaming.state import SOURCE, STREAM_NAME, Chunk, StreamState


def outpainted_chunk(state: StreamState, request: ChunkRequest, render: RenderClip) -> Chunk:
    """Return a chunk that continues the last seconds; of an empty stream, a fresh clip.

    Raises: CommandError, Cancelled: as `render`.
    """
    wanted = request.command.chunk
    if state.is_empty:
        bars = max(1, round(wanted * request.bpm / 60.0 / request.beats))
        parts = " ".join(request.parts)
        fresh = render(request.apply_to(Generate(bars=bars, bpm=request.bpm, parts=parts)))
        return Chunk(fresh.renamed(STREAM_NAME))
    source = state.to_clip()
    seconds, parts = grid_frames(wanted) / SAMPLE_RATE, " ".join(request.parts)
    command = Outpaint(src=SOURCE, seconds=seconds, keep=1, parts=parts)
    made = render(request.apply_to(command), {SOURCE: source})
    piece, overlap = splice(source.samples, as_stereo(made.samples), kept=True)
    piece = morph_to_target(piece, overlap, state, request, render)
    return Chunk(make_clip(piece, SAMPLE_RATE, name="", bpm=state.bpm), overlap)
