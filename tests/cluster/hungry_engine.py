"""An engine that takes more memory than there is, as a model that is too large does."""

import numpy as np

from msanii_live.benchmarks.waiting_engine import WaitingEngine
from msanii_live.engines.base import engine_factory


class HungryEngine(WaitingEngine):
    """An engine that asks for a million GB when it runs."""

    name = "hungry"

    def run(self, command, context):
        context.progress(0, 8)
        return np.ones(2**50 // 8)


@engine_factory(plugin_api=1)
def create(settings):
    return HungryEngine()
