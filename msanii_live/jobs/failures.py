"""Any exception as the one failure that a client is sent."""

from __future__ import annotations

import logging

from msanii_live.errors import Code, CommandError, MsaniiError
from msanii_live.library.naming import error_reason

log = logging.getLogger("msanii_live.jobs")


def to_command_error(error: BaseException, what: str) -> CommandError:
    """Return an exception as a `CommandError`.

    What the operating system refuses is EPATH, memory that ran out EOOM, a library that cannot be
    imported EENGINE. What nobody expected is EINTERNAL, with its traceback in the log. what: the
    command or job that failed, for the log.
    """
    if isinstance(error, CommandError):
        return error
    if is_out_of_memory(error):
        return CommandError(Code.EOOM, "out of memory: ask for a shorter clip, or free an engine")
    if isinstance(error, OSError):
        return CommandError(Code.EPATH, f"the system refused it: {error_reason(error)}")
    log.error("%s failed", what, exc_info=error)
    if isinstance(error, ImportError):
        return CommandError(
            Code.EENGINE, f"a library cannot be imported ({error}): msanii-live doctor says more"
        )
    text = str(error) if isinstance(error, MsaniiError) else f"{type(error).__name__}: {error}"
    return CommandError(Code.EINTERNAL, text)


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether Python or PyTorch (which is not imported here) ran out of memory."""
    name = type(error).__name__
    return isinstance(error, MemoryError) or name == "OutOfMemoryError" or "allocate" in str(error)
