"""The words of a command as published models understand them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from msanii_live.engines.prompt_parser import key_name, parse_key, parse_prompt
from msanii_live.protocol.commands import GenerationCommand

DEFAULT_PROMPT = "music"  # where a command has no words at all
SPARSE, DENSE = 0.35, 0.65  # of `density`, below and above which it becomes a word
_WEIGHTED = re.compile(r"(?P<text>.*\S)\s*:\s*(?P<weight>\d+(?:\.\d+)?)\s*", re.DOTALL)


@dataclass(frozen=True)
class PromptWords:
    """What a model is told.

    parts: texts with their weights, at least one. negative: what to avoid. guidance: how strictly
    to follow, None for the model's own. lyrics: to be sung. bpm: 0 if unknown. key: such as
    "A minor", "" if unknown. metre: such as "7/8".
    """

    parts: tuple[tuple[str, float], ...]
    negative: str = ""
    guidance: float | None = None
    lyrics: str = ""
    bpm: float = 0.0
    key: str = ""
    metre: str = "4/4"

    @property
    def text(self) -> str:
        """All texts, without their weights."""
        return ", ".join(text for text, _ in self.parts)

    @property
    def is_weighted(self) -> bool:
        """Whether the weights say anything."""
        return len({weight for _, weight in self.parts}) > 1

    def with_text(self, *texts: str) -> PromptWords:
        """Return them with further texts of weight 1 at the end."""
        return replace(self, parts=(*self.parts, *((text, 1.0) for text in texts if text)))


def split_weights(prompt: str) -> tuple[tuple[str, float], ...]:
    """Return the parts of a prompt and their weights; a prompt without weights is one part.

    >>> split_weights("dark techno:1.2, vinyl noise:0.4")
    (('dark techno', 1.2), ('vinyl noise', 0.4))
    >>> split_weights("house, with piano")
    (('house, with piano', 1.0),)
    """
    pieces = [piece.strip() for piece in prompt.split(",") if piece.strip()]
    found = [_WEIGHTED.fullmatch(piece) for piece in pieces]
    if not any(found):
        return ((prompt.strip(), 1.0),) if prompt.strip() else ()
    parts = [
        (match["text"], float(match["weight"])) if match else (piece, 1.0)
        for piece, match in zip(pieces, found, strict=True)
    ]
    return tuple((text, weight) for text, weight in parts if weight > 0) or ((prompt, 1.0),)


def find_tempo(command: GenerationCommand) -> float:
    """Return the tempo of a command, by `bpm` or in its prompt; 0 if it asks for none."""
    return command.bpm or parse_prompt(command.prompt, "", "").tempo or 0.0


def find_key(command: GenerationCommand) -> str:
    """Return the key that a command asks for, such as "A min"; "" if it asks for none."""
    index = parse_key(command.key) if command.key else None
    if index is None:
        index = parse_prompt(command.prompt, "", "").key
    return "" if index is None else key_name(index)


def find_metre(command: GenerationCommand, beats: int) -> str:
    """Return the metre of a command, by its key or in its prompt; else the transport's beats."""
    return command.metre or parse_prompt(command.prompt, "", "").metre or f"{beats}/4"


def quarters(metre: str) -> float:
    """Return the quarter notes of a bar.

    >>> quarters("7/8"), quarters("4/4")
    (3.5, 4.0)
    """
    upper, _, lower = metre.partition("/")
    return int(upper) * 4 / int(lower)


def words_of(command: GenerationCommand, bpm: float, beats: int, key: str = "") -> PromptWords:
    """Return a command's words: its prompt, then style, key, tempo and so on where it lacks them.

    bpm: the tempo of the clip, 0 if it has none. key: of the source, where the command names none.
    """
    spoken = parse_prompt(command.prompt, "", "")
    wanted = find_key(command) or key
    long_key = wanted.replace(" min", " minor").replace(" maj", " major")
    said = [command.style]
    said.append(f"key of {command.key or long_key}" if long_key and spoken.key is None else "")
    said.append(f"{bpm:g} BPM" if bpm and spoken.tempo is None else "")
    metre = find_metre(command, beats)
    is_said = spoken.metre and not command.metre
    said.append(f"in {metre} time" if metre != "4/4" and not is_said else "")
    said.append(f"chords {command.chords}" if command.chords else "")
    density = command.density
    if density is not None and not SPARSE <= density <= DENSE:
        said.append("sparse and minimal" if density < SPARSE else "dense and busy")
    extra = ", ".join(text for text in said if text)
    parts = split_weights(command.prompt)
    if extra:
        parts = tuple((f"{text}, {extra}", weight) for text, weight in parts) or ((extra, 1.0),)
    return PromptWords(
        parts or ((DEFAULT_PROMPT, 1.0),),
        negative=command.negative,
        guidance=command.guidance,
        lyrics=command.lyrics,
        bpm=bpm,
        key=long_key,
        metre=metre,
    )


def mixed_words(first: PromptWords, second: PromptWords, mix: float) -> PromptWords:
    """Return words between two: each part of either with its share of the weight.

    mix: 0 is only the first, 1 only the second.
    """
    if mix <= 0 or mix >= 1:
        return first if mix <= 0 else second
    shared = [_shares(first, 1 - mix), _shares(second, mix)]
    weights: dict[str, float] = {}
    for text, weight in (part for parts in shared for part in parts):
        weights[text] = weights.get(text, 0.0) + weight
    nearer = first if mix < 0.5 else second
    return replace(nearer, parts=tuple(weights.items()))


def _shares(words: PromptWords, share: float) -> list[tuple[str, float]]:
    total = sum(weight for _, weight in words.parts)
    return [(text, share * weight / total) for text, weight in words.parts]
