"""Styles, keys, tempi and metres in the words that musicians write."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from msanii_live.engines.vocabulary import MODES, STYLES, key_index
from msanii_live.notes import PITCH_NAMES

MAX_WORDS_SHOWN = 20  # in a warning
MIN_TEMPO, MAX_TEMPO = 20.0, 300.0  # bpm, as in the key `bpm`
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
    "a", "an", "the", "of", "in", "with", "and", "at", "on", "to", "for", "music", "loop", "track",
    "song", "beat", "beats", "bpm", "key", "tempo", "style", "genre", "mood", "scale", "mode",
    "metre", "meter", "time", "signature",
})  # fmt: skip
# Names of styles that are written in several ways.
_SPELLINGS = (
    (re.compile(r"\blo[ -]?fi\b(?: hip[ -]?hop\b)?", re.IGNORECASE), "lofi"),
    (re.compile(r"\bhip[ -]?hop\b", re.IGNORECASE), "hiphop"),
    (re.compile(r"\bboom[ -]bap\b", re.IGNORECASE), "boombap"),
    (re.compile(r"\bbossa[ -]?nova\b", re.IGNORECASE), "bossa"),
)
# A style after one of these is not the style of the music: "techno with piano", "no jazz".
NOT_THE_STYLE = frozenset({"with", "featuring", "no", "not", "without"})

_MODE_NAMES = {
    "maj": re.compile(r"major|maj|M|ionian|lydian|mixolydian"),
    "min": re.compile(
        r"(?:(?:natural|harmonic|melodic) )?(?:minor|min)|m|dorian|aeolian|phrygian|locrian"
    ),
}
_MODE = (
    r"major|maj|(?:(?:natural|harmonic|melodic) )?(?:minor|min)"
    r"|ionian|dorian|phrygian|lydian|mixolydian|aeolian|locrian"
)
_KEY = re.compile(
    r"(?P<note>[A-Ga-g])(?P<sign>#|♯|♭|b|[ -]?(?i:sharp|flat))?"
    rf"(?: ?-? ?(?P<mode>(?i:{_MODE}))|(?P<short>[mM]))?(?![\w#♯♭])"
)
_SHARPS = ("#", "♯", "sharp")
_INTRODUCTION = re.compile(r"\b(?:in|key|key of|scale of) ?:? $", re.IGNORECASE)
_KEY_WORD = re.compile(r"\bkey(?: of)? ?:? $", re.IGNORECASE)
_INTRODUCTION_LENGTH = 12  # characters, more than the longest has
_NUMBER = r"\d{1,4}(?:\.\d+)?"
_TEMPO = re.compile(
    rf"(?<![\w.])(?P<low>{_NUMBER})(?:\s*(?:-|–|to)\s*(?P<high>{_NUMBER}))?\s*-?"
    rf"(?:bpm\b|beats\s+(?:per|a)\s+minute\b)"
    rf"|\b(?:bpm|tempo)\s*(?:of|is|[:=])?\s*(?P<after>{_NUMBER})(?![\w/]|\.\d)"
    rf"|(?:\bat\s+|@\s*)(?P<at>\d{{2,3}}(?:\.\d+)?)(?![\w/]|\.\d)",
    re.IGNORECASE,
)
KEY_EXAMPLES = "C, F#m, Bb major, D dorian"
_METRE = re.compile(r"(?<![\w./])(?P<metre>\d{1,2}\s*/\s*(?:1|2|4|8|16|32))(?![\w/])")
_WALTZ = re.compile(r"\bwaltz(?:es)?\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:['’&+#-][^\W_]+)*")


@dataclass(frozen=True)
class PromptConditions:
    """What a command's words say.

    style, key: indices, or None. unknown: the words that were not understood. tempo: bpm, or None.
    metre: such as "7/8", "" if none. unknown_key: what was named as the key and is none, "" if it
    is one.
    """

    style: int | None
    key: int | None
    unknown: tuple[str, ...]
    tempo: float | None = None
    metre: str = ""
    unknown_key: str = ""

    @property
    def warning(self) -> str:
        """What the musician should know of the words that were not understood; "" if nothing."""
        return self.warning_of_words()

    def warning_of_words(self, further: Sequence[str] = ()) -> str:
        """Return `warning`. further: styles that the engine takes besides STYLES."""
        styles = {w for w in self.unknown if parse_style(w) is not None or w.lower() in further}
        others = [word for word in self.unknown if word in styles]
        unknown = [w for w in self.unknown if w not in styles and w != self.unknown_key]
        warnings = [_unknown_words(unknown, further)] if unknown else []
        if self.unknown_key:
            warnings.append(_no_key(self.unknown_key))
        if others:
            one = "" if self.style is None else f", since the style is {STYLES[self.style]}"
            warnings.insert(0, f"not followed: {' '.join(others[:MAX_WORDS_SHOWN])}{one}")
        return "; ".join(warnings)


def _no_key(words: str) -> str:
    """Return a warning of what was named as the key and is none."""
    german = "; B here is H in German, and Bb is B" if words[:1] in "Hh" else ""
    return f"key is {words[:40]!r}, which is no key: take one such as {KEY_EXAMPLES}{german}"


def _unknown_words(words: list[str], further: Sequence[str]) -> str:
    """Return a warning that names words that mean nothing here, with what is meant perhaps."""
    known = [*STYLES, *further, *SYNONYMS, "style", "tempo", "major", "minor"]
    shown = [word[:40] for word in words[:MAX_WORDS_SHOWN]]
    closest = (difflib.get_close_matches(word.lower(), known, 1, 0.75) for word in shown)
    meant = dict.fromkeys(found[0] for found in closest if found)
    shown += ["..."] if len(words) > len(shown) else []
    question = f"did you mean {' or '.join(meant)}? " if meant else ""
    return (
        f"unknown words: {' '.join(shown)}; {question}styles are {', '.join([*STYLES, *further])}, "
        f"keys such as {KEY_EXAMPLES}, tempi such as 120 bpm, metres such as 3/4"
    )


def parse_key(words: str) -> int | None:
    """Return the index of a key; None for other words.

    A mode counts as the major or minor with its third: dorian, phrygian, aeolian and locrian as
    minor, ionian, lydian and mixolydian as major.

    >>> parse_key("Am"), parse_key("C major"), parse_key("D dorian"), parse_key("H")
    (21, 0, 14, None)
    """
    plain = _normalize(words).strip(" ,.;:!")
    plain = re.sub(r"^(?:in )?(?:the )?(?:key )?(?:of )?", "", plain)
    match = _KEY.fullmatch(plain)
    return _key_of(match) if match else None


def _key_of(match: re.Match[str]) -> int:
    """Return the index of a match of `_KEY`."""
    pitch = [name.lower() for name in PITCH_NAMES].index(match["note"].lower())
    if match["sign"]:
        pitch += 1 if match["sign"].strip(" -").lower() in _SHARPS else -1
    mode = match["short"] or (match["mode"] or "major").lower()
    return key_index(pitch % 12, MODES[_MODE_NAMES["min"].fullmatch(mode) is not None])


def key_name(index: int) -> str:
    """Return a key as text, such as "A min"."""
    return f"{PITCH_NAMES[index % 12]} {MODES[index // 12]}"


def parse_style(word: str) -> int | None:
    """Return the index of a style word or of the nearest known style; None if unknown."""
    plain = word.lower().strip()
    plain = SYNONYMS.get(plain, plain)
    return STYLES.index(plain) if plain in STYLES else None


def parse_prompt(prompt: str, style: str, key: str) -> PromptConditions:
    """Parse a prompt together with an explicit style and key, which replace those of the prompt.

    Punctuation, capitals and order do not matter. Of several styles in a prompt the last counts,
    and one that the model knows by its own name counts before a synonym; the others are unknown
    words, as is all that is no style, key, tempo or metre.
    """
    rest, metre = _take_metre(_normalize(prompt))
    rest, tempo = _take_tempo(rest)
    rest, found_key = _take_key(rest)
    found_style, unknown = _take_style(rest)
    if style:
        explicit, unknown_styles = _take_style(_normalize(style))
        found_style = explicit if explicit is not None else found_style
        unknown += unknown_styles
    if key:
        explicit = parse_key(key)
        found_key = explicit if explicit is not None else found_key
        unknown += [] if explicit is not None else [key]
    no_key = key if key and parse_key(key) is None else ""
    return PromptConditions(found_style, found_key, tuple(unknown), tempo, metre, no_key)


def _normalize(text: str) -> str:
    """Return a text without quotation marks, with single spaces, and as an entry of a list.

    Apostrophes between letters stay. What follows needs no care for long runs of spaces.
    """
    plain = re.sub(r"[\"“”„«»`]|(?<!\w)['’‘]|['’‘](?!\w)", " ", text)
    return f", {' '.join(plain.split())} ,"


def _take_metre(text: str) -> tuple[str, str]:
    """Return the text without the metre in it, and the metre, "" if there is none.

    A waltz is in 3/4, if the text names no other metre.
    """
    text, waltzes = _WALTZ.subn(" ", text)
    match = _METRE.search(text)
    if match is None or match["metre"].startswith("0"):
        return text, "3/4" if waltzes else ""
    return _without(text, match), re.sub(r"\s", "", match["metre"])


def _take_tempo(text: str) -> tuple[str, float | None]:
    """Return the text without the tempo in it, and the tempo, bpm. Of a range, its middle."""
    for match in _TEMPO.finditer(text):
        numbers = [float(each) for each in match.group("low", "high", "after", "at") if each]
        tempo = sum(numbers) / len(numbers)
        if MIN_TEMPO <= tempo <= MAX_TEMPO:
            return _without(text, match), tempo
    return text, None


def _take_key(text: str) -> tuple[str, int | None]:
    """Return the text without the last key in it, and the key."""
    found = [match for match in _KEY.finditer(text) if _is_key(text, match)]
    if not found:
        return text, None
    return _without(text, found[-1]), _key_of(found[-1])


def _is_key(text: str, match: re.Match[str]) -> bool:
    """Return whether a match of `_KEY` is a key in a sentence, and not a word of it.

    A note with a sign or a mode is one: F#, Am, A minor. FM, am and a lone letter are keys after
    "in" or "key"; so is a lone capital that ends a sentence or an entry of a list, but for A.
    """
    if re.match(r"[\w#♯♭'’.&-]", text[match.start() - 1]):
        return False
    before = text[max(0, match.start() - _INTRODUCTION_LENGTH) : match.start()]
    after = text[match.end() : match.end() + 2]
    is_introduced = _INTRODUCTION.search(before) is not None
    if match["mode"] or (match["sign"] and (len(match["sign"]) == 1 or match["note"].isupper())):
        return True
    if match["sign"]:  # "a flat" may be a key
        return is_introduced
    if match["short"]:
        return is_introduced or (match["note"].isupper() and match["short"] == "m")
    if re.match(r"['’&-]\w", after):
        return False
    ends = re.match(r" ?[,.;:!)]", after) is not None
    if match["note"].islower():
        return ends and _KEY_WORD.search(before) is not None
    begins = re.search(r"[,.;:!(] ?$", before) is not None
    return is_introduced or (ends and (begins or match["note"] != "A"))


def _take_style(text: str) -> tuple[int | None, list[str]]:
    """Return the style in a text, and the words that are neither it nor without meaning."""
    for pattern, name in _SPELLINGS:
        text = pattern.sub(name, text)
    words = [word for entry in _WORD.findall(text) for word in _split_compound(entry)]
    styles: list[int | None] = []
    before = ""
    for word in words:
        styles.append(None if before in NOT_THE_STYLE else parse_style(word))
        before = word.lower()
    own = [s for w, s in zip(words, styles, strict=True) if s is not None and w.lower() in STYLES]
    found = (own or [style for style in styles if style is not None])[-1:]
    style = found[0] if found else None
    unknown = [
        word
        for word, each in zip(words, styles, strict=True)
        if (each is None and word.lower() not in IGNORED) or (each is not None and each != style)
    ]
    return style, unknown


def _split_compound(word: str) -> list[str]:
    """Return the parts of "deep-house", of which one is a style; "hip-hop" has a style as it is."""
    if parse_style(word) is None and any(parse_style(part) is not None for part in word.split("-")):
        return word.split("-")
    return [word]


def _without(text: str, match: re.Match[str]) -> str:
    return f"{text[: match.start()]} , {text[match.end() :]}"
