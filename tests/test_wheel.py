"""The wheel that is built: what is in it, and a server that runs from it."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

import pytest

from msanii_live import __version__
from msanii_live.client import Client
from msanii_live.client.server_process import running_server

ROOT = Path(__file__).parents[1]
SOURCES = ("msanii_live", "max_patches", "docs", "packaging", "pyproject.toml", "setup.py",
           "MANIFEST.in", "README.md", "LICENSE", "NOTICE")  # fmt: skip
MAX_BYTES = 100 * 2**20  # PyPI's limit

pytestmark = pytest.mark.slow


def run(*command):
    """Run a command that does not see the checkout; return its output."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, env=env, cwd=tempfile.gettempdir(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built of a copy: a build leaves files beside its sources."""
    copy, out = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("wheel")
    unwanted = shutil.ignore_patterns("__pycache__")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=unwanted)
        else:
            shutil.copy(ROOT / name, copy / name)
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index",
        "--quiet", "--wheel-dir", str(out), str(copy))  # fmt: skip
    (path,) = out.iterdir()
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The scripts folder of an environment with the wheel, over the packages of this one."""
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", "--without-pip", str(folder))
    python = folder / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index",
        "--quiet", str(wheel))  # fmt: skip
    packages = Path(
        run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    )
    (packages / "environment.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"


@pytest.fixture
def without_checkout(monkeypatch, tmp_path):
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.chdir(tmp_path)


def test_it_holds_what_runs_and_nothing_else(wheel):
    assert wheel.name == f"msanii_live-{__version__}-py3-none-any.whl"
    assert wheel.stat().st_size < MAX_BYTES
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, pattern in (("weights", "*"), ("web/page", "*"), ("training/recipes", "*.toml")):
        found = (ROOT / "msanii_live" / folder).glob(pattern)
        files = {path.relative_to(ROOT).as_posix() for path in found if path.is_file()}
        assert files
        assert files <= names
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "msanii_live").rglob("*.py")}
    assert modules <= names
    assert "msanii_live/py.typed" in names
    shipped = {name for name in names if name.startswith("msanii_live/patches/shipped/")}
    assert {Path(name).suffix for name in shipped} >= {".maxpat", ".pd", ".sc", ".amxd"}
    assert ".py" not in {Path(name).suffix for name in shipped}
    assert {name.split("/")[0] for name in names} == {
        "msanii_live", f"msanii_live-{__version__}.dist-info",
    }  # fmt: skip


def test_its_metadata_has_ranges_licences_and_the_readme(wheel):
    with zipfile.ZipFile(wheel) as archive:
        info = f"msanii_live-{__version__}.dist-info"
        metadata = archive.read(f"{info}/METADATA").decode()
        assert f"{info}/licenses/NOTICE" in archive.namelist()
        assert (
            "msanii-live = msanii_live.cli:main"
            in archive.read(f"{info}/entry_points.txt").decode()
        )
    assert "Requires-Dist: torch<2.12,>=2.11\n" in metadata
    needed = [line for line in metadata.splitlines() if line.startswith("Requires-Dist: ")]
    assert not [line for line in needed if "==" in line.split(";")[0]], "ranges, no pins"
    assert "# msanii-live" in metadata


@pytest.mark.usefixtures("without_checkout")
def test_a_server_from_it_plays(installed, tmp_path):
    where = run(installed / "python", "-c", "import msanii_live; print(msanii_live.__file__)")
    assert where.startswith(str(installed.parent))
    serve = (str(installed / "msanii-live"), "serve")
    flags = ("--engine", "tones", "--audio", "none")
    with (
        running_server(tmp_path, *flags, log=tmp_path / "log", serve=serve) as server,
        Client(server.host, server.osc_port) as client,
    ):
        clip = client.generate(seconds=0.5, seed=2)
        assert abs(clip.read()).max() > 0.05
        assert client.play(clip.name)[0]["command"] == "/msanii/play"


@pytest.mark.usefixtures("without_checkout")
def test_its_patches_are_installed(installed, tmp_path):
    run(installed / "msanii-live", "patches", "install", "--to", str(tmp_path / "patches"))
    assert list((tmp_path / "patches").rglob("*.maxpat"))


@pytest.mark.usefixtures("without_checkout")
def test_its_documents_are_printed(installed):
    listed = run(installed / "msanii-live", "docs").splitlines()
    told = dict(line.split(maxsplit=1) for line in listed)
    pages = {path.stem for path in (ROOT / "docs").glob("*.md")} - {"README"}
    samples = {path.name for path in (ROOT / "packaging").iterdir()}
    assert set(told) == pages | samples
    assert told["tutorial"] == "From nothing to a set"
    assert all(Path(told[name]).is_relative_to(installed.parent) for name in samples)
    osc = (ROOT / "docs" / "osc.md").read_text("utf-8")
    assert run(installed / "msanii-live", "docs", "osc") == osc
