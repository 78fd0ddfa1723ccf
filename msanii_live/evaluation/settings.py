"""The sizes of an evaluation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EvalSettings:
    """The sizes of an evaluation.

    windows: windows continued, each ranked against `choices` - 1 others. fresh: windows generated
    from noise at each number of denoising `steps`. few, many: steps of continuations. clips: clips
    continued by the engine. long: of them for the slower measures. batch: windows at once.
    """

    windows: int = 40
    choices: int = 20
    fresh: int = 48
    steps: tuple[int, ...] = (1, 2, 4, 8, 16)
    few: int = 4
    many: int = 16
    clips: int = 24
    long: int = 6
    guidance: float = 1.0
    batch: int = 8
    seed: int = 0
