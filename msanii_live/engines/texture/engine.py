"""The texture engine: more of what is no music, by repetition."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from msanii_live.audio import Clip, Samples, as_stereo, limit, make_clip
from msanii_live.engines.base import (
    Capabilities,
    Context,
    EngineSettings,
    WeightlessEngine,
    check_span,
    engine_factory,
    unsupported_verb,
)
from msanii_live.engines.texture.repetition import continue_texture
from msanii_live.errors import Code, CommandError
from msanii_live.protocol.commands import GenerationCommand, Inpaint, Outpaint

RATE = 44_100
MAX_SECONDS = 190.0
MAX_WITH_SOURCE = 600.0  # s
JOIN = 2_048  # frames of the crossfade at the end of a span


class TextureEngine(WeightlessEngine):
    """An engine without a network that continues noise, hum, speech and rooms."""

    name = "texture"
    capabilities = Capabilities(
        verbs=(Outpaint.address, Inpaint.address),
        sample_rate=RATE,
        channels=2,
        max_seconds=MAX_SECONDS,
        steps=1,
        follows=(),
    )

    def run(self, command: GenerationCommand, context: Context) -> Clip:
        """Carry a command out; see `Engine.run`."""
        context.progress(0, 1)
        if isinstance(command, Outpaint):
            samples, source = _outpainted(command, context)
        elif isinstance(command, Inpaint):
            samples, source = _inpainted(command, context)
        else:
            raise unsupported_verb(self.name, command)
        context.progress(1, 1)
        info = source.info
        clip = make_clip(
            samples, RATE, seed=context.seed, bpm=info.bpm, parents=(info.name,),
        )  # fmt: skip
        return replace(clip, info=replace(clip.info, style=info.style, key=info.key))


def _outpainted(command: Outpaint, context: Context) -> tuple[Samples, Clip]:
    source = context.clip(command.src)
    seconds = command.seconds
    if command.bars is not None:
        bpm = command.bpm or source.info.bpm or context.tempo
        seconds = command.bars * context.beats * 60.0 / bpm
    old = as_stereo(source.samples)
    longest = MAX_WITH_SOURCE - source.info.seconds * command.keep
    if not 0.05 <= seconds <= min(longest, MAX_SECONDS):
        raise CommandError(
            Code.ERANGE,
            f"the new audio would last {seconds:.2f} s: it must be 0.05 to {MAX_SECONDS:g} s, and "
            f"{MAX_WITH_SOURCE:g} s with its source",
        )
    frames, leftwards = round(seconds * RATE), command.side == "left"
    new = continue_texture(old[::-1] if leftwards else old, frames, RATE, context.seed)
    new = limit(np.ascontiguousarray(new[::-1]) if leftwards else new)
    if not command.keep:
        return new, source
    return np.concatenate([new, old] if leftwards else [old, new]), source


def _inpainted(command: Inpaint, context: Context) -> tuple[Samples, Clip]:
    """Fill a span with the texture before it, or after it where nothing is before it."""
    source = context.clip(command.src)
    check_span(command, source.info.seconds)
    old = as_stereo(source.samples).copy()
    start = round(command.start * RATE)
    end = min(round(command.end * RATE), len(old))
    before, after = old[:start], old[end:]
    leftwards = len(before) < len(after)
    side = after[::-1] if leftwards else before
    if not len(side):
        raise CommandError(
            Code.ERANGE, "the span is the whole clip: leave some of it, which tells the texture"
        )
    join = min(JOIN, len(before if leftwards else after))
    new = continue_texture(side, end - start, RATE, context.seed)
    # The far end meets the audio there: the texture is faded into a mirror of that audio.
    far = before[::-1] if leftwards else after
    join = min(join, len(new))
    if join:
        ramp = np.linspace(0.0, np.pi / 2, join, dtype=np.float32)[:, None]
        mirror = far[:join][::-1]
        new[len(new) - join :] = new[len(new) - join :] * np.cos(ramp) + mirror * np.sin(ramp)
    old[start:end] = limit(np.ascontiguousarray(new[::-1]) if leftwards else new)
    return old, source


@engine_factory(plugin_api=1)
def create(settings: EngineSettings) -> TextureEngine:
    """Make the engine; no setting changes it."""
    return TextureEngine()
