"""Any exception of a handler as the one failure that its client is sent."""

from __future__ import annotations

import logging

from msanii_live.errors import Code, CommandError, MsaniiError
from msanii_live.library.naming import error_reason

log = logging.getLogger("msanii_live.server")


def to_command_error(error: BaseException, address: str) -> CommandError:
    """Return an exception as a `CommandError`.

    What the operating system refuses is EPATH. What nobody expected is EINTERNAL, with its
    traceback in the log. address: of the command.
    """
    if isinstance(error, CommandError):
        return error
    if isinstance(error, OSError):
        return CommandError(Code.EPATH, f"the system refused it: {error_reason(error)}")
    log.error("%s failed", address, exc_info=error)
    text = str(error) if isinstance(error, MsaniiError) else f"{type(error).__name__}: {error}"
    return CommandError(Code.EINTERNAL, text)
