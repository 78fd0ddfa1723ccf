"""Chunks that play notes. Each continues what rings on from the chunk before it."""

from __future__ import annotations

import numpy as np

from msanii_live.audio import Samples, as_stereo, limit, make_clip
from msanii_live.engines.loudness import MAX_GAIN, TARGET_LOUDNESS, measure_loudness
from msanii_live.library.audio_files import SAMPLE_RATE
from msanii_live.notes import Score
from msanii_live.playback.crossfade import OVERLAP_FRAMES, align_seam, splice
from msanii_live.protocol.commands import Render
from msanii_live.streaming.blend import morph_to_target
from msanii_live.streaming.phrases import LEAD, TAIL, Phrase
from msanii_live.streaming.request import ChunkRequest, RenderClip
from msanii_live.streaming.state import STREAM_NAME, Chunk, StreamState

_AFTER = round(TAIL * SAMPLE_RATE)  # frames
_RINGING = 0.1  # s into a chunk, up to which a note from before it says nothing of its level
_DOWN, _UP = 0.5, 0.25  # share of the way to its own loudness that the gain goes in a chunk


def rendered_chunk(
    state: StreamState, request: ChunkRequest, phrase: Phrase, render: RenderClip
) -> tuple[Chunk, float | None]:
    """Return the chunk that plays a phrase, and the gain at its end, dB (None: still unknown).

    Raises: CommandError, Cancelled: as `render`.
    """
    made, loudness = _rendered(request, phrase, render), TARGET_LOUDNESS
    # Given notes and an accompaniment do not go on with the recording, so they sound as they do.
    goes_on = request.phrase is None and request.accompaniment is None
    if state.sound is not None and goes_on and made.any():
        made, loudness = state.sound.apply(made), state.sound.loudness
    made, gain = _leveled(made, phrase, state.gain, loudness)
    bar, before = phrase.bar, _lead_frames(phrase)
    notes = _last_notes(phrase)
    if state.is_empty:
        samples = made[before : before + phrase.frames]
        clip = make_clip(samples, SAMPLE_RATE, name=STREAM_NAME, bpm=bar.bpm, bar_offset=bar.bar)
        return Chunk(clip, notes=notes, position=bar), gain
    end = state.samples[-OVERLAP_FRAMES:]
    seam = align_seam(end, made, before)
    known = made[seam - len(end) : seam + phrase.frames]
    piece, overlap = splice(end, known, kept=True)
    piece = morph_to_target(piece, overlap, state, request, render)
    return Chunk(make_clip(piece, SAMPLE_RATE, name="", bpm=bar.bpm), overlap, notes, bar), gain


def _rendered(request: ChunkRequest, phrase: Phrase, render: RenderClip) -> Samples:
    """Return the samples of a phrase, from its lead before the chunk to `TAIL` s after it."""
    frames = _lead_frames(phrase) + phrase.frames + _AFTER
    if not phrase.score.notes:  # a rest of a piece
        return np.zeros((frames, 2), np.float32)
    order = request.command
    command = Render(
        midi=order.midi,
        timbre=order.timbre,
        timbre2=order.timbre2,
        mix=request.mix,
        program=order.program,
        drive=request.drive or None,
        space=request.space or None,
    )
    made = as_stereo(render(request.apply_to(command), score=phrase.score).samples)
    return np.pad(made, ((0, max(0, frames - len(made))), (0, 0)))[:frames]


def _leveled(
    made: Samples, phrase: Phrase, before: float | None, loudness: float
) -> tuple[Samples, float | None]:
    """Return the samples at the stream's level, and the gain at the chunk's end, dB.

    The gain follows the music: sooner down than up, and slowly enough that a soft phrase after a
    loud one stays soft. One constant gain would leave a whole soft piece too soft.
    before: the gain at the end of the chunk before, dB. loudness: of the stream, LUFS.
    """
    lead = _lead_frames(phrase)
    chunk = made[lead : len(made) - _AFTER]
    gain = before
    notes = phrase.score.cut(phrase.lead, phrase.lead + phrase.frames / SAMPLE_RATE).notes
    # Notes that only ring on say nothing of how loud the music is.
    if chunk.any() and any(note.start > 0 or note.end > _RINGING for note in notes):
        wanted = float(np.clip(loudness - measure_loudness(chunk), -MAX_GAIN, MAX_GAIN))
        if gain is None:
            gain = wanted
        else:
            gain += (_DOWN if wanted < gain else _UP) * (wanted - gain)
    if gain is None:  # the stream begins with a rest
        return made, None
    first = gain if before is None else min(gain, before)
    curve = np.linspace(first, gain, len(chunk), dtype=np.float32)
    decibels = np.pad(curve, (lead, _AFTER), mode="edge")[:, None]
    return limit(np.asarray(made * 10 ** (decibels / 20), dtype=np.float32)), gain


def _last_notes(phrase: Phrase) -> Score:
    """Return the notes of the last `LEAD` s up to the chunk's end."""
    end = phrase.lead + phrase.frames / SAMPLE_RATE
    return phrase.score.cut(end - LEAD, end)


def _lead_frames(phrase: Phrase) -> int:
    return round(phrase.lead * SAMPLE_RATE)
