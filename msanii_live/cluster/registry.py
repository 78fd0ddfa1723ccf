"""The engines of a server whose engines run in workers."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from msanii_live.cluster.calls import EngineSetup
from msanii_live.cluster.remote_engine import RemoteEngine
from msanii_live.engines.base import Engine
from msanii_live.engines.registry import EngineRegistry

if TYPE_CHECKING:
    from msanii_live.cluster.pool import WorkerPool


class ClusterRegistry(EngineRegistry):
    """A registry that knows what engines can do, and has the workers load and run them."""

    def __init__(self, setup: EngineSetup, pool: WorkerPool) -> None:
        """Take the settings of engines and the workers. Raises: ConfigError, as its base."""
        self._pool = pool
        self._remote: dict[str, RemoteEngine] = {}
        self._remote_lock = threading.Lock()
        super().__init__(
            setup.device, setup.default, setup.vocoder, setup.compiled, setup.precision,
            setup.trust_remote_code, setup.offload, setup.cuda_graphs,
        )  # fmt: skip

    @property
    def device(self) -> str:
        """Where the models of the first worker run."""
        return next((w.device for w in self._pool.facts() if w is not None), "auto")

    def get(self, name: str = "") -> Engine:
        """Return an engine by name; else as `EngineRegistry.get`."""
        return self._wrapped(super().get(name))

    def free_loaded(self) -> list[str]:
        """Free every engine in every worker; return their names."""
        loaded = sorted({name for facts in self._pool.facts() if facts for name in facts.loaded})
        for name in loaded:
            self._pool.manage(name, "free")
        return loaded

    def memory_mb(self) -> float:
        """Return device memory in use by all workers, MB."""
        return sum(facts.memory_mb for facts in self._pool.facts() if facts is not None)

    def _existing(self, name: str) -> Engine | None:
        engine = super()._existing(name)
        return None if engine is None else self._wrapped(engine)

    def _wrapped(self, engine: Engine) -> Engine:
        if isinstance(engine, RemoteEngine):
            return engine
        with self._remote_lock:
            if engine.name not in self._remote:
                self._remote[engine.name] = RemoteEngine(engine, self._pool)
            return self._remote[engine.name]
