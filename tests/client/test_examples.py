"""The examples run against a server as they are."""

import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from msanii_live.client import Client

EXAMPLES = Path(__file__).parents[2] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))


def run(tones, name, *arguments):
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), "--port", str(tones.server.osc_port), *arguments],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_clips_are_made_and_saved(tones, tmp_path):
    run(tones, "generate_and_save.py", "--bpm", "120", "--folder", str(tmp_path))
    lengths = sorted(soundfile.info(path).duration for path in tmp_path.glob("*.wav"))
    assert lengths == [8.0, 14.0]


def test_a_stream_is_started_steered_and_stopped(tones):
    printed = run(tones, "stream_and_steer.py", "--seconds", "3")
    assert "chunk " in printed  # the first may come while the example waits for another reply
    with Client(tones.server.host, tones.server.osc_port) as client:
        assert 0.5 < client.param_stream_density()[0]["value"] <= 1.0
        client.param_stream_density(-1)  # as it was, for other tests


def test_jobs_are_followed(tones):
    printed = run(tones, "follow_jobs_async.py")
    made = [line for line in printed.splitlines() if not line.startswith("refused: ")]
    assert sum(line.endswith(".wav") for line in made) == 3
    assert "step" in printed
    assert "refused: " in printed


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_an_example_is_short(script):
    assert len(script.read_text().splitlines()) < 50
