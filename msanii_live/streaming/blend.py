"""Chunks brought towards a target clip at the level of the stream."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from msanii_live.audio import Samples, as_stereo, crossfade, limit, make_clip, rms_dbfs
from msanii_live.library.audio_files import SAMPLE_RATE
from msanii_live.protocol.commands import Interpolate
from msanii_live.streaming.request import ChunkRequest, RenderClip
from msanii_live.streaming.state import StreamState

_SILENCE = -60.0  # dBFS; a chunk below has no level that a target could be brought to
_MAX_GAIN = 24.0  # dB
_ROUNDS = 3  # of gain and limiting, since the limiter takes level away
_FADE = 4_410  # frames over which the plain chunk fades into the morphed one


def morph_to_target(
    piece: Samples, overlap: int, state: StreamState, request: ChunkRequest, render: RenderClip
) -> Samples:
    """Return a chunk that goes from itself to its blend with the target, if there is one.

    The blend has the level of the chunk, whatever the target's, so that a morph adds none that
    later chunks would continue.
    piece: float32 (frames, 2), of which the first `overlap` frames stay as they are.
    Raises: CommandError, Cancelled: as `render`.
    """
    target = request.target
    if target is None:
        return piece
    plain = piece[overlap:]
    place = (state.frames + np.arange(len(plain))) % len(target.samples)
    level = rms_dbfs(plain)
    if level < _SILENCE:
        level = rms_dbfs(state.samples)
    towards = _at_level(np.ascontiguousarray(target.samples[place]), level)
    if target.by_engine:
        bpm, offset = state.bpm, state.bar_offset
        a = make_clip(plain.copy(), SAMPLE_RATE, name="a", bpm=bpm, bar_offset=offset)
        b = make_clip(towards, SAMPLE_RATE, name="b", bpm=bpm, bar_offset=offset)
        command = Interpolate(a="a", b="b", mix=target.mix, strength=target.strength)
        # An interpolation has its own steps and density.
        command = replace(command, engine=request.command.engine, seed=request.seed)
        towards = as_stereo(render(command, {"a": a, "b": b}).samples)
    else:
        mixed = (1 - target.mix) * plain + target.mix * towards
        towards = np.asarray(mixed, dtype=np.float32)
    towards = _at_level(towards[: len(plain)], level)
    fade = min(_FADE, len(plain))
    into = crossfade(plain[:fade], towards[:fade])
    return np.concatenate([piece[:overlap], into, towards[fade:]])


def _at_level(samples: Samples, level: float) -> Samples:
    """Return audio brought to a level, dBFS, with its peaks limited, unless there is none."""
    if min(rms_dbfs(samples), level) < _SILENCE:
        return samples
    out, gain = samples, 0.0
    for _ in range(_ROUNDS):
        gain = float(np.clip(gain + level - rms_dbfs(out), -_MAX_GAIN, _MAX_GAIN))
        out = limit(np.asarray(samples * 10 ** (gain / 20), dtype=np.float32))
    return out
