"""The composer engine: it composes notes, and the note-diffusion engine plays them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from msanii_live.audio import Clip, make_clip
from msanii_live.dsp import torch_runtime
from msanii_live.dsp.device import network_dtype, pick_device
from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS
from msanii_live.dsp.weights import READ_ERRORS
from msanii_live.engines.base import (
    Capabilities,
    Context,
    EngineSettings,
    engine_factory,
    standalone_context,
    unsupported_verb,
)
from msanii_live.engines.composer.complete import STEPS, CompletionOptions
from msanii_live.engines.composer.continuation import plan_continuation
from msanii_live.engines.composer.long_pieces import compose_piece, composing_steps
from msanii_live.engines.composer.notes import PartNote
from msanii_live.engines.composer.piece_order import PieceOrder, order_piece
from msanii_live.engines.composer.plans import row_to_plan
from msanii_live.engines.composer.read_piece import read_piece
from msanii_live.engines.composer.weights import Composer, read_weights
from msanii_live.engines.composer.wishes import read_wishes
from msanii_live.engines.mel_flow.vocabulary import STYLES
from msanii_live.engines.note_diffusion.engine import STEPS as PLAYER_STEPS
from msanii_live.engines.note_diffusion.engine import NoteDiffusionEngine
from msanii_live.engines.prompt_parser import key_name, parse_prompt
from msanii_live.errors import Code, CommandError
from msanii_live.notes import Score
from msanii_live.protocol.commands import Generate, GenerationCommand, Render

WEIGHTS = "composer.safetensors"
RATE = 44_100
MAX_SECONDS = 190.0
MIN_FRAMES = 2_048
PLAYED_WINDOW = 5.0  # s of a window of the player, about; for the progress alone


class ComposerEngine:
    """An engine of a network that composes notes and an engine that plays them."""

    def __init__(
        self,
        device: str,
        weights: Path = SHIPPED_WEIGHTS / WEIGHTS,
        name: str = "composer",
        vocoder: str = "vocos",
        precision: str = "auto",
    ) -> None:
        """Take the device's name, a file of weights, the vocoder's name, and the precision."""
        self.name = name
        self.capabilities = Capabilities(
            verbs=(Generate.address,),
            sample_rate=RATE,
            channels=2,
            max_seconds=MAX_SECONDS,
            steps=STEPS,
            styles=STYLES,
            drums=True,
            follows=("style", "key", "density"),
        )
        self._device_name, self._wanted_precision = device, precision
        self._weights = weights
        self._player = NoteDiffusionEngine(device, vocoder=vocoder, precision=precision)
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
        """Make one short clip, so that the first command is as fast as the next."""
        self.run(Generate(seconds=4.0, steps=1), standalone_context())

    def run(self, command: GenerationCommand, context: Context) -> Clip:
        """Carry a command out; see `Engine.run`."""
        if not isinstance(command, Generate):
            raise unsupported_verb(self.name, command)
        self.load()
        order = self.order(command, context)
        composing = composing_steps(order.conditions, self._options(command))
        playing = math.ceil(order.seconds / PLAYED_WINDOW) * (command.steps or PLAYER_STEPS)
        total = composing + playing

        def progress_of_player(done: int, steps: int) -> None:
            context.progress(composing + round(playing * done / steps), total)

        context.progress(0, total)
        notes = self._compose(order, command, context.seed, lambda n: context.progress(n, total))
        score = order.score(notes)
        clip = self._play(score, command, replace(context, progress=progress_of_player))
        info = replace(clip.info, style=order.style, key=key_name(order.key))
        return replace(clip, info=info, score=score)

    def compose(self, command: Generate, context: Context) -> Score:
        """Return the notes that `run` plays for the same command and seed."""
        order = self.order(command, context)
        total = composing_steps(order.conditions, self._options(command))
        return order.score(
            self._compose(order, command, context.seed, lambda n: context.progress(n, total))
        )

    def order(self, command: Generate, context: Context) -> PieceOrder:
        """Return what a command asks for; warn the musician of what cannot be followed.

        Raises: CommandError: ERANGE, the clip would be too short or too long; EENGINE, as `load`.
        """
        composer = self._load_composer()
        words = parse_prompt(command.prompt, command.style, command.key)
        if words.warning:
            context.warn(words.warning)
        bpm = command.bpm or words.tempo or context.tempo
        seconds, is_loop = command.seconds, False
        if command.bars is not None:
            seconds = command.bars * context.beats * 60.0 / bpm
            is_loop = abs(command.bars - round(command.bars)) < 1e-6
        frames = round(seconds * RATE)
        if not MIN_FRAMES <= frames <= MAX_SECONDS * RATE:
            raise CommandError(
                Code.ERANGE,
                f"the clip would last {seconds:.2f} s: it must be 0.05 to {MAX_SECONDS:g} s",
            )
        return order_piece(
            composer, words, bpm=bpm, seconds=frames / RATE, beats=context.beats, is_loop=is_loop,
            density=command.density, seed=context.seed, warn=context.warn,
        )  # fmt: skip

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
        wishes = read_wishes(command, composer.net.config.styles, context.warn)
        piece = read_piece(
            before.at_tempo(wishes.tempo) if wishes.tempo else before,
            wishes.tempo or context.tempo,
            context.beats,
        )
        metre = wishes.metre or piece.grid.metre
        seconds = bars * replace(piece.grid, metre=metre).bar
        plan = plan_continuation(composer, piece, wishes, seconds, context.seed)
        options = self._options(command)
        total = plan.steps(options)
        with torch_runtime.inference(torch.float32):
            return plan.compose(
                composer, context.seed, options, lambda done: context.progress(done, total)
            )

    # -- parts ---------------------------------------------------------------------------------

    def _options(self, command: GenerationCommand) -> CompletionOptions:
        device = pick_device(self._device_name)
        return CompletionOptions(
            steps=command.steps or STEPS,
            bfloat16=device.type == "cpu"  # the composer runs there, whatever the player runs on
            and network_dtype(device, self._wanted_precision) is torch.bfloat16,
        )

    def _compose(
        self,
        order: PieceOrder,
        command: Generate,
        seed: int,
        progress: Callable[[int], None],
    ) -> list[PartNote]:
        with torch_runtime.inference(torch.float32):
            return compose_piece(
                self._load_composer(), order.conditions, seed, self._options(command), progress
            )

    def _play(self, score: Score, command: Generate, context: Context) -> Clip:
        """Play notes with the note-diffusion engine; a score without notes becomes silence."""
        if score.notes:
            play = Render(midi="composed", steps=command.steps)
            return self._player.run(play, replace(context, score=lambda name: score))
        context.warn("the composer wrote no notes here: try another seed or a higher density")
        context.progress(1, 1)
        silence = np.zeros((round(score.seconds * RATE), 2), np.float32)
        return make_clip(
            silence, RATE, seed=context.seed, bpm=round(score.bpm, 4), loops=score.is_loop
        )

    def _load_composer(self) -> Composer:
        if self._composer is None:
            try:
                composer = read_weights(self._weights)
                if not [row_to_plan(row) for row in composer.tables.get("plans", [])]:
                    raise ValueError("it holds no plans of pieces")
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
