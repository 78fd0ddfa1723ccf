"""What a command asks of the music: style, key, chords, metre, swing, density, form, parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from msanii_live.engines.composer.chord_symbols import parse_chords, parse_form
from msanii_live.engines.composer.further_styles import FURTHER_STYLES
from msanii_live.engines.composer.keys import key_of_chords
from msanii_live.engines.composer.notes import Chord
from msanii_live.engines.prompt_parser import parse_prompt
from msanii_live.engines.vocabulary import STYLES
from msanii_live.errors import Code, CommandError
from msanii_live.notes import PARTS
from msanii_live.protocol.commands import GenerationCommand
from msanii_live.protocol.music_text import parse_metre, parse_parts

FULL_SWING = 1 / 3  # steps by which triplets delay each second sixteenth


@dataclass(frozen=True)
class Constraints:
    """What a command says of the music; None or empty where it says nothing.

    style: a name that the weights know. key: see `key_index`. tempo: bpm. chords: of each bar,
    repeated. metre: one of METRES. swing: delay of each second sixteenth, in steps. density: 0-1.
    form: of each bar the section and its place there. parts: those to make, in the order of PARTS.
    """

    style: str | None = None
    key: int | None = None
    tempo: float | None = None
    chords: tuple[Chord, ...] = ()
    metre: tuple[int, int] | None = None
    swing: float | None = None
    density: float | None = None
    form: tuple[tuple[str, int], ...] = ()
    parts: tuple[str, ...] = PARTS

    def key_after(self, usual: int | None) -> int | None:
        """Return the key of the music: the one asked for, that of the chords, or the usual one."""
        if self.key is None and self.chords:
            return key_of_chords(self.chords, usual)
        return usual if self.key is None else self.key

    @property
    def is_all(self) -> bool:
        """Whether all parts are to be made."""
        return self.parts == PARTS


def read_constraints(
    command: GenerationCommand, styles: Sequence[str], warn: Callable[[str], object]
) -> Constraints:
    """Return what a command asks of the music. styles: those that the weights know.

    warn: called with what is not understood. Raises: CommandError: ERANGE, chords, metre, form or
    parts are none.
    """
    words = parse_prompt(command.prompt, command.style, command.key)
    if words.warning:
        warn(words.warning_of_words(FURTHER_STYLES))
    style = None if words.style is None else STYLES[words.style]
    if style is not None and style not in styles:
        warn(f"these weights do not know the style {style}: they know {', '.join(styles)}")
        style = None
    try:
        return Constraints(
            style=style,
            key=words.key,
            tempo=command.bpm or words.tempo,
            chords=tuple(parse_chords(command.chords)) if command.chords else (),
            metre=_metre(command.metre, words.metre, warn),
            swing=None if command.swing is None else command.swing * FULL_SWING,
            density=command.density,
            form=tuple(parse_form(command.form)) if command.form else (),
            parts=parse_parts(command.parts) if command.parts else PARTS,
        )
    except ValueError as error:
        raise CommandError(Code.ERANGE, str(error)) from None


def _metre(asked: str, prompted: str, warn: Callable[[str], object]) -> tuple[int, int] | None:
    """Return a metre. An unknown one is warned of if a prompt names it. Raises: ValueError."""
    if asked:
        return parse_metre(asked)
    try:
        return parse_metre(prompted) if prompted else None
    except ValueError as error:
        warn(f"the composer does not know the metre {prompted}: {error}")
        return None
