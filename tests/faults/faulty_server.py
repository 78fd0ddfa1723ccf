"""Run the server with an engine that fails as its prompt says, or with a disk that is nearly full.

Usage: faulty_server.py serve FLAGS…, as `msanii-live`. FULL_DISK_BYTES in the environment is the
size beyond which the system refuses to write on with any file.
"""

import os
import sys

from msanii_live.cli import main
from msanii_live.engines.base import engine_factory
from msanii_live.engines.builtin import BUILT_IN, EngineSpec
from msanii_live.engines.tones import Tones


class OutOfMemoryError(RuntimeError):
    """A stand-in for torch's, which has this name."""


class Faulty(Tones):
    """An engine of tones that raises what the prompt names."""

    name = "faulty"

    def run(self, command, context):
        """Carry a command out, or not."""
        match command.prompt:
            case "raise":
                raise ZeroDivisionError("a bug of the engine's")
            case "memory":
                raise MemoryError
            case "gpu memory":
                raise OutOfMemoryError("CUDA out of memory. Tried to allocate 3.00 GiB")
            case "cpu memory":
                raise RuntimeError("DefaultCPUAllocator: can't allocate memory: 3221225472 bytes")
        return super().run(command, context)


@engine_factory(plugin_api=1)
def create(settings):
    """Make the engine; no setting changes it."""
    return Faulty()


if __name__ == "__main__":
    BUILT_IN["faulty"] = EngineSpec("faulty_server:create", Tones.capabilities.verbs)
    if limit := os.environ.get("FULL_DISK_BYTES"):
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    sys.exit(main())
