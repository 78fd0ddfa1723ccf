"""The rack engine: it plays notes on synthesised instruments, and composes them if asked to.

The instruments are code and no network, so playing needs neither PyTorch nor weights, and stems are
what the parts are made of. Notes for the verbs without notes come from the composer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from msanii_live.audio import Clip
from msanii_live.engines.base import (
    EFFECT_KEYS,
    OPTIONAL_KEYS,
    Capabilities,
    Context,
    EngineSettings,
    engine_factory,
    standalone_context,
    unsupported_verb,
)
from msanii_live.engines.composer.further_styles import FURTHER_STYLES
from msanii_live.engines.loudness import TARGET_LOUDNESS
from msanii_live.engines.rack.timbres import clip_of, morphed_sound, unknown_timbre
from msanii_live.engines.scores import requested_score
from msanii_live.engines.vocabulary import STYLES
from msanii_live.notes import Note, Score
from msanii_live.protocol.commands import (
    Accompany,
    AudioToAudio,
    Generate,
    GenerationCommand,
    Inpaint,
    Interpolate,
    Outpaint,
    Render,
)
from msanii_live.rack.finish import finished
from msanii_live.rack.instruments import INSTRUMENTS
from msanii_live.rack.render import RackOptions, RackSound, render_score
from msanii_live.rack.rigs import KIT_NAMES, RIGS, kit_name, style_word

if TYPE_CHECKING:  # the composer brings PyTorch, which playing does not need
    from msanii_live.engines.composer.engine import ComposerEngine
    from msanii_live.engines.notes.played_parts import PlayedParts

MAX_SECONDS = 600.0
VERBS = tuple(
    verb.address
    for verb in (Generate, Outpaint, Inpaint, Interpolate, AudioToAudio, Render, Accompany)
)
TIMBRES = (*INSTRUMENTS, *(f"{name} kit" for name in KIT_NAMES))


class RackEngine:
    """An engine of synthesised instruments."""

    precision = ""

    def __init__(self, settings: EngineSettings) -> None:
        """Take the settings of the composer that writes notes for it."""
        self.name = settings.name or "rack"
        self.capabilities = Capabilities(
            verbs=VERBS,
            sample_rate=44_100,
            channels=2,
            max_seconds=MAX_SECONDS,
            steps=20,  # the composer's
            styles=(*STYLES, *map(_one_word, FURTHER_STYLES)),
            timbres=tuple(map(_one_word, TIMBRES)),
            drums=True,
            needs_source_notes=True,
            follows=(*OPTIONAL_KEYS, *EFFECT_KEYS),
        )
        self._settings = settings
        self._composer: ComposerEngine | None = None
        self._player = RackPlayer()

    @property
    def loaded(self) -> bool:
        """Whether the weights of the composer are in memory; playing needs none."""
        return self._composer is not None and self._composer.loaded

    def load(self) -> None:
        """Read the weights of the composer.

        Raises: CommandError: EENGINE, they cannot be read; ConfigError: as the composer.
        """
        self._composing().load()

    def free(self) -> None:
        """Give the memory back."""
        if self._composer is not None:
            self._composer.free()
            self._composer = None

    def memory_mb(self) -> float:
        """Return GPU memory in use, MB."""
        return self._composer.memory_mb() if self._composer is not None else 0.0

    def warm(self) -> None:
        """Play a few notes, so that the first command is as fast as the next."""
        notes = tuple(Note(0.0, 0.5, pitch, 90, part="chords") for pitch in (57, 60, 64))
        score = Score((Note(0.0, 0.2, 36, 100, drum=True), *notes), 1.0)
        self.run(Render(midi="warm"), standalone_context(score=lambda name: score))

    def run(self, command: GenerationCommand, context: Context) -> Clip:
        """Carry a command out; see `Engine.run`."""
        if command.address not in VERBS:
            raise unsupported_verb(self.name, command)
        self._player.order = command
        if isinstance(command, Render) and not command.parts:
            return self._render(command, context)
        return self._composing().run(command, context)

    def compose(self, command: Generate, context: Context) -> Score:
        """Return the notes that `run` plays for the same command and seed."""
        return self._composing().compose(command, context)

    def continue_score(
        self, before: Score, bars: float, command: GenerationCommand, context: Context
    ) -> Score:
        """Return the bars that follow some notes; see `ComposingEngine`."""
        return self._composing().continue_score(before, bars, command, context)

    # -- parts ---------------------------------------------------------------------------------

    def _render(self, command: Render, context: Context) -> Clip:
        """Play the notes of a command."""
        score = requested_score(command, context, MAX_SECONDS)
        if command.style and style_word(command.style) not in RIGS:
            text = f"no style is called {command.style!r}: the notes' own is used; there are "
            context.warn(text + ", ".join(RIGS))
        context.progress(0, 1)
        sound = self._player.play(score, command, context, bool(command.stems))
        context.progress(1, 1)
        clip = clip_of(sound.mix, score, context)
        return replace(clip, score=score, stems=sound.stems)

    def _composing(self) -> ComposerEngine:
        if self._composer is None:
            from msanii_live.engines.composer.engine import ComposerEngine

            self._composer = ComposerEngine(
                self._settings.device, precision=self._settings.precision, player=self._player
            )
        return self._composer


class RackPlayer:
    """The player of the composer's notes.

    order: the command that is carried out, which says the style, the instrument and the effects.
    """

    loaded = True
    precision = ""

    def __init__(self) -> None:
        """Begin without a command."""
        self.order: GenerationCommand = Generate()

    def load(self) -> None:
        """Do nothing: there are no weights."""

    def free(self) -> None:
        """Do nothing."""

    def render_parts(
        self, score: Score, command: Render, context: Context, with_stems: bool = True
    ) -> PlayedParts:
        """Play the parts of a score; see `NoteDiffusionEngine.render_parts`."""
        from msanii_live.engines.notes.played_parts import PlayedParts

        sound = self.play(score, command, context, with_stems)
        return PlayedParts(clip_of(sound.mix, score, context), sound.stems)

    def play(self, score: Score, command: Render, context: Context, with_stems: bool) -> RackSound:
        """Return the sound of a score at the usual loudness, unless the context skips it.

        Raises: CommandError: ERANGE, there is no such timbre.
        """
        order = self.order
        style = style_word(order.style)
        instrument, kit = find_sound(command.timbre)
        options = RackOptions(
            style=style if style in RIGS else "",
            instrument=instrument,
            kit=kit,
            drive=order.drive or 0.0,
            space=order.space or 0.0,
            with_stems=with_stems,
        )
        is_morph = bool(command.timbre2) and command.mix > 0.0
        sound = render_score(score, replace(options, with_stems=with_stems or is_morph))
        if is_morph:
            instrument, kit = find_sound(command.timbre2)
            options = replace(options, instrument=instrument, kit=kit, with_stems=True)
            sound = morphed_sound(sound, render_score(score, options), command.mix)
        loudness = None if context.skip_normalization else TARGET_LOUDNESS
        made = finished(sound, is_loop=score.is_loop, loudness=loudness)
        return made if with_stems else RackSound(made.mix)


def _one_word(name: str) -> str:
    """Return a name for lists whose entries stand between spaces."""
    return name.replace(" ", "-")


def find_sound(word: str) -> tuple[str, str]:
    """Return the instrument and the kit of a timbre, "" for the rig's.

    Raises: CommandError: ERANGE, there is no such timbre; the text lists them.
    """
    kit, name = kit_name(word), style_word(word)
    if kit in KIT_NAMES:
        return "", kit
    if name and name not in INSTRUMENTS:
        raise unknown_timbre(word, TIMBRES)
    return name, ""


@engine_factory(plugin_api=1)
def create(settings: EngineSettings) -> RackEngine:
    """Make the engine."""
    return RackEngine(settings)
