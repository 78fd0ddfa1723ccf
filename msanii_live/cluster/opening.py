"""The engines of a server by its configuration: in its process, or in workers."""

from __future__ import annotations

import os
import sys
from typing import cast

from msanii_live import __version__
from msanii_live.cluster.calls import EngineSetup
from msanii_live.config import Config
from msanii_live.engines.base import OffloadMode
from msanii_live.engines.registry import EngineRegistry
from msanii_live.jobs.executor import Executor, InProcessExecutor

# s that a thread may compute while another waits. With workers, threads of Ray's client compute at
# any time, and the event loop is to answer soon all the same; Python's own value is 5 ms.
SWITCH_INTERVAL = 0.0005


def open_engines(config: Config) -> tuple[EngineRegistry, Executor]:
    """Return the registry of a server with its default engine checked, and what runs its engines.

    Without workers nothing of Ray is imported. Raises: MissingTool; ConfigError.
    """
    setup = EngineSetup(
        device=config.device,
        default=config.engine,
        vocoder=config.vocoder,
        compiled=config.compile == "on",
        precision=config.precision,
        trust_remote_code=config.trust_remote_code == "on",
        offload=cast("OffloadMode", config.offload),
        cuda_graphs=config.cuda_graphs == "on",
        threads=_threads(config),
        version=__version__,
    )
    if config.workers.isdigit() and int(config.workers) == 0:
        registry = EngineRegistry(
            setup.device, setup.default, setup.vocoder, setup.compiled, setup.precision,
            setup.trust_remote_code, setup.offload, setup.cuda_graphs,
        )  # fmt: skip
        registry.check_default()
        return registry, InProcessExecutor(registry)
    from msanii_live.cluster.pool import WorkerPool
    from msanii_live.cluster.registry import ClusterRegistry

    sys.setswitchinterval(SWITCH_INTERVAL)
    pool = WorkerPool(config.workers, setup)
    try:
        registry = ClusterRegistry(setup, pool)
        registry.check_default()
        return registry, pool
    except BaseException:
        pool.close()
        raise


def _threads(config: Config) -> int:
    """Return the threads of each worker: those asked for, or its share of this machine's cores."""
    if config.threads or not config.workers.isdigit():
        return config.threads
    return max(1, (os.cpu_count() or 1) // max(1, int(config.workers)))
