"""Check that the clip of a job that has ended is kept by nothing but the library."""

import gc
import time
import weakref

from msanii_live.jobs.scheduler import Scheduler
from tests.jobs.test_scheduler import (  # noqa: F401 (fixtures)
    Listener,
    listener,
    scheduler,
    services,
    short,
)


def test_a_clip_is_gone_once_the_library_frees_it(
    scheduler: Scheduler,  # noqa: F811
    listener: Listener,  # noqa: F811
    services,  # noqa: F811
) -> None:
    gc.disable()
    try:
        scheduler.start()
        job = scheduler.submit(short(), "me", "t", "a")
        listener.wait(job)
        samples = weakref.ref(services.library.get("a").samples)
        assert samples() is not None
        services.library.free("a")
        until = time.monotonic() + 10
        while samples() is not None:  # the worker's thread may not be quite done with it
            assert time.monotonic() < until, gc.get_referrers(samples())
            time.sleep(0.01)
    finally:
        gc.enable()
