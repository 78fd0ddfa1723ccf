"""The example package: installed as a user would, tested by its own tests, and played over OSC."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.live import live

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "engine-plugin"
RATE = 44_100


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return a folder into which pip has installed the example."""
    folder = tmp_path_factory.mktemp("plugin")
    source = shutil.copytree(EXAMPLE, folder / "source")  # a build writes beside what it builds
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    flags = ["--no-deps", "--no-build-isolation", "--no-index", "--target", str(folder / "site")]
    subprocess.run([*pip, *flags, str(source)], check=True, timeout=120)
    return folder / "site"


@pytest.fixture(scope="module")
def environment(site):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(site)]))
        yield


@pytest.fixture(scope="module")
def plucks(environment, tmp_path_factory):
    with live(tmp_path_factory.mktemp("plucks"), "--engine", "plucks") as it:
        yield it


def read(fields):
    samples, rate = soundfile.read(str(fields[3]), dtype="float32", always_2d=True)
    assert rate == RATE
    return samples


def test_its_own_tests_pass_where_it_is_installed(environment):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(EXAMPLE)]
    subprocess.run(command, check=True, timeout=120, cwd=ROOT)


def test_it_is_listed_and_tells_what_it_can(plucks):
    engines = {row["engine"]: row for row in plucks.client.engine_list()}
    assert set(engines) == {
        "plucks", "mel-flow", "mel2mel", "note-diffusion", "composer", "texture", "tones", "rack",
    }  # fmt: skip
    assert engines["plucks"]["state"] == "loaded"


def test_it_plays_a_loop_and_goes_on_from_it(plucks):
    words = ("bars", 2, "bpm", 96, "style", "harp", "key", "D minor", "density", 0.7, "seed", 4)
    loop = plucks.job("/msanii/generate", "g", *words, "clip", "loop")
    samples = read(loop)
    assert len(samples) == round(2 * 4 * 60 / 96 * RATE)
    sidecar = json.loads(Path(str(loop[3])).with_suffix(".json").read_text())
    told = {key: sidecar[key] for key in ("engine", "bpm", "loops", "style", "key", "seed")}
    assert told == {
        "engine": "plucks", "bpm": 96, "loops": True, "style": "harp", "key": "D min", "seed": 4,
    }  # fmt: skip
    assert np.array_equal(read(plucks.job("/msanii/generate", "g2", *words)), samples)
    longer = read(plucks.job("/msanii/outpaint", "o", "loop", "bars", 2, "seed", 5))
    assert len(longer) == 2 * len(samples)
    assert np.array_equal(longer[: len(samples) - 2_048], samples[:-2_048])


def test_a_job_of_it_can_be_cancelled(plucks):
    client = plucks.client
    client.send("/msanii/generate", "seconds", 180, "style", "harp", "density", 1, "id", "x")
    client.wait(("/msanii/job/progress",), "x")
    client.send("/msanii/job/cancel", "x")
    ending = client.wait(("/msanii/job/done", "/msanii/job/cancelled"), "x")
    assert ending.address == "/msanii/job/cancelled"


def test_what_it_cannot_do_is_refused_with_the_engines_that_can(plucks):
    plucks.client.send("/msanii/inpaint", "loop", 1.0, 2.0, "engine", "plucks", "id", "i")
    fail = plucks.client.wait(("/msanii/fail", "/msanii/job/done"), "i")
    assert fail.args[3] == "EENGINE"
    able = "mel-flow, composer, texture, tones, rack can"
    assert fail.args[4] == f"the engine plucks cannot inpaint: {able}"


def test_without_torch_it_is_served_too(environment, tmp_path):
    program = (
        "import sys\n"
        "class NoTorch:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name.partition('.')[0] == 'torch': raise ImportError(name)\n"
        "sys.meta_path.insert(0, NoTorch())\n"
        "from msanii_live.cli import main\n"
        "sys.exit(main())\n"
    )
    (tmp_path / "serve.py").write_text(program)
    serve = (sys.executable, str(tmp_path / "serve.py"), "serve")
    with live(tmp_path, "--engine", "plucks", serve=serve) as it:
        assert it.job("/msanii/generate", "g", "seconds", 1)[4] == 1.0
