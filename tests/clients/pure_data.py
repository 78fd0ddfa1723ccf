"""Run Pure Data on the library's patches."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from max_patches.generators.pd import Canvas

LIBRARY = Path(__file__).parents[2] / "max_patches" / "pd" / "msanii"
QUIET = ("-nogui", "-noaudio", "-nomidi", "-noprefs", "-stderr")
COMPLAINTS = re.compile(r"couldn't create|connection failed|no method for|error|no such object")


def pd():
    found = shutil.which("pd")
    if found is None:
        pytest.skip("pd is not installed: apt-get install puredata-core")
    return found


def write(path, sketch):
    """Write a patch from a sketch."""
    path.write_text(Canvas().draw(sketch).render())
    return path


def run(*patches, flags=(), seconds=60):
    """Open patches until they quit; return what Pd said.

    Pd ends with status 0 whatever happens, so ask for a word that only success says.
    """
    opens = [word for patch in patches for word in ("-open", str(patch))]
    done = subprocess.run(
        [pd(), *QUIET, "-path", str(LIBRARY), *flags, *opens],
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    return done.stdout + done.stderr


def render(folder, sketch, rate):
    """Run a patch that records into out.wav and quits, as fast as it goes; return what Pd said."""
    patch = write(folder / "offline.pd", sketch.replace("OUT", (folder / "out.wav").as_posix()))
    return run(patch, flags=("-batch", "-r", str(rate)))
