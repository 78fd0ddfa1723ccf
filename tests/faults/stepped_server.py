"""Run the server with a wall clock that a test sets: by the seconds in the file $CLOCK_JUMP.

Usage: stepped_server.py serve FLAGS…, as `msanii-live`.
"""

import os
import sys
import time
from pathlib import Path

_time = time.time


def stepped() -> float:
    """Return the time of the wall clock as it is set."""
    return _time() + float(Path(os.environ["CLOCK_JUMP"]).read_text())


if __name__ == "__main__":
    time.time = stepped  # before anything takes the function
    from msanii_live.cli import main

    sys.exit(main())
