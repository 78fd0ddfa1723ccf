"""Styles that the composer has not learnt: it writes in the nearest, on the sounds of these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from msanii_live.audio import Clip
from msanii_live.engines.base import Context
from msanii_live.engines.vocabulary import STYLES
from msanii_live.notes import Score
from msanii_live.protocol.commands import GenerationCommand
from msanii_live.rack.rigs import RIGS, nearest_style, style_word

Makes = TypeVar("Makes", bound=GenerationCommand)
FURTHER_STYLES = tuple(style for style in RIGS if style not in STYLES)


def further_style(command: GenerationCommand, context: Context) -> str:
    """Return the further style that a command names, or else that of its source; "" for none."""
    style = style_word(command.style)
    source = getattr(command, "src", "") or getattr(command, "a", "")
    if not style and source:
        score = context.clip(source).score
        style = score.style if score is not None else ""
    return style if style in FURTHER_STYLES else ""


def in_learnt_style(command: Makes, warn: Callable[[str], object]) -> Makes:
    """Return a command in the style nearest to its own that the composer has learnt."""
    style = style_word(command.style)
    if style not in FURTHER_STYLES:
        return command
    near = nearest_style(style, STYLES)
    warn(f"the composer has not learnt {style} yet: it writes {near}, on the sounds of {style}")
    return replace(command, style=near)


def score_in_style(score: Score, style: str) -> Score:
    """Return a score that names a further style; the score itself for ""."""
    return replace(score, style=style) if style else score


def clip_in_style(clip: Clip, style: str) -> Clip:
    """Return a clip that names a further style, and its notes; the clip itself for ""."""
    if not style or clip.score is None:
        return clip
    return replace(
        clip, info=replace(clip.info, style=style), score=score_in_style(clip.score, style)
    )
