"""Styles that the composer has not learnt: it writes in the nearest, on the sounds of these."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from msanii_live.audio import Clip
from msanii_live.engines.base import Context
from msanii_live.engines.prompt_parser import NOT_THE_STYLE, parse_prompt
from msanii_live.engines.vocabulary import STYLES
from msanii_live.notes import Score
from msanii_live.protocol.commands import GenerationCommand
from msanii_live.rack.rigs import RIGS, nearest_style, style_word

Makes = TypeVar("Makes", bound=GenerationCommand)
FURTHER_STYLES = tuple(style for style in RIGS if style not in STYLES)
REACH = 16  # characters before a style that are looked at
# How prompts write them, besides their names.
_SPELLINGS = {
    "drum and bass": r"drum\s?(?:and|&|\+|'?n'?)\s?bass|dnb|d\s?(?:&|'?n')\s?b|jungle",
    "garage": r"(?:(?:uk|speed)\s)?garage|ukg|(?:2|two)[ -]?step",
    "trance": r"(?:psy[ -]?)?trance",
}
_WORDS = {
    style: re.compile(rf"(?<!\w)(?:{_SPELLINGS.get(style, style)})(?!\w)", re.IGNORECASE)
    for style in FURTHER_STYLES
}


def take_further_style(prompt: str) -> tuple[str, str]:
    """Return a prompt without the further style that it names, and that style, "" for none.

    Of several the last counts. One after "with", "no" and the like is not the style of the music.

    >>> take_further_style("dark Drum & Bass in Am"), take_further_style("house, no dub")
    (('dark  in Am', 'drum and bass'), ('house, no dub', ''))
    """
    found = [
        (match.start(), match.end(), style)
        for style, words in _WORDS.items()
        for match in words.finditer(prompt)
        if not _is_denied(prompt[max(0, match.start() - REACH) : match.start()])
    ]
    if not found:
        return prompt, ""
    start, end, style = max(found)
    return prompt[:start] + prompt[end:], style


def _is_denied(before: str) -> bool:
    """Return whether a text ends with a word after which no style is that of the music."""
    words = re.findall(r"\w+", before)
    return bool(words) and words[-1].lower() in NOT_THE_STYLE


def _named(command: Makes) -> Makes:
    """Return a command whose key `style` has the further style that it or its prompt names.

    Words beside it in the key, such as "techno" in "dub techno", go before the prompt.
    """
    if command.style:
        rest, style = take_further_style(style_word(command.style))
        prompt = f"{rest.strip()}, {command.prompt}".strip(", ")
    else:
        prompt, style = take_further_style(command.prompt)
    return replace(command, prompt=prompt, style=style) if style else command


def further_style(command: GenerationCommand, context: Context) -> str:
    """Return the further style that a command names, or else that of its source; "" for none."""
    style = style_word(_named(command).style)
    source = getattr(command, "src", "") or getattr(command, "a", "")
    if not style and source:
        score = context.clip(source).score
        style = score.style if score is not None else ""
    return style if style in FURTHER_STYLES else ""


def in_learnt_style(command: Makes, warn: Callable[[str], object]) -> Makes:
    """Return a command in the style nearest to its own that the composer has learnt.

    It is the learnt style that the prompt names as well, if it does: "dub techno" is techno on the
    sounds of dub.
    """
    command = _named(command)
    style = style_word(command.style)
    if style not in FURTHER_STYLES:
        return command
    own = parse_prompt(command.prompt, "", "").style
    if own is not None and STYLES[own] in re.sub(r"[^a-z]", "", command.prompt.lower()):
        return replace(command, style="")
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
