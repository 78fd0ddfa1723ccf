"""Commands that listen to a clip or to the input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from msanii_live.protocol.command import JobCommand
from msanii_live.protocol.commands.generate import SOURCE, GenerationCommand
from msanii_live.protocol.schema import integer, number, text


@dataclass(frozen=True, kw_only=True)
class Transcribe(JobCommand):
    """Write down the notes of a clip, by part, with its tempo, bars and chords.

    It is a job, and ends with the clip itself. The notes are saved beside the clip as NAME.mid, and
    commands that work with notes, such as outpaint with the composer, use them. Notes that were
    heard before are replaced; the notes of a clip that was composed here only with `again 1`.
    `/msanii/undo` brings the notes of before back.
    """

    address: ClassVar[str] = "/msanii/transcribe"

    src: str = text(
        "clip name, current (what is playing) or last (the newest clip)", positional=True
    )
    bpm: float | None = number(
        "its tempo, if known; heard if absent", 20, 300, default=None, unit="bpm"
    )
    again: int = integer(
        "1: also replace notes that are known exactly, because the clip was composed here",
        0,
        1,
        default=0,
    )
    priority: int = integer("jobs with a higher priority run first", -100, 100, default=0)


@dataclass(frozen=True, kw_only=True)
class Accompany(GenerationCommand):
    """Play parts to a clip, or to what a musician plays: in time, in key, and without the source.

    The notes of the source are heard where they are not known, and the parts are composed to them.
    If `parts` is absent, they are those that the source lacks. The clip is as long as the source,
    so that both can play together; of `input`, it is a loop as long as the last whole bars, and
    with `play 1` it goes round from the player's next bar line on (`at beat`: from the next beat).
    For an accompaniment that follows the player bar by bar, use `/msanii/stream/start` with the key
    `accompany`.
    """

    address: ClassVar[str] = "/msanii/accompany"

    src: str = text(SOURCE, positional=True)
    bars: int = integer(
        "of input, how many of the last bars are answered; fewer if there are not as many",
        1,
        16,
        default=4,
    )
