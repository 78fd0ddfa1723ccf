"""The player of the composer's band: the rack for electronic styles, measured notes for others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from msanii_live.audio import Samples, rms_dbfs
from msanii_live.engines.base import Context
from msanii_live.engines.loudness import TARGET_LOUDNESS
from msanii_live.engines.note_spectra.engine import NoteSpectraEngine
from msanii_live.engines.notes.base import progress_counter
from msanii_live.engines.notes.instruments import INSTRUMENT_NAMES, NAMED_KITS, instrument_by_word
from msanii_live.engines.notes.played_parts import PlayedParts
from msanii_live.notes import Score, part_of
from msanii_live.protocol.commands import Render
from msanii_live.rack.levels import LEVELS
from msanii_live.rack.rigs import KIT_NAMES, is_electronic, kit_name, style_word

# The rack and scipy.signal, which it needs, are imported when they first play: half a second.

MOST = 24.0  # dB by which the drums of a kit are made louder or softer
OF_RACK = "rack "  # before the names of instruments that General MIDI has as well
RACK_NAMES = {
    (OF_RACK + name if instrument_by_word(name) else name): name for name in LEVELS
}  # by what users call them
TIMBRES = (
    *INSTRUMENT_NAMES,
    *(name.replace(" ", "-") for name in RACK_NAMES),
    *(f"{name.replace(' ', '-')}-kit" for name in (*KIT_NAMES, *NAMED_KITS)),
)


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

        A timbre plays all parts but drums, or is a kit and plays the drums alone; timbre2 is
        morphed with it part by part. Without one, the style of the score decides. The stems sum to
        the clip, to 2^-20, and the clip is the same with and without them.
        Raises: CommandError: ERANGE, there is no such timbre; and as `NoteSpectraEngine`.
        """
        # A timbre brings its program, which must not change what part a note is of.
        score = replace(score, notes=tuple(replace(n, part=part_of(n)) for n in score.notes))
        if not command.timbre2 or command.mix <= 0.0:
            return self._by_one(score, command.timbre, command, context, with_stems)
        raw = replace(context, skip_normalization=True)
        ends = [
            self._by_one(score, timbre, command, raw, True)
            for timbre in (command.timbre, command.timbre2)
        ]
        from msanii_live.engines.rack.timbres import morphed_sound
        from msanii_live.rack.render import RackSound

        first, second = (RackSound(end.clip.samples, end.stems) for end in ends)
        sound = morphed_sound(first, second, command.mix)
        return _finished(sound.mix, sound.stems, score, context, with_stems)

    def _by_one(
        self, score: Score, timbre: str, command: Render, context: Context, with_stems: bool
    ) -> PlayedParts:
        """Play a score by one timbre, "" for those of its style or its programs."""
        kit = kit_name(timbre)
        if kit in KIT_NAMES or kit in NAMED_KITS:
            return self._with_kit(score, kit, replace(command, timbre=""), context, with_stems)
        instrument = find_instrument_of_rack(timbre)
        if not instrument and (timbre or not is_electronic(score.style)):
            alone = replace(command, timbre=timbre, timbre2="")
            return self._measured.render_parts(score, alone, context, with_stems)
        return _by_rack(score, instrument, "", context, with_stems)

    def _with_kit(
        self, score: Score, kit: str, command: Render, context: Context, with_stems: bool
    ) -> PlayedParts:
        """Play a score whose drums are those of a kit, of the rack or of General MIDI.

        Where another player has the kit than the other parts, it gets the level of the drums that
        it replaces.
        """
        of_rack, by_rack = kit in KIT_NAMES, is_electronic(score.style)
        own = score if of_rack else _with_program(score, NAMED_KITS[kit])
        if of_rack and by_rack:
            return _by_rack(score, "", kit, context, with_stems)
        if of_rack == by_rack or "drums" not in score.parts:
            return self._by_one(own, "", command, context, with_stems)
        raw = replace(context, skip_normalization=True)
        usual = self._by_one(score, "", command, raw, True)
        drums = own.only(["drums"])
        if of_rack:
            struck = _by_rack(drums, "", kit, raw, False)
        else:
            alone = replace(command, timbre2="")
            struck = self._measured.render_parts(drums, alone, raw, False)
        made, replaced = struck.clip.samples, usual.stems["drums"]
        louder = np.clip(rms_dbfs(replaced) - rms_dbfs(made), -MOST, MOST)
        stems = {**usual.stems, "drums": np.float32(10 ** (louder / 20)) * made}
        mix = sum(stems.values(), np.zeros_like(made))
        return _finished(mix, stems, score, context, with_stems)


def _by_rack(
    score: Score, instrument: str, kit: str, context: Context, with_stems: bool
) -> PlayedParts:
    """Play a score on the rack. instrument, kit: "" for those of the style."""
    from msanii_live.rack.render import RackOptions, render_score

    total = len(score.parts) + 1
    advance = progress_counter(context, total)
    options = RackOptions(instrument=instrument, kit=kit, with_stems=with_stems)
    sound = render_score(score, options, advance)
    played = _finished(sound.mix, sound.stems, score, context, with_stems)
    context.progress(total, total)
    return played


def _with_program(score: Score, kit: int) -> Score:
    """Return a score whose drums have the program of a kit."""
    notes = (replace(n, program=kit) if part_of(n) == "drums" else n for n in score.notes)
    return replace(score, notes=tuple(notes))


def find_instrument_of_rack(word: str) -> str:
    """Return the rack's instrument of a word; "" for none, and for one of General MIDI.

    Raises: CommandError: ERANGE, there is no such timbre; the text lists them.
    """
    if not word or instrument_by_word(word):
        return ""
    name = RACK_NAMES.get(style_word(word))
    if name is None:
        from msanii_live.engines.rack.timbres import unknown_timbre

        raise unknown_timbre(word, TIMBRES)
    return name


def _finished(
    mix: Samples, stems: Mapping[str, Samples], score: Score, context: Context, with_stems: bool
) -> PlayedParts:
    """Return sound at the usual loudness, unless the context skips it, under the ceiling."""
    from msanii_live.engines.rack.timbres import clip_of
    from msanii_live.rack.finish import finished
    from msanii_live.rack.render import RackSound

    loudness = None if context.skip_normalization else TARGET_LOUDNESS
    sound = RackSound(mix, stems if with_stems else {})
    sound = finished(sound, is_loop=score.is_loop, loudness=loudness)
    return PlayedParts(clip_of(sound.mix, score, context), sound.stems)
