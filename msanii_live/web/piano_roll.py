"""The notes of a clip as the page draws them."""

from __future__ import annotations

from msanii_live.notes import CHORD, Score, part_of

MAX_NOTES = 4_000  # more are no longer told apart in a picture of a few hundred pixels
MAX_MARKERS = 256


def piano_roll(score: Score) -> dict[str, object]:
    """Return a score as JSON: {seconds, bpm, key, parts, notes, chords}.

    parts: names. notes: [start, end, pitch, velocity, number of the part], times in s, at most
    `MAX_NOTES`, evenly thinned. chords: [start, name].
    """
    parts = score.parts
    number = {part: index for index, part in enumerate(parts)}
    step = -(-len(score.notes) // MAX_NOTES) or 1
    return {
        "seconds": round(score.seconds, 4),
        "bpm": round(score.bpm, 3),
        "key": score.key,
        "parts": list(parts),
        "notes": [
            [round(n.start, 4), round(n.end, 4), n.pitch, n.velocity, number[part_of(n)]]
            for n in score.notes[::step]
            if part_of(n) in number
        ],
        "chords": [[round(m.start, 4), m.text] for m in score.markers if m.kind == CHORD][
            :MAX_MARKERS
        ],
    }
