"""The player of the composer's band: the rack for electronic styles, measured notes for others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from msanii_live.audio import Samples, make_clip
from msanii_live.engines.base import Context
from msanii_live.engines.loudness import TARGET_LOUDNESS
from msanii_live.engines.note_spectra.engine import NoteSpectraEngine
from msanii_live.engines.notes.base import progress_counter
from msanii_live.engines.notes.instruments import INSTRUMENT_NAMES, instrument_by_word
from msanii_live.engines.notes.played_parts import PlayedParts
from msanii_live.errors import Code, CommandError
from msanii_live.notes import Score
from msanii_live.protocol.commands import Render
from msanii_live.rack.levels import LEVELS
from msanii_live.rack.rigs import is_electronic, style_word

# The rack and scipy.signal, which it needs, are imported when they first play: half a second.

OF_RACK = "rack "  # before the names of instruments that General MIDI has as well
RACK_NAMES = {
    (OF_RACK + name if instrument_by_word(name) else name): name for name in LEVELS
}  # by what users call them
TIMBRES = (*INSTRUMENT_NAMES, *(name.replace(" ", "-") for name in RACK_NAMES))


class BandPlayer:
    """A player of scores, which chooses by style or timbre what plays them."""

    def __init__(self, measured: NoteSpectraEngine) -> None:
        """Take the player of measured notes."""
        self._measured = measured

    @property
    def loaded(self) -> bool:
        """Whether the measured notes are in memory; the rack needs no weights."""
        return self._measured.loaded

    @property
    def precision(self) -> str:
        """The precision of the measured notes' vocoder, "" before it is loaded."""
        return self._measured.precision

    def load(self) -> None:
        """Read the weights. Raises: CommandError, ConfigError: as `NoteSpectraEngine`."""
        self._measured.load()

    def free(self) -> None:
        """Give the memory back."""
        self._measured.free()

    def render_parts(
        self, score: Score, command: Render, context: Context, with_stems: bool = True
    ) -> PlayedParts:
        """Play the parts of a score.

        A timbre plays all parts but drums; timbre2 is morphed with it part by part. Without one,
        the style of the score decides. The stems sum to the clip, to 2^-20, and the clip is the
        same with and without them.
        Raises: CommandError: ERANGE, there is no such timbre; and as `NoteSpectraEngine`.
        """
        if not command.timbre2 or command.mix <= 0.0:
            return self._by_one(score, command.timbre, command, context, with_stems)
        raw = replace(context, skip_normalization=True)
        ends = [
            self._by_one(score, timbre, command, raw, True)
            for timbre in (command.timbre, command.timbre2)
        ]
        from msanii_live.rack.morphing import morphed

        first, second = (each.stems for each in ends)
        stems = {part: morphed(stem, second[part], command.mix) for part, stem in first.items()}
        mix = sum(stems.values(), np.zeros_like(ends[0].clip.samples))
        return _finished(mix, stems, score, context, with_stems)

    def _by_one(
        self, score: Score, timbre: str, command: Render, context: Context, with_stems: bool
    ) -> PlayedParts:
        """Play a score by one timbre, "" for those of its style or its programs."""
        instrument = find_instrument_of_rack(timbre)
        if not instrument and (timbre or not is_electronic(score.style)):
            alone = replace(command, timbre=timbre, timbre2="")
            return self._measured.render_parts(score, alone, context, with_stems)
        from msanii_live.rack.render import RackOptions, render_score

        total = len(score.parts) + 1
        advance = progress_counter(context, total)
        sound = render_score(
            score, RackOptions(instrument=instrument, with_stems=with_stems), advance
        )
        played = _finished(sound.mix, sound.stems, score, context, with_stems)
        context.progress(total, total)
        return played


def find_instrument_of_rack(word: str) -> str:
    """Return the rack's instrument of a word; "" for none, and for one of General MIDI.

    Raises: CommandError: ERANGE, there is no such timbre; the text lists them.
    """
    if not word or instrument_by_word(word):
        return ""
    name = RACK_NAMES.get(style_word(word))
    if name is None:
        raise CommandError(
            Code.ERANGE, f"no timbre is called {word!r}; there are {', '.join(TIMBRES)}"
        )
    return name


def _finished(
    mix: Samples, stems: Mapping[str, Samples], score: Score, context: Context, with_stems: bool
) -> PlayedParts:
    """Return sound at the usual loudness, unless the context skips it, under the ceiling."""
    from msanii_live.rack.finish import finished
    from msanii_live.rack.render import RackSound

    loudness = None if context.skip_normalization else TARGET_LOUDNESS
    sound = RackSound(mix, stems if with_stems else {})
    sound = finished(sound, is_loop=score.is_loop, loudness=loudness)
    clip = make_clip(
        sound.mix,
        44_100,
        seed=context.seed,
        bpm=round(score.bpm, 4),
        bar_offset=score.bar,
        loops=score.is_loop,
    )
    return PlayedParts(clip, sound.stems)
