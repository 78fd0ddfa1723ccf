"""A player of sine tones in place of the network that plays, so that tests of joins are quick."""

import numpy as np

from msanii_live.audio import make_clip
from msanii_live.engines.notes.played_parts import PlayedParts
from msanii_live.engines.tones import sines

RATE = 44_100


def play_tones(score, render, context, with_stems):
    """Play a score with sine tones; see `Play`. The level depends on nothing but the notes."""
    steps = render.steps or 4
    for step in range(steps):
        context.progress(step + 1, steps)
    stems = {part: sines(score.only((part,))) * 0.2 for part in score.parts}
    mix = sum(stems.values(), np.zeros((round(score.seconds * RATE), 2), np.float32))
    return PlayedParts(make_clip(mix.copy(), RATE), stems if with_stems else {})


def note_f1(made, true):
    """Return the F1 of notes of two scores: right if part, pitch and start within 50 ms are."""

    def keys(score):
        return {(n.part or "drums", n.pitch, round(n.start * 10)) for n in score.notes}

    one, other = keys(made), keys(true)
    return 2 * len(one & other) / max(1, len(one) + len(other))
