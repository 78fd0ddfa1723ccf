"""Standard output that never fails for the characters it is given or for a reader that has gone."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

UTF8 = ("utf-8", "utf8")


def ensure_utf8() -> None:
    """Run this process in UTF-8, whatever the locale, and print what a terminal cannot as escapes.

    In a locale such as C or ISO-8859-1, the names of files in messages would differ from those on
    the disk, so Python is started again in its UTF-8 mode (PEP 540).
    """
    if sys.getfilesystemencoding().lower() not in UTF8 and not sys.flags.utf8_mode:
        with suppress(OSError):  # it cannot be started again: names in other scripts fail
            sys.stdout.flush()
            arguments = [sys.executable, "-X", "utf8", *sys.orig_argv[1:]]
            os.execve(sys.executable, arguments, {**os.environ, "PYTHONUTF8": "1"})
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # absent where a test replaces it
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def discard_output() -> None:
    """Send what is still to be printed to nowhere: Python would fail on it once more at its end."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
