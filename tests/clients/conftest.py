"""What the tests with other programs share."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent / "node"


@pytest.fixture(scope="session")
def node(tmp_path_factory):
    """Return how to run a script of tests/clients/node with the libraries of npm."""
    found = {name: shutil.which(name) for name in ("node", "npm")}
    if None in found.values():
        pytest.skip("node and npm are not installed: apt-get install nodejs npm")
    folder = tmp_path_factory.mktemp("node")
    for path in SCRIPTS.iterdir():
        shutil.copy(path, folder)
    flags = ("--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", "--no-package-lock")
    made = subprocess.run(
        [found["npm"], "install", *flags], cwd=folder, capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"npm could not install the libraries: {made.stderr[-500:]}")

    def run(script, *words, sent=None):
        done = subprocess.run(
            [found["node"], str(folder / script), *map(str, words)], input=json.dumps(sent),
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run
