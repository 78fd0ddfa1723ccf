"""The command line as a child process, against a server of the tests."""

import subprocess
import sys

MSANII = (sys.executable, "-m", "msanii_live.cli")


def run_command(command, *words, port):
    """Run a command that takes --port; return its exit status, lines of output and errors."""
    done = subprocess.run(
        [*MSANII, command, "--port", str(port), *words],
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout.splitlines(), done.stderr
