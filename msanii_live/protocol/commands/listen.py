"""Commands that listen to a clip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from msanii_live.protocol.command import JobCommand
from msanii_live.protocol.schema import integer, number, text


@dataclass(frozen=True, kw_only=True)
class Transcribe(JobCommand):
    """Write down the notes of a clip, by part, with its tempo, bars and chords.

    It is a job, and ends with the clip itself. The notes are saved beside the clip as NAME.mid, and
    commands that work with notes, such as outpaint with the composer, use them. Notes that a clip
    has already are replaced.
    """

    address: ClassVar[str] = "/msanii/transcribe"

    src: str = text(
        "clip name, current (what is playing) or last (the newest clip)", positional=True
    )
    bpm: float | None = number(
        "its tempo, if known; heard if absent", 20, 300, default=None, unit="bpm"
    )
    priority: int = integer("jobs with a higher priority run first", -100, 100, default=0)
