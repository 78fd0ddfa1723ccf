"""Chunks that go on from the stream itself, by outpainting."""

from __future__ import annotations

from msanii_live.audio import as_stereo, make_clip
from msanii_live.library.audio_files import SAMPLE_RATE
from msanii_live.playback.crossfade import splice
from msanii_live.protocol.commands import Generate, Outpaint
from msanii_live.streaming.chunk_renderer import Chunk, Chunks, Making, Place, on_grid
from msanii_live.streaming.state import SOURCE, SoFar


class FromItself:
    """Go on from the last seconds; from nothing, with a fresh clip."""

    midi = ""
    left_out: tuple[str, ...] = ()

    def __init__(self, making: Making) -> None:
        """Take what makes clips."""
        self._making = making

    def plays_as(self, other: Chunks) -> bool:
        """Tell whether another goes on from itself too."""
        return isinstance(other, FromItself)

    def opening(self, place: Place) -> Chunk:
        """Return a fresh clip of whole bars at the transport's tempo."""
        order, transport = place.order, self._making.shop.transport
        bpm = transport.bpm
        bars = max(1, round(order.chunk * bpm / 60.0 / transport.beats))
        command = Generate(bars=bars, bpm=bpm, engine=order.engine)
        return Chunk(self._making.make(self._making.steered(command, place.index)))

    def due(self, place: Place) -> bool:
        """Tell whether less than the lead is ready."""
        return place.end - place.now < place.lead

    def next(self, so_far: SoFar, place: Place) -> Chunk:
        """Return what an engine hears come next."""
        engine = place.order.engine
        source = so_far.clip()
        seconds = on_grid(place.order.chunk) / SAMPLE_RATE
        command = Outpaint(src=SOURCE, seconds=seconds, keep=1, engine=engine)
        made = self._making.make(self._making.steered(command, place.index), {SOURCE: source})
        piece, overlap = splice(source.samples, as_stereo(made.samples), kept=True)
        piece = self._making.morphed(piece, overlap, so_far, engine)
        return Chunk(make_clip(piece, SAMPLE_RATE, name="", bpm=so_far.bpm), overlap)
