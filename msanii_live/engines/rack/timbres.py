"""What players of the rack share: unknown timbres, morphs between two, the clip of a score."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from msanii_live.audio import Clip, Samples, make_clip
from msanii_live.engines.base import Context
from msanii_live.errors import Code, CommandError
from msanii_live.notes import Score
from msanii_live.rack.morphing import morphed
from msanii_live.rack.render import RackSound


def unknown_timbre(word: str, known: Iterable[str]) -> CommandError:
    """Return the error of a timbre that is not there; its text lists those that are."""
    return CommandError(Code.ERANGE, f"no timbre is called {word!r}; there are {', '.join(known)}")


def morphed_sound(first: RackSound, second: RackSound, mix: float) -> RackSound:
    """Return two playings of the same notes, with stems, morphed part by part; see `morphed`.

    mix: 0 is only the first.
    """
    stems = {part: morphed(stem, second.stems[part], mix) for part, stem in first.stems.items()}
    return RackSound(sum(stems.values(), np.zeros_like(first.mix)), stems)


def clip_of(samples: Samples, score: Score, context: Context) -> Clip:
    """Return the clip of a score's sound, without stems. samples: float32, (frames, 2)."""
    return make_clip(
        samples,
        44_100,
        seed=context.seed,
        bpm=round(score.bpm, 4),
        bar_offset=score.bar,
        loops=score.is_loop,
        style=score.style,
        key=score.key,
    )
