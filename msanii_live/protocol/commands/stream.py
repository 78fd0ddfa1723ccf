"""Commands that start and stop the endless stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from msanii_live.protocol.command import Command, at_argument
from msanii_live.protocol.music_text import or_none, parse_parts
from msanii_live.protocol.schema import integer, number, text


@dataclass(frozen=True, kw_only=True)
class StreamStart(Command):
    """Continue what is playing, or a clip, endlessly, in chunks that params steer.

    If a job is still making the clip of `src`, the stream waits for it.

    `/msanii/stream/chunk` reports each chunk to the client that started the stream and to the
    topic `stream`. If the engine falls behind, the last bar repeats in time and
    `/msanii/stream/late` is sent.

    With `midi`, the stream plays notes. `midi take` plays whole bars of the MIDI input, one chunk
    after they were played, and repeats the last phrase while nothing new comes in. Any other
    `midi` names a take or a MIDI file, which repeats. With `timbre2`, `stream.mix` is the mix of
    the two timbres, as `mix` is in `/msanii/render`.

    With an engine that composes, such as `composer`, chunks are whole bars of new notes that go on
    from those of `src`. If no engine is named, a loaded composer continues a clip whose notes are
    known; if the default engine composes, the notes of other music are heard. `stream.style`,
    `stream.key`, `stream.chords`, `stream.density` and `stream.parts` steer it.

    With `accompany`, the stream plays these parts to what comes in on the audio input: it listens
    anew for each bar, 1.5 s before that bar, follows tempo and downbeat, and goes on as it was
    while nothing is heard. `src` is not played then.

    If the stream is already running and `src` is `current`, these values replace the current
    ones; notes, instruments, `mix` and `target` that are absent stay as they are. Any other `src`
    starts a new stream.

    Params keep their values when a stream ends, and the next stream begins with them. A
    `/msanii/warn` about a param, such as a style that the engine does not know, comes with the next
    chunk and goes where the chunks are reported.
    """

    address: ClassVar[str] = "/msanii/stream/start"

    src: str = text(
        "clip name, audio file in the folder, last (the newest clip), input (the last seconds of "
        "the audio input) or current (what is playing; if nothing is, a new clip)",
        default="current",
        positional=True,
    )
    ahead: float = number("audio to keep ready ahead of playback", 1, 30, default=4.0, unit="s")
    chunk: float = number("length of each chunk", 1, 30, default=3.0, unit="s")
    mix: float | None = number("sets stream.mix", 0, 1, default=None)
    target: str = text("sets stream.target", default="")
    engine: str = text("engine to use; the default one if absent", default="")
    at: str = at_argument("it starts, if nothing is playing", default="bar")
    midi: str = text(
        "notes to play: take (the MIDI input), or the name of a MIDI take or file; none returns "
        "to audio", default="",
    )  # fmt: skip
    accompany: str = text(
        "parts to play to the audio input: drums, bass, chords, lead, pad; none ends that",
        default="", check=or_none(parse_parts),
    )  # fmt: skip
    timbre: str = text("instrument or kit; the notes' own programs if absent or none", default="")
    timbre2: str = text("second instrument, to morph towards; none removes it", default="")
    program: int | None = integer(
        "General MIDI program for all notes, from 0", 0, 127, default=None
    )


@dataclass(frozen=True, kw_only=True)
class StreamStop(Command):
    """Stop the stream."""

    address: ClassVar[str] = "/msanii/stream/stop"

    at: str = at_argument("the fade-out begins")
    fade: float = number("length of the fade-out, at least 5 ms", 0, 60, default=0.02, unit="s")
