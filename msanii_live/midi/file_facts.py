"""Facts of a score that Standard MIDI Files have no place for, kept in a text event of ours."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields

import mido

from msanii_live.notes import Score

PREFIX = "msanii-live "  # of the text event, before the JSON
_MAX_LENGTH = 2_000  # characters of the event
_MAX_WORD = 100  # characters of a style and a key
_RANGES: dict[str, tuple[float, float]] = {
    "end": (0, 2**31),
    "bpm": (0, 1_000),
    "bar": (0, 1),
    "beats": (0, 256),
    "swing": (0, 1),
}


@dataclass(frozen=True)
class FileFacts:
    """What a file of ours says of its score. end: its last tick, which shows an edited file."""

    end: int
    bpm: float = 0.0
    bar: float = 0.0
    beats: float = 0.0
    is_loop: bool = False
    style: str = ""
    key: str = ""
    swing: float = 0.0

    def event(self) -> mido.MetaMessage:
        """Return the text event."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return mido.MetaMessage("text", text=PREFIX + text)


def facts_of(score: Score, end: int) -> FileFacts:
    """Return the facts of a score. end: its length in ticks."""
    return FileFacts(
        end=end,
        bpm=float(score.bpm),
        bar=float(score.bar),
        beats=float(score.beats),
        is_loop=bool(score.is_loop),
        style=score.style[:_MAX_WORD],
        key=score.key[:_MAX_WORD],
        swing=float(score.swing),
    )


def read_facts(midi: mido.MidiFile) -> FileFacts | None:
    """Return the facts in the first track of a file; None if there are none, or illegal ones."""
    for message in midi.tracks[0] if midi.tracks else ():
        if message.type == "text" and message.text.startswith(PREFIX):
            return _parse(message.text)
    return None


def _parse(text: str) -> FileFacts | None:
    if len(text) > _MAX_LENGTH:
        return None
    try:
        raw = json.loads(text.removeprefix(PREFIX))
        facts = FileFacts(**{each.name: raw[each.name] for each in fields(FileFacts)})
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    for name, (low, high) in _RANGES.items():
        value = getattr(facts, name)
        kinds = (int,) if name == "end" else (int, float)
        if type(value) not in kinds or not (math.isfinite(value) and low <= value <= high):
            return None
    words = (facts.style, facts.key)
    are_words = all(isinstance(each, str) and len(each) <= _MAX_WORD for each in words)
    are_words = are_words and all(each.isprintable() for each in words)
    return facts if type(facts.is_loop) is bool and are_words else None
