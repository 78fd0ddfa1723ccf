"""The clip that a stream begins with."""

from __future__ import annotations

from msanii_live.audio import Clip
from msanii_live.errors import Code, CommandError
from msanii_live.jobs.scheduler import Scheduler
from msanii_live.jobs.services import Services


def find_source(name: str, services: Services, scheduler: Scheduler) -> Clip | None:
    """Return the clip that a stream begins with; None while a job is still making it.

    Raises: CommandError: ENOCLIP, there is none and no job makes it; EPATH, it cannot be read.
    """
    is_pending = scheduler.is_pending(name)  # asked first, since the job may end meanwhile
    try:
        return services.source(name)
    except CommandError as error:
        if is_pending and error.code is Code.ENOCLIP:
            return None
        raise
