"""Run the server with two handlers that raise: `version` at once, `clip/save` on a thread.

Usage: raising_server.py serve FLAGS…, as `msanii-live`.
"""

import sys

from msanii_live.cli import main
from msanii_live.server.handlers.library import LibraryHandlers
from msanii_live.server.handlers.system import SystemHandlers


def fail(self, command, call):
    """Raise what no handler should."""
    raise ZeroDivisionError("a bug of a handler's")


if __name__ == "__main__":
    SystemHandlers._version = fail
    LibraryHandlers._save = fail
    sys.exit(main())
