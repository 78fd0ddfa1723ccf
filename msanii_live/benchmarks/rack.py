"""How fast the rack plays whole pieces, by the processor time of one core."""

from __future__ import annotations

import time
from dataclasses import replace

from msanii_live.midi import files
from msanii_live.rack.render import RackOptions, render_score
from msanii_live.training.data.composition import compose, to_midi

SEED, BARS = 11, 24
STYLES = ("house", "techno", "lofi", "ambient", "drum and bass")


def report_rack() -> int:
    """Print how many times faster than real time each style is played. Returns 0.

    "first" counts the making of the sounds that later pieces use again.
    """
    print(f"one core, {BARS} bars of five parts; processor time")
    print(f"{'style':<14} {'length':>7} {'first':>8} {'then':>8} {'stems':>8}")
    for style in STYLES:
        score = files.score_from_midi(to_midi(compose(SEED, style=style, bars=BARS, density=0.6)))
        score = replace(score, style=style)
        speeds = []
        for with_stems in (False, False, True):
            started = time.process_time()
            render_score(score, RackOptions(with_stems=with_stems))
            speeds.append(score.seconds / (time.process_time() - started))
        first, then, stems = (f"{speed:7.0f}x" for speed in speeds)
        print(f"{style:<14} {score.seconds:5.0f} s {first} {then} {stems}")
    return 0
