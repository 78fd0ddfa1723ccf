"""How far the estimates of tempo, downbeat and key are off, on pieces of known ones.

The pieces are held out from all training and played by FluidSynth. Every second clip begins
somewhere within a bar.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from msanii_live.audio import Samples
from msanii_live.dsp.beats import estimate_beat, octave_ratio
from msanii_live.dsp.keys import key_of_audio
from msanii_live.evaluation.validation_clips import markdown_table
from msanii_live.training.data.composition.compose import compose
from msanii_live.training.data.composition.midi import to_midi
from msanii_live.training.data.dataset import render
from msanii_live.training.trainers.composer.data import HELD_OUT

FIRST_SEED = HELD_OUT + 2_000  # pieces on which no setting of the estimates was chosen
RATE = 44_100
BARS = 8  # of each piece
NEAR = 0.03  # of the tempo: what an engine stretches
EXACT = 0.005  # of the tempo
ON_TIME = 0.03  # s


@dataclass(frozen=True)
class KnownClip:
    """A clip and its truth. bar: bars from a downbeat to its start. key: see `KeyEstimate`."""

    samples: Samples
    tempo: float
    bar: float
    key: int


@dataclass(frozen=True)
class EstimateErrors:
    """How far one clip's estimates are off.

    octave: the estimated tempo over the true one, as a power of two. deviation: of the tempo, apart
    from that, as a share; infinite where none was found. beat, downbeat: s. key: whether it is the
    true one.
    """

    octave: float
    deviation: float
    beat: float
    downbeat: float
    key: bool


def known_clips(count: int) -> list[KnownClip]:
    """Compose and play pieces in 4/4. Raises: MissingTool: FluidSynth or FluidR3."""
    clips = []
    for number in range(count):
        piece = compose(FIRST_SEED + number, bars=BARS, metre=(4, 4))
        bar = 0.0 if number % 2 == 0 else float(np.random.default_rng(number).uniform())
        first = round(bar * 240 / piece.tempo * RATE)
        samples = render(to_midi(piece))[first : round(piece.seconds * RATE)]
        clips.append(KnownClip(samples, piece.tempo, bar, piece.tonic + 12 * piece.minor))
        print(f"\rplayed {number + 1} of {count}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return clips


def errors_of(clip: KnownClip) -> EstimateErrors:
    """Return the errors of the estimates of one clip."""
    key = key_of_audio(clip.samples, RATE)
    is_key = key is not None and key.key == clip.key
    found = estimate_beat(clip.samples, RATE)
    if found is None:
        return EstimateErrors(1.0, np.inf, np.inf, np.inf, is_key)
    octave = octave_ratio(found.bpm, clip.tempo)
    bars = (found.bar / octave - clip.bar + 0.5) % 1.0 - 0.5
    beats = (4 * bars + 0.5) % 1.0 - 0.5
    beat = 60 / clip.tempo
    return EstimateErrors(
        octave, abs(found.bpm / clip.tempo / octave - 1), abs(beats) * beat, abs(4 * bars) * beat,
        is_key,
    )  # fmt: skip


def errors_markdown(clips: Sequence[KnownClip], errors: Sequence[EstimateErrors]) -> str:
    """Return the table of the errors, beside those of the best constant answer."""
    deviation = np.array([each.deviation for each in errors])
    octave = np.array([each.octave for each in errors])
    usual = float(np.median([clip.tempo for clip in clips]))
    ratios = np.array([octave_ratio(usual, clip.tempo) for clip in clips])
    guessed = np.array([abs(usual / clip.tempo - 1) for clip in clips])
    folded = np.array(
        [abs(usual / c.tempo / ratio - 1) for c, ratio in zip(clips, ratios, strict=True)]
    )
    frequent = Counter(clip.key for clip in clips).most_common(1)[0][1] / len(clips)
    good = deviation[deviation < NEAR]
    rows = [
        ("tempo within 3 %", (deviation < NEAR) & (octave == 1), (guessed < NEAR).mean()),
        ("the same, or its half or double", deviation < NEAR, (folded < NEAR).mean()),
        ("the same within 0.5 %", deviation < EXACT, (folded < EXACT).mean()),
        ("beat within 30 ms", np.array([e.beat for e in errors]) < ON_TIME, None),
        ("downbeat within 30 ms", np.array([e.downbeat for e in errors]) < ON_TIME, None),
        ("key", np.array([e.key for e in errors]), frequent),
    ]
    return (
        f"{len(clips)} clips of {BARS} bars. Floor: the tempo or key that is right most often. "
        f"Ceiling: 100 %. Median error of tempi within 3 %: "
        f"{100 * float(np.median(good)):.3f} %.\n\n"
        + markdown_table(
            ("", "estimated", "floor"),
            [
                (name, f"{100 * right.mean():.0f} %", "" if f is None else f"{100 * f:.0f} %")
                for name, right, f in rows
            ],
        )
    )


def report_tempo(count: int) -> int:
    """Measure the estimates on so many clips; print the table. Returns the status."""
    clips = known_clips(count)
    print(errors_markdown(clips, [errors_of(clip) for clip in clips]))
    return 0
