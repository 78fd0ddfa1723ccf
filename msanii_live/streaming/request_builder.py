"""From settings and params to the request of the next chunk."""

from __future__ import annotations

import random
from dataclasses import replace

from msanii_live.audio import as_stereo
from msanii_live.errors import CommandError
from msanii_live.jobs.accompaniment import answered_bars
from msanii_live.jobs.params import Params
from msanii_live.jobs.scheduler import SEED_LIMIT
from msanii_live.jobs.services import Services
from msanii_live.protocol.commands import Interpolate
from msanii_live.streaming.denoising_steps import DenoisingSteps
from msanii_live.streaming.heard_bars import Accompaniment, HeardBars
from msanii_live.streaming.phrases import ChunkTiming
from msanii_live.streaming.prompts import prompt_between
from msanii_live.streaming.request import ChunkRequest, MorphTarget
from msanii_live.streaming.settings import (
    StreamSettings,
    check_engine,
    find_composer,
    playing_engine,
)
from msanii_live.streaming.state import Steering, StreamState

LISTENING_SECONDS, LISTENING_BARS = 16.0, 8  # of a player who is accompanied


class RequestBuilder:
    """A builder of requests: it reads the params, draws the seeds and limits the steps."""

    def __init__(self, services: Services, params: Params) -> None:
        """Take where engines, clips and the tempo come from, and the params."""
        self._services = services
        self._params = params
        self._steps = DenoisingSteps()

    def build(
        self, settings: StreamSettings, state: StreamState, timing: ChunkTiming
    ) -> ChunkRequest:
        """Return what the chunk after a state is to be, with the params as they are now.

        Raises: CommandError: there is no such target or engine, or nothing to play.
        """
        params, transport, command = self._params, self._services.transport, settings.command
        composer = find_composer(command, self._services, state)
        capabilities = (composer or check_engine(command, self._services)).capabilities
        playing = playing_engine(command, self._services, composer, state)
        steps = int(params.number("stream.steps")) or None
        if self._steps.is_lowered:
            steps = self._steps.limit(steps or capabilities.steps)
        seed, parts = int(params.number("stream.seed")), params.parts()
        phrase = None
        if settings.reader is not None:
            phrase = settings.reader.read(state.reader, timing, state.notes, capabilities.drums)
            phrase = replace(phrase, score=phrase.score.only(parts)) if parts else phrase
        return ChunkRequest(
            replace(command, engine=playing),
            (seed + state.index) % SEED_LIMIT if seed >= 0 else random.randrange(SEED_LIMIT),
            transport.bpm,
            transport.beats,
            steps=steps,
            steering=self._steering(capabilities.weighs_prompts),
            parts=parts,
            mix=params.number("stream.mix"),
            drive=params.number("stream.drive"),
            space=params.number("stream.space"),
            target=None if state.is_empty else self._target(settings, playing, composer is None),
            phrase=phrase,
            composer=composer.name if composer is not None else "",
            accompaniment=self._hear(state) if command.accompany else None,
            start=timing.start,
        )

    def _hear(self, state: StreamState) -> Accompaniment:
        """Return what the stream has answered, with what is heard of the player now.

        What was heard before goes on where nothing is heard. Raises: CommandError: ENOCLIP, nothing
        was ever heard.
        """
        before = state.accompaniment
        hint = before.heard.score.bpm if before is not None else None
        recent = self._services.player.recent_input(LISTENING_SECONDS)
        try:
            found = answered_bars(self._services.transcriber, recent, LISTENING_BARS, hint)
        except CommandError:
            if before is None:
                raise
            return before
        assert found.clip.score is not None
        heard = HeardBars(found.clip.score, found.start)
        return Accompaniment(heard) if before is None else before.hear(heard)

    def _steering(self, weighs_prompts: bool) -> Steering:
        text, density = self._params.text, self._params.number("stream.density")
        return Steering(
            text("stream.style"),
            text("stream.key"),
            text("stream.chords"),
            density if density >= 0 else None,
            prompt_between(
                text("stream.prompt.a"),
                text("stream.prompt.b"),
                self._params.number("stream.mix"),
                weighs_prompts,
            ),
        )

    def chunk_made(self, settings: StreamSettings, took: float, seconds: float, late: bool) -> str:
        """Adapt the steps to how a chunk was made; see `DenoisingSteps.chunk_made`."""
        wanted = int(self._params.number("stream.steps"))
        wanted = wanted or check_engine(settings.command, self._services).capabilities.steps
        return self._steps.chunk_made(wanted, took, seconds, late)

    def _target(
        self, settings: StreamSettings, engine: str, has_engine: bool
    ) -> MorphTarget | None:
        """Return what chunks are morphed towards.

        engine: that makes their sound. has_engine: it may interpolate the sound. Raises:
        CommandError: there is no such clip.
        """
        name, mix = self._params.text("stream.target"), self._params.number("stream.mix")
        if not name or mix <= 0 or (settings.reader is not None and settings.command.timbre2):
            return None
        samples = as_stereo(self._services.source(name).samples)
        verbs = self._services.registry.get(engine).capabilities.verbs
        by_engine = has_engine and Interpolate.address in verbs
        return MorphTarget(samples, mix, self._params.number("stream.strength"), by_engine)
