"""Source clips and their notes, and scores that follow each other."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from msanii_live.audio import Clip, Samples, as_stereo
from msanii_live.engines.base import Context
from msanii_live.errors import Code, CommandError
from msanii_live.notes import PARTS, Score, TempoSegment, part_of

RATE = 44_100
MISHEARD_NOTES, MISHEARD_SHARE = 2, 0.04  # of a part that is not there


def accompanied(context: Context, name: str) -> tuple[Clip, Score]:
    """Return a clip to play to, and its notes. Raises: CommandError: ENOCLIP, it has none."""
    if context.clip(name).score is None:
        raise CommandError(
            Code.ENOCLIP,
            f"no notes are known of {name} or heard in it, so there is nothing to play to: "
            "name a clip that has some",
        )
    return source_of(context, name)


def source_of(context: Context, name: str) -> tuple[Clip, Score]:
    """Return a source clip and its notes, which last exactly as long.

    Raises: CommandError: ENOCLIP, as `Context.clip`; EENGINE, the notes of the clip are not known,
    or its sample rate is another one.
    """
    clip = context.clip(name)
    score = clip.score
    if score is None:
        raise CommandError(
            Code.EENGINE,
            f"the notes of {name} are not known, and the composer works with notes: give the key "
            "engine mel-flow, which works with audio",
        )
    if clip.info.sample_rate != RATE:
        raise CommandError(
            Code.EENGINE,
            f"{name} is at {clip.info.sample_rate} Hz, the composer at {RATE}: engine mel-flow can",
        )
    if clip.info.bpm:
        score = replace(score, bar=clip.info.bar_offset)
    seconds = clip.info.frames / RATE
    if score.seconds > seconds + 0.5 / RATE:
        score = replace(score.cut(0.0, seconds), is_loop=score.is_loop)
    return clip, replace(score, seconds=seconds)


def lacking_parts(score: Score) -> tuple[str, ...]:
    """Return the parts that a score has no notes of, or so few that they may be misheard.

    Raises: CommandError: ERANGE, it has all parts.
    """
    surely = surely_heard(score)
    lacking = tuple(part for part in PARTS if part not in surely)
    if not lacking:
        raise CommandError(
            Code.ERANGE, "every part is there already: name with the key parts what to play"
        )
    return lacking


def surely_heard(score: Score) -> tuple[str, ...]:
    """Return the parts of which a score has more notes than may be misheard."""
    counts = Counter(part_of(note) for note in score.notes)
    few = max(MISHEARD_NOTES, MISHEARD_SHARE * len(score.notes))
    return tuple(part for part in PARTS if counts[part] > few)


def silent_source(source: Clip, frames: int, leftwards: bool) -> Clip:
    """Return a clip with silence after it, or before it, and its stems alike."""

    def padded(samples: Samples) -> Samples:
        silence = np.zeros((frames, 2), np.float32)
        stereo = as_stereo(samples)
        return np.concatenate([silence, stereo] if leftwards else [stereo, silence])

    info = replace(source.info, frames=source.info.frames + frames, channels=2)
    stems = {part: padded(stem) for part, stem in source.stems.items()}
    return replace(source, samples=padded(source.samples), info=info, stems=stems)


def joined(first: Score, second: Score) -> Score:
    """Return two scores after each other, of the tempo and metre of both where they agree.

    Where they do not, a tempo map says which is where.
    """
    both = replace(
        first.followed_by(second), bar=first.bar, is_loop=False, swing=second.swing or first.swing
    )
    key, style = second.key or first.key, second.style or first.style  # what would follow
    both = replace(both, key=key, style=style)
    if abs(first.tempo - second.tempo) < 1e-6 and first.metre == second.metre:
        return both
    beats, later = first.beats or 4.0, second.beats or 4.0
    bars = first.seconds * (first.tempo or second.tempo) / 60.0 / beats
    return replace(
        both,
        bpm=0.0 if abs(first.tempo - second.tempo) >= 1e-6 else first.tempo,
        beats=0.0 if beats != later else beats,
        metre=first.metre if first.metre == second.metre else None,
        tempo_map=(
            TempoSegment(0.0, 0.0, first.tempo or second.tempo, beats),
            TempoSegment(first.seconds, bars, second.tempo or first.tempo, later),
        ),
    )
