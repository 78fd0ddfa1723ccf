"""From settings and params to the request of the next chunk."""

from __future__ import annotations

import random

from msanii_live.audio import as_stereo
from msanii_live.jobs.params import Params
from msanii_live.jobs.scheduler import SEED_LIMIT
from msanii_live.jobs.services import Services
from msanii_live.protocol.commands import Interpolate
from msanii_live.streaming.denoising_steps import DenoisingSteps
from msanii_live.streaming.phrases import ChunkTiming
from msanii_live.streaming.request import ChunkRequest, MorphTarget
from msanii_live.streaming.settings import StreamSettings, check_engine
from msanii_live.streaming.state import StreamState


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
        capabilities = check_engine(command, self._services).capabilities
        steps = int(params.number("stream.steps")) or None
        if self._steps.is_lowered:
            steps = self._steps.limit(steps or capabilities.steps)
        seed, density = int(params.number("stream.seed")), params.number("stream.density")
        phrase = None
        if settings.reader is not None:
            phrase = settings.reader.read(state.reader, timing, state.notes, capabilities.drums)
        return ChunkRequest(
            command,
            (seed + state.index) % SEED_LIMIT if seed >= 0 else random.randrange(SEED_LIMIT),
            transport.bpm,
            transport.beats,
            steps=steps,
            density=density if density >= 0 else None,
            mix=params.number("stream.mix"),
            target=None if state.is_empty else self._target(settings),
            phrase=phrase,
        )

    def chunk_made(self, settings: StreamSettings, took: float, seconds: float, late: bool) -> str:
        """Adapt the steps to how a chunk was made; see `DenoisingSteps.chunk_made`."""
        wanted = int(self._params.number("stream.steps"))
        wanted = wanted or check_engine(settings.command, self._services).capabilities.steps
        return self._steps.chunk_made(wanted, took, seconds, late)

    def _target(self, settings: StreamSettings) -> MorphTarget | None:
        """Return what chunks are morphed towards. Raises: CommandError: there is no such clip."""
        name, mix = self._params.text("stream.target"), self._params.number("stream.mix")
        if not name or mix <= 0 or (settings.reader is not None and settings.command.timbre2):
            return None
        samples = as_stereo(self._services.source(name).samples)
        engine = self._services.registry.get(settings.command.engine)
        by_engine = Interpolate.address in engine.capabilities.verbs
        return MorphTarget(samples, mix, self._params.number("stream.strength"), by_engine)
