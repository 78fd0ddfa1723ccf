"""The command `patches install`: copy the patches to where each program looks for them."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Sequence
from pathlib import Path

from msanii_live.errors import MsaniiError
from msanii_live.patches.install_targets import SNIPPETS, InstallTarget, install_targets

PROGRAMS = ("max", "live", "pd", "supercollider")
EXCLUDED = ("generators", "generate.py", "__pycache__")


class PatchInstallError(MsaniiError):
    """The error of patches that could not be copied."""


def patches_folder() -> Path:
    """Return the folder of the patches: in the package, or next to it in a checkout.

    Raises: PatchInstallError: neither folder exists.
    """
    here = Path(__file__).resolve().parent
    for folder in (here / "shipped", here.parents[1] / "max_patches"):
        if (folder / "msanii-live").is_dir():
            return folder
    raise PatchInstallError("this installation has no patches; install msanii-live again")


def install(programs: Sequence[str], folder: Path | None, only_list: bool) -> int:
    """Run `msanii-live patches install` and return the exit status.

    programs: install for these even if they are not found; if empty, for all that are found.
    folder: copy everything there instead. only_list: print the targets and copy nothing.
    Raises: PatchInstallError: a file could not be written.
    """
    source = patches_folder()
    if folder is not None:
        _install_all(source, folder, only_list)
        return 0
    known = install_targets(platform.system(), _home(), os.environ)
    for program in programs:
        if all(target.program != program for target in known):
            names = ", ".join(dict.fromkeys(target.program for target in known))
            raise PatchInstallError(
                f"there is no {program} for {platform.system()}: the programs here are {names}"
            )
    for target in known:
        wanted = target.program in programs if programs else target.is_installed
        _install_one(source, target, wanted, only_list)
    print(f"{', '.join(SNIPPETS)}: open the files in {source}")
    return 0


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        raise PatchInstallError(
            "the home folder of this user is unknown: name a folder with --to"
        ) from None


def _install_one(source: Path, target: InstallTarget, wanted: bool, only_list: bool) -> None:
    """Copy the patches of one program, or print where they would go."""
    if only_list:
        note = "" if wanted else "  (not found; name it to install for it anyway)"
        print(f"{target.program}: {target.path}{note}")
    elif wanted:
        _copy(source / target.source, target.path)
        print(f"{target.program}: copied to {target.path}")
    else:
        print(f"{target.program}: not found, so nothing was copied to {target.path};")
        print(f"    msanii-live patches install {target.program} copies it anyway")


def _install_all(source: Path, folder: Path, only_list: bool) -> None:
    for path in sorted(source.iterdir()):
        if path.name in EXCLUDED:
            continue
        if not only_list:
            _copy(path, folder / path.name)
        print(f"{'would copy' if only_list else 'copied'} to {folder / path.name}")


def _copy(source: Path, target: Path) -> None:
    """Copy a file or a folder over what exists. Other files there are not touched."""
    try:
        if source.is_file():
            _copy_file(source, target)
            return
        for path in sorted(source.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                _copy_file(path, target / path.relative_to(source))
    except OSError as error:
        raise PatchInstallError(
            f"cannot write {error.filename or target}: {error.strerror}"
        ) from None


def _copy_file(source: Path, target: Path) -> None:
    """Copy one file atomically: a program that reads it sees the old file or the new one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(target.name + ".new")
    shutil.copyfile(source, temporary)
    temporary.replace(target)
