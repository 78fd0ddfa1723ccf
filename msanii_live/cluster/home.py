"""The cluster that a server uses: with a head of its own, or that of others."""

from __future__ import annotations

import os

from msanii_live.cluster.head import LocalHead
from msanii_live.cluster.link import RayLink
from msanii_live.cluster.target import WorkerTarget
from msanii_live.errors import ConfigError


class ClusterHome:
    """The cluster of a server's workers. head: the server's own, None while there is none."""

    def __init__(self, target: WorkerTarget, gpus: int | None = None) -> None:
        """Take what the option names. gpus: of a head of the server's own; None has Ray count."""
        self.head: LocalHead | None = None
        self._target = target
        self._gpus = gpus

    def connect(self) -> RayLink:
        """Connect, after starting a head if it is the server's own.

        Raises: MissingTool; ConfigError: Ray does not start, or the cluster is not there.
        """
        if self._target.address:
            return RayLink(self._target.address)
        if self.has_lost_head:
            self.close()
        if self.head is None:
            cpus = max(os.cpu_count() or 1, self._target.number or 1)
            self.head = LocalHead(cpus, self._gpus)
        try:
            return RayLink(self.head.open_door())
        except ConfigError:
            self.close()
            raise

    @property
    def has_lost_head(self) -> bool:
        """Whether the server's own head has ended by itself."""
        return self.head is not None and not self.head.is_running

    def close(self) -> None:
        """End the head, if it is the server's own."""
        if self.head is not None:
            self.head.close()
            self.head = None
