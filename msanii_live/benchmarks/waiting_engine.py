"""An engine that only waits, as one whose GPU works: for measuring what is around engines."""

from __future__ import annotations

import time

import numpy as np

from msanii_live.audio import Clip, make_clip
from msanii_live.engines.base import (
    Capabilities,
    Context,
    EngineSettings,
    WeightlessEngine,
    engine_factory,
)
from msanii_live.protocol.commands import Generate, GenerationCommand

RATE = 44_100
STEPS, STEP_SECONDS, CLIP_SECONDS = 8, 0.25, 6.0
JOB_SECONDS = STEPS * STEP_SECONDS


class WaitingEngine(WeightlessEngine):
    """An engine whose every clip takes 8 steps of 250 ms and is 6 s of stereo silence."""

    name = "waiting"
    capabilities = Capabilities(
        verbs=(Generate.address,), sample_rate=RATE, channels=2, max_seconds=190.0, steps=STEPS
    )

    def run(self, command: GenerationCommand, context: Context) -> Clip:
        """Wait for all steps."""
        for step in range(STEPS):
            context.progress(step, STEPS)
            time.sleep(STEP_SECONDS)
        context.progress(STEPS, STEPS)
        samples = np.zeros((round(CLIP_SECONDS * RATE), 2), np.float32)
        return make_clip(samples, RATE, seed=context.seed)


@engine_factory(plugin_api=1)
def create(settings: EngineSettings) -> WaitingEngine:
    """Make the engine."""
    return WaitingEngine()
