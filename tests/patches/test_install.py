"""`msanii-live patches install`: to the right place on each system, out of a built wheel too."""

import platform
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from max_patches.generators.all_files import generated_files
from msanii_live.cli import main
from msanii_live.patches.install import patches_folder
from msanii_live.patches.install_targets import install_targets

ROOT = Path(__file__).parents[2]


def found(system, home, has=(), **environment):
    listed = install_targets(system, home, environment, has=lambda name: name in has)
    return {
        (target.program, target.path.relative_to(home).as_posix()): target.is_installed
        for target in listed
    }


def test_where_macos_looks(tmp_path):
    (tmp_path / "Documents" / "Max 8").mkdir(parents=True)
    (tmp_path / "Music" / "Ableton" / "User Library").mkdir(parents=True)
    presets = "Music/Ableton/User Library/Presets/Instruments/Max Instrument"
    assert found("Darwin", tmp_path) == {
        ("max", "Documents/Max 8/Packages/msanii-live"): True,
        ("live", f"{presets}/Msanii Live.amxd"): True,
        ("live", f"{presets}/msanii-into-live.js"): True,
        ("pd", "Documents/Pd/externals/msanii"): False,
        ("supercollider", "Library/Application Support/SuperCollider/Extensions/Msanii"): False,
    }


def test_where_windows_looks(tmp_path):
    (tmp_path / "OneDrive" / "Documents" / "Max 9").mkdir(parents=True)
    (tmp_path / "OneDrive" / "Documents" / "Max 8").mkdir()
    (tmp_path / "AppData" / "Local" / "SuperCollider").mkdir(parents=True)
    told = found("Windows", tmp_path, OneDrive=str(tmp_path / "OneDrive"))
    assert told["max", "OneDrive/Documents/Max 9/Packages/msanii-live"]
    assert told["max", "OneDrive/Documents/Max 8/Packages/msanii-live"]
    assert told["supercollider", "AppData/Local/SuperCollider/Extensions/Msanii"]
    assert not told["pd", "OneDrive/Documents/Pd/externals/msanii"]


def test_where_linux_looks(tmp_path):
    assert found("Linux", tmp_path, has=("pd",)) == {
        ("pd", ".local/lib/pd/extra/msanii"): True,
        ("supercollider", ".local/share/SuperCollider/Extensions/Msanii"): False,
    }


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home without anything in it, on Linux."""
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    return tmp_path


def test_copies_says_where_and_deletes_nothing(home, capsys):
    extra = home / ".local" / "lib" / "pd" / "extra" / "msanii"
    extra.mkdir(parents=True)
    (extra / "mine.pd").write_text("kept")
    (extra / "msanii.pd").write_text("old")
    assert main(["patches", "install", "pd", "supercollider"]) == 0
    assert f"pd: copied to {extra}" in capsys.readouterr().out
    assert (extra / "mine.pd").read_text() == "kept"
    assert (extra / "msanii.pd").read_bytes() == generated_files()["pd/msanii/msanii.pd"]
    assert (extra / "examples" / "set.pd").is_file()
    quark = home / ".local" / "share" / "SuperCollider" / "Extensions" / "Msanii"
    assert (quark / "Classes" / "Msanii.sc").is_file()
    assert not list(home.rglob("*.new"))


def test_only_lists(home, capsys):
    assert main(["patches", "install", "--list"]) == 0
    said = capsys.readouterr().out
    assert str(home / ".local" / "lib" / "pd" / "extra" / "msanii") in said
    assert not list(home.iterdir())


def test_to_a_folder_goes_everything_but_the_generator(tmp_path, capsys):
    assert main(["patches", "install", "--to", str(tmp_path / "here")]) == 0
    there = {
        p.relative_to(tmp_path / "here").as_posix() for p in tmp_path.rglob("*") if p.is_file()
    }
    assert set(generated_files()) <= there
    assert "sonic_pi/set.rb" in there
    assert not any(name.endswith(".py") for name in there)
    assert "copied to" in capsys.readouterr().out


def test_a_program_without_a_place_here_is_an_error(home, capsys):
    assert main(["patches", "install", "max"]) == 2
    assert "no max for Linux" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    assert main(["patches", "install", "--to", str(tmp_path / "file")]) == 2
    assert "cannot write" in capsys.readouterr().err


@pytest.mark.slow
def test_a_wheel_holds_every_patch(tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, tree)
    without = shutil.ignore_patterns("__pycache__", "*.safetensors")  # they would take seconds
    for name in ("msanii_live", "max_patches", "docs", "packaging"):
        shutil.copytree(ROOT / name, tree / name, ignore=without)
    code = "from setuptools.build_meta import build_wheel; print(build_wheel('..'))"
    built = subprocess.run(
        [sys.executable, "-c", code], cwd=tree, capture_output=True, text=True, check=True
    )
    wheel = tmp_path / built.stdout.splitlines()[-1]
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path / "site")
    inside = {n.removeprefix("msanii_live/patches/shipped/") for n in names if "/shipped/" in n}
    assert set(generated_files()) <= inside
    folder = ROOT / "max_patches"
    left_out = {"generators", "__pycache__", "generate.py"}
    wanted = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not left_out & set(path.relative_to(folder).parts)
    }
    assert wanted <= inside
    assert not any("generators" in name or name.startswith("max_patches/") for name in names)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "msanii_live.cli",
            "patches",
            "install",
            "--to",
            str(tmp_path / "o"),
        ],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "site"), "PATH": "/usr/bin:/bin"},
        check=True,
        capture_output=True,
    )
    assert (tmp_path / "o" / "pd" / "msanii" / "msanii.pd").is_file()


def test_a_checkout_finds_its_own():
    assert patches_folder() == ROOT / "max_patches"
