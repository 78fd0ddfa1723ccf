"""What leads from one section of a piece to the next: a riser before it, an impact or a fall at it.

The notes of a piece do not have them. They follow from where its sections begin, so that a clip, a
stream and a file whose sections are known get them alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np

from msanii_live.notes import SECTION, Note, Score
from msanii_live.rack.instruments.transitions import TRANSITIONS
from msanii_live.rack.levels import LEVELS
from msanii_live.rack.voices import NoteClock
from msanii_live.rack.waves import Stereo

_CARRIERS = ("drums", "pad", "chords", "lead", "bass")  # the first one that plays has them
_ALONE = ("drums", "pad")  # those that have them where no other part plays
LEVEL = {"riser": -9.0, "impact": -4.0, "faller": -12.0}  # dB, beside the kick
_ARRIVALS = frozenset({"chorus", "drop"})
_LULLS = frozenset({"intro", "break", "bridge", "outro"})
_KEY, _FORCE = 45, 100


def section_changes(score: Score) -> list[tuple[str, Note]]:
    """Return the transitions of a score and their notes, by their names in TRANSITIONS.

    A chorus is led to, and so is what follows a lull; a lull is fallen into. A riser lasts a bar,
    because a stream does not know more of what comes.
    """
    bar = (score.beats or 4.0) * 60.0 / (score.tempo or 120.0)
    found, before = [], ""
    for marker in score.markers:
        if marker.kind != SECTION:
            continue
        name = marker.text.lower().split()[0] if marker.text.split() else ""
        if before and name != before and marker.start > 0.0:
            at = marker.start
            if name in _ARRIVALS or (before in _LULLS and name not in _LULLS):
                found.append(("riser", _note(at - bar, at)))
                found.append(("impact", _note(at, at + bar)))
            elif name in _LULLS and before not in _LULLS:
                found.append(("faller", _note(at, at + bar)))
        before = name
    return found


def carrier_of(parts: Collection[str]) -> str | None:
    """Return which of the parts that play has the transitions.

    None if it would be bass, chords or a lead alone: who asks for one of these wants its notes.

    >>> carrier_of(["bass", "chords"]), carrier_of(["drums"]), carrier_of(["chords"])
    ('chords', 'drums', None)
    """
    carrier = next((part for part in _CARRIERS if part in parts), None)
    return carrier if carrier in _ALONE or len(parts) > 1 else None


def play_section_changes(
    changes: Iterable[tuple[str, Note]], frames: int, clock: NoteClock
) -> Stereo:
    """Return the sound of transitions, float32, (2, frames)."""
    out = np.zeros((2, frames), dtype=np.float32)
    for name, note in changes:
        single = np.zeros_like(out)
        TRANSITIONS[name].play([note], single, clock)
        out += np.float32(10 ** ((LEVELS[name] + LEVEL[name]) / 20)) * single
    return out


def _note(start: float, end: float) -> Note:
    return Note(start, end, _KEY, _FORCE, part="pad")
