"""Styles that the composer has not learnt: how prompts name them, and what it writes then."""

import pytest

from msanii_live.engines.base import standalone_context
from msanii_live.engines.composer.further_styles import (
    FURTHER_STYLES,
    further_style,
    in_learnt_style,
    take_further_style,
)
from msanii_live.protocol.commands import Generate


@pytest.mark.parametrize(
    ("prompt", "style"),
    [
        ("dub", "dub"),
        ("Dark UK Garage, 130 bpm", "garage"),
        ("2-step", "garage"),
        ("drum'n'bass in F#m", "drum and bass"),
        ("liquid D&B", "drum and bass"),
        ("a trap beat", "trap"),
        ("psytrance", "trance"),
        ("trap or electro", "electro"),
        ("dubstep", ""),
        ("electronic music", ""),
        ("jazz with dub", ""),
        ("no trap, please", ""),
        ("techno", ""),
        ("", ""),
    ],
)
def test_a_prompt_names_a_further_style(prompt: str, style: str) -> None:
    rest, found = take_further_style(prompt)
    assert found == style
    assert (rest == prompt) == (style == "")
    assert further_style(Generate(prompt=prompt), standalone_context()) == style


@pytest.mark.parametrize("style", FURTHER_STYLES)
def test_each_is_found_by_its_own_name(style: str) -> None:
    assert take_further_style(f"{style} loop") == (" loop", style)


def test_the_nearest_learnt_style_is_written_with_a_warning() -> None:
    warned: list[str] = []
    made = in_learnt_style(Generate(prompt="deep dub in Am"), warned.append)
    assert (made.style, made.prompt) == ("lofi", "deep  in Am")
    assert warned == ["the composer has not learnt dub yet: it writes lofi, on the sounds of dub"]


def test_a_learnt_style_beside_it_is_written_instead() -> None:
    warned: list[str] = []
    for prompt in ("dub techno", "techno, dub", "hip hop trap"):
        made = in_learnt_style(Generate(prompt=prompt), warned.append)
        assert made.style == "", "the prompt's own style counts"
        assert take_further_style(made.prompt)[1] == ""
    assert not warned


def test_an_explicit_style_counts_before_the_prompt() -> None:
    command = Generate(prompt="dub", style="jazz")
    assert in_learnt_style(command, print) == command
    assert further_style(command, standalone_context()) == ""


@pytest.mark.parametrize(
    ("words", "style"),
    [("dnb", "drum and bass"), ("Drum & Bass", "drum and bass"), ("UKG", "garage")],
)
def test_the_key_style_takes_the_spellings_of_prompts(words: str, style: str) -> None:
    assert further_style(Generate(style=words, prompt="techno"), standalone_context()) == style


def test_a_learnt_style_beside_it_in_the_key_is_written() -> None:
    command = Generate(style="dub techno", prompt="in Am")
    made = in_learnt_style(command, print)
    assert (made.style, made.prompt) == ("", "techno, in Am")
    assert further_style(command, standalone_context()) == "dub"
