"""The instruments of the engines that render notes: their names and General MIDI programs."""

from __future__ import annotations

from collections.abc import Sequence

# Names and General MIDI programs from 0. Source: the ten of Kim et al. 2018, arXiv:1811.00223.
INSTRUMENTS = {
    "piano": 0,
    "epiano": 4,
    "vibraphone": 11,
    "organ": 19,
    "guitar": 24,
    "pizzicato": 45,
    "harp": 46,
    "strings": 48,
    "trumpet": 56,
    "lead": 80,
}
INSTRUMENT_NAMES = tuple(INSTRUMENTS)
_OTHER_NAMES = {
    "grand piano": "piano",
    "acoustic piano": "piano",
    "grand": "piano",
    "electric piano": "epiano",
    "rhodes": "epiano",
    "vibes": "vibraphone",
    "church organ": "organ",
    "acoustic guitar": "guitar",
    "pizzicato strings": "pizzicato",
    "orchestral harp": "harp",
    "string ensemble": "strings",
    "synth lead": "lead",
    "synth": "lead",
}
# The nearest instrument of each program: (last program of a range, name), in order.
_NEAREST = (
    (3, "piano"), (7, "epiano"), (15, "vibraphone"), (23, "organ"), (39, "guitar"),
    (44, "strings"), (45, "pizzicato"), (46, "harp"), (47, "pizzicato"), (55, "strings"),
    (71, "trumpet"), (79, "organ"), (87, "lead"), (95, "strings"), (103, "lead"),
    (111, "guitar"), (119, "vibraphone"), (127, "lead"),
)  # fmt: skip

# The programs that note diffusion was trained on, and the nearest of them for each program:
# (last program of a range, trained one), in order.
_SUBSTITUTES = (
    (3, 0), (7, 4), (15, 11), (23, 19), (25, 24), (31, 27), (32, 32), (37, 33), (39, 38), (44, 48),
    (45, 45), (46, 46), (47, 45), (51, 48), (54, 52), (60, 56), (63, 61), (71, 65), (79, 73),
    (87, 80), (103, 88), (111, 24), (119, 11), (127, 80),
)  # fmt: skip
TRAINED_PROGRAMS = tuple(sorted({program for _, program in _SUBSTITUTES}))
# Those, and the others that the composer's pieces use.
PLAYED_PROGRAMS = (
    *TRAINED_PROGRAMS, 1, 2, 5, 7, 8, 10, 14, 16, 18, 22, 25, 26, 28, 29, 30, 34, 35, 36, 39, 40,
    43, 50, 55, 62, 66, 68, 71, 75, 79, 81, 82, 84, 87, 89, 90, 91, 92, 94, 95, 98,
)  # fmt: skip
# Drum kits by name, as programs of the drum channel.
NAMED_KITS = {
    "standard": 0, "room": 8, "power": 16, "electronic": 24, "808": 25, "jazz": 32, "brush": 40,
}  # fmt: skip
KITS = tuple(NAMED_KITS.values())


def instrument_by_word(word: str) -> str | None:
    """Return the instrument that a word stands for, None if it stands for none.

    >>> named("Church organ"), named("kazoo")
    ('organ', None)
    """
    plain = " ".join(word.lower().replace("-", " ").replace("_", " ").split())
    if plain in INSTRUMENTS:
        return plain
    return _OTHER_NAMES.get(plain)


def are_learnt(timbre: str, timbre2: str) -> bool:
    """Return whether two timbres are to be mixed that a network has learnt to mix.

    >>> are_learnt("piano", "harp"), are_learnt("", "harp"), are_learnt("piano", "acid")
    (True, True, False)
    """
    return bool(timbre2) and all(instrument_by_word(word) for word in (timbre, timbre2) if word)


def nearest_instrument(program: int) -> str:
    """Return the instrument nearest to a General MIDI program, 0-127.

    >>> nearest(73)
    'organ'
    """
    return next(name for last, name in _NEAREST if program <= last)


def substitute_program(program: int) -> int:
    """Return the program of TRAINED_PROGRAMS that is nearest to a General MIDI program, 0-127.

    >>> stand_in(1), stand_in(40), stand_in(57)
    (0, 48, 56)
    """
    return next(trained for last, trained in _SUBSTITUTES if program <= last)


def substitute_kit(program: int, kits: Sequence[int]) -> int:
    """Return the drum kit nearest to a program of the drum channel; kits come in eights.

    >>> substitute_kit(9, (0, 8, 24)), substitute_kit(48, (0, 8, 24))
    (8, 0)
    """
    return next((kit for kit in (program, program // 8 * 8) if kit in kits), 0)
