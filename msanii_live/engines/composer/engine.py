"""The composer engine: it composes notes, and a player plays them, as a rule that of spectra."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from msanii_live.audio import Clip
from msanii_live.dsp import torch_runtime
from msanii_live.dsp.device import network_dtype, pick_device
from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS
from msanii_live.dsp.weights import READ_ERRORS
from msanii_live.engines.base import (
    OPTIONAL_KEYS,
    Capabilities,
    Context,
    EngineSettings,
    engine_factory,
    standalone_context,
    unsupported_verb,
)
from msanii_live.engines.composer.band_player import TIMBRES, BandPlayer
from msanii_live.engines.composer.complete import STEPS, CompletionOptions
from msanii_live.engines.composer.constraints import Constraints, read_constraints
from msanii_live.engines.composer.continuation import plan_continuation
from msanii_live.engines.composer.further_styles import (
    FURTHER_STYLES,
    clip_in_style,
    further_style,
    in_learnt_style,
    score_in_style,
)
from msanii_live.engines.composer.long_pieces import composing_steps
from msanii_live.engines.composer.piece_plan import PiecePlan
from msanii_live.engines.composer.plans import row_to_plan
from msanii_live.engines.composer.playing import PartsPlayer
from msanii_live.engines.composer.read_piece import read_piece
from msanii_live.engines.composer.tasks import ComposerTasks
from msanii_live.engines.composer.weights import Composer, read_weights
from msanii_live.engines.composer.whole_pieces import (
    MAX_SECONDS,
    RATE,
    compose_plan,
    plan_command,
)
from msanii_live.engines.note_spectra.engine import NoteSpectraEngine
from msanii_live.engines.notes.played_parts import PlayedParts
from msanii_live.engines.vocabulary import STYLES
from msanii_live.errors import Code, CommandError
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
from msanii_live.rack.rigs import nearest_style, style_word

WEIGHTS = "composer.safetensors"
PLAYER_STEPS = 4  # of a player that takes steps
VERBS = tuple(
    verb.address
    for verb in (Generate, Outpaint, Inpaint, Interpolate, AudioToAudio, Render, Accompany)
)


class ComposerEngine:
    """An engine of a network that composes notes and an engine that plays them."""

    def __init__(
        self,
        device: str,
        weights: Path = SHIPPED_WEIGHTS / WEIGHTS,
        name: str = "composer",
        vocoder: str = "vocos",
        precision: str = "auto",
        player: PartsPlayer | None = None,
    ) -> None:
        """Take the device's name, a file of weights, the vocoder's name, and the precision.

        player: of the notes; None for the rack and note spectra, by the style.
        """
        self.name = name
        self.capabilities = Capabilities(
            verbs=VERBS,
            sample_rate=RATE,
            channels=2,
            max_seconds=MAX_SECONDS,
            steps=STEPS,
            styles=(*STYLES, *(style.replace(" ", "-") for style in FURTHER_STYLES)),
            timbres=TIMBRES,
            drums=True,
            needs_source_notes=True,
            follows=OPTIONAL_KEYS,
        )
        self._device_name, self._wanted_precision = device, precision
        self._weights = weights
        self._player: PartsPlayer = player or BandPlayer(
            NoteSpectraEngine(device, vocoder=vocoder, precision=precision)
        )
        self._composer: Composer | None = None

    @property
    def loaded(self) -> bool:
        """Whether the weights of both networks are in memory."""
        return self._composer is not None and self._player.loaded

    @property
    def precision(self) -> str:
        """The precision of the network that plays, "" before it is loaded."""
        return self._player.precision if self.loaded else ""

    def load(self) -> None:
        """Read the weights of both networks.

        Raises: CommandError: EENGINE, a file is missing, damaged, or without plans; ConfigError:
        the device or its precision is not available.
        """
        self._load_composer()
        self._player.load()

    def free(self) -> None:
        """Give the memory back."""
        self._composer = None
        self._player.free()

    def memory_mb(self) -> float:
        """Return GPU memory in use, MB."""
        return torch_runtime.gpu_memory_mb()

    def warm(self) -> None:
        """Make one short clip, so that the first command is as fast as the next.

        It is of a style that needs the vocoder; the rack's first note costs only an import.
        """
        self.run(Generate(seconds=4.0, steps=1, style="pop"), standalone_context())
        kick = Note(0.0, 0.1, 36, 100, drum=True, part="drums")
        score = Score((kick, Note(0.0, 0.2, 36, 100, 38, part="bass")), 0.3, style="techno")
        self._player.render_parts(score, Render(midi="warm"), standalone_context(), False)

    def run(self, command: GenerationCommand, context: Context) -> Clip:
        """Carry a command out; see `Engine.run`."""
        if command.address not in self.capabilities.verbs:
            raise unsupported_verb(self.name, command)
        self.load()
        style = further_style(command, context)
        sound, command = style or style_word(command.style), in_learnt_style(command, context.warn)

        def play(score: Score, render: Render, own: Context, with_stems: bool) -> PlayedParts:
            score = replace(score, style=sound or score.style)
            return self._player.render_parts(score, render, own, with_stems)

        tasks = ComposerTasks(
            self._load_composer(),
            play,
            command,
            context,
            self._constraints(command, context),
            self._options(command),
            command.steps or PLAYER_STEPS,
        )
        with torch_runtime.inference(torch.float32):
            return clip_in_style(tasks.run(), style)

    def compose(self, command: Generate, context: Context) -> Score:
        """Return the notes that `run` plays for the same command and seed."""
        style = further_style(command, context)
        command = in_learnt_style(command, context.warn)
        plan, options = self.plan(command, context), self._options(command)
        total = composing_steps(plan.conditions, options)
        with torch_runtime.inference(torch.float32):
            score = compose_plan(
                self._load_composer(), plan, context.seed, options,
                lambda done: context.progress(done, total),
            )  # fmt: skip
        return score_in_style(score, style)

    def plan(self, command: Generate, context: Context) -> PiecePlan:
        """Return what a command asks for; warn the musician of what cannot be followed.

        Raises: CommandError: ERANGE, the clip would be too short or too long; EENGINE, as `load`.
        """
        return plan_command(
            self._load_composer(), command, self._constraints(command, context), context
        )

    def continue_score(
        self, before: Score, bars: float, command: GenerationCommand, context: Context
    ) -> Score:
        """Return the next bars of a score, as a score of exactly so many that begins at 0.

        before: should have the last 16 bars or more, up to 32, of which all is looked at; it may
        end anywhere in a bar. Style, key, chords, metre, swing, density, form and parts of the
        command replace those of the piece; its tempo does so too. Chords that the piece has begun
        go on where they are. The same scores, command and seed give the same notes.
        Raises: CommandError: ERANGE, a key of the command cannot be read; EENGINE, as `load`.
        """
        composer = self._load_composer()
        own = before.style if before.style in FURTHER_STYLES else ""
        own = further_style(command, context) if command.style else own
        command = in_learnt_style(command, context.warn)
        before = replace(before, style=nearest_style(before.style, STYLES))
        constraints = self._constraints(command, context)
        piece = read_piece(
            before.at_tempo(constraints.tempo) if constraints.tempo else before,
            constraints.tempo or context.tempo,
            context.beats,
        )
        metre = constraints.metre or piece.grid.metre
        seconds = bars * replace(piece.grid, metre=metre).bar
        plan = plan_continuation(composer, piece, constraints, seconds, context.seed)
        options = self._options(command)
        total = plan.steps(options)
        with torch_runtime.inference(torch.float32):
            score = plan.compose(
                composer, context.seed, options, lambda done: context.progress(done, total)
            )
        return score_in_style(score, own)

    # -- parts ---------------------------------------------------------------------------------

    def _options(self, command: GenerationCommand) -> CompletionOptions:
        device = pick_device(self._device_name)
        return CompletionOptions(
            steps=command.steps or STEPS,
            bfloat16=device.type == "cpu"  # the composer runs there, whatever the player runs on
            and network_dtype(device, self._wanted_precision) is torch.bfloat16,
        )

    def _constraints(self, command: GenerationCommand, context: Context) -> Constraints:
        return read_constraints(command, self._load_composer().net.config.styles, context.warn)

    def _load_composer(self) -> Composer:
        if self._composer is None:
            try:
                composer = read_weights(self._weights)
                rows = composer.tables.get("plans", [])
                if not rows:
                    raise ValueError("it holds no plans of pieces")
                row_to_plan(rows[-1])  # as a check: to read all takes long
            except (*READ_ERRORS, IndexError) as error:
                raise CommandError(Code.EENGINE, f"cannot load {self._weights}: {error}") from None
            self._composer = composer
        return self._composer


@engine_factory(plugin_api=1)
def create(settings: EngineSettings) -> ComposerEngine:
    """Make the engine, with the shipped weights unless the settings name others."""
    weights = settings.weights or SHIPPED_WEIGHTS / WEIGHTS
    return ComposerEngine(
        settings.device, weights, settings.name, settings.vocoder, settings.precision
    )
