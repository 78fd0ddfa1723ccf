"""Styles and keys in the words that musicians write."""

from __future__ import annotations

import re
from dataclasses import dataclass

from msanii_live.engines.mel_flow.vocabulary import MODES, PITCH_CLASSES, STYLES, key_index

# Words for styles that the model does not know, with the nearest that it knows.
SYNONYMS = {
    "deep": "house", "garage": "house", "minimal": "techno", "trance": "techno", "hip": "hiphop",
    "hip-hop": "hiphop", "hop": "hiphop", "rap": "hiphop", "boombap": "hiphop", "lo-fi": "lofi",
    "chill": "lofi", "chillhop": "lofi", "synthwave": "synth", "retro": "synth",
    "rock": "pop", "disco": "pop", "ballad": "pop", "drone": "ambient", "pads": "ambient",
    "jazzy": "jazz", "swing": "jazz", "bop": "jazz", "latin": "bossa",
    "classical": "piano", "solo": "piano",
}  # fmt: skip
# Words that are ignored without a warning.
IGNORED = frozenset({
    "a", "an", "the", "of", "in", "with", "and", "at", "on", "music", "loop", "track", "beat",
    "beats", "bpm", "key", "major", "minor", "maj", "min",
})  # fmt: skip
FLATS = {"db": 1, "eb": 3, "gb": 6, "ab": 8, "bb": 10, "cb": 11, "fb": 4}


@dataclass(frozen=True)
class PromptConditions:
    """The style and key in a command's words: indices, or None; and the words not understood."""

    style: int | None
    key: int | None
    unknown: tuple[str, ...]


def parse_key(words: str) -> int | None:
    """Return the index of a key such as "C", "F#m", "Bb major" or "a min"; None for other words.

    >>> read_key("Am"), read_key("C major"), read_key("H")
    (21, 0, None)
    """
    match = re.fullmatch(r"\s*([A-Ga-g][#b]?)\s*(m|min|minor|maj|major|M)?\s*", words)
    if not match:
        return None
    note = match[1].lower()
    names = [name.lower() for name in PITCH_CLASSES]
    pitch = FLATS[note] if note in FLATS else names.index(note) if note in names else None
    if pitch is None:  # E# and B#
        pitch = (names.index(note[0]) + 1) % 12
    return key_index(pitch, MODES[(match[2] or "") in ("m", "min", "minor")])


def key_name(index: int) -> str:
    """Return a key as text, such as "A min"."""
    return f"{PITCH_CLASSES[index % 12]} {MODES[index // 12]}"


def parse_style(word: str) -> int | None:
    """Return the index of a style word or of the nearest known style; None if unknown."""
    plain = word.lower().strip()
    plain = SYNONYMS.get(plain, plain)
    return STYLES.index(plain) if plain in STYLES else None


def parse_prompt(prompt: str, style: str, key: str) -> PromptConditions:
    """Parse a prompt together with an explicit style and key, which replace those of the prompt."""
    found_style, found_key, unknown = None, None, []
    words = prompt.split()
    for index, word in enumerate(words):
        pair = f"{word} {words[index + 1]}" if index + 1 < len(words) else word
        as_key = parse_key(pair)
        if as_key is None and (len(word) > 1 or word.isupper()):
            as_key = parse_key(word)
        as_style = parse_style(word)
        if as_style is not None:
            found_style = as_style
        elif as_key is not None and word.lower() != "a":
            found_key = as_key
        elif word.lower() not in IGNORED and not re.fullmatch(r"[\d.]+", word):
            unknown.append(word)
    if style:
        named = [parse_style(word) for word in style.split()]
        known = [index for index in named if index is not None]
        found_style = known[-1] if known else found_style
        unknown += [w for w, i in zip(style.split(), named, strict=True) if i is None]
    if key:
        as_key = parse_key(key)
        found_key = as_key if as_key is not None else found_key
        unknown += [] if as_key is not None else [key]
    return PromptConditions(found_style, found_key, tuple(unknown))
