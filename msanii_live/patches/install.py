"""Copy the patches to where each program looks, and say where that is."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Sequence
from pathlib import Path

from msanii_live.errors import MsaniiError
from msanii_live.patches.places import SNIPPETS, Place, places

PROGRAMS = ("max", "live", "pd", "supercollider")
NOT_FOR_USERS = ("making", "generate.py", "__pycache__")


class NotInstalled(MsaniiError):
    """Report that the patches could not be copied, and why."""


def shipped() -> Path:
    """Return the folder that holds the patches: inside the package, or beside it in a checkout.

    Raises: NotInstalled: neither is there.
    """
    here = Path(__file__).resolve().parent
    for folder in (here / "shipped", here.parents[1] / "max_patches"):
        if (folder / "msanii-live").is_dir():
            return folder
    raise NotInstalled("this installation holds no patches; install msanii-live again")


def install(programs: Sequence[str], folder: Path | None, only_list: bool) -> int:
    """Run `msanii-live patches install`; return the exit status.

    programs: those to install for even if they do not seem to be there; none is all that are.
    folder: copies everything there instead.
    Raises: NotInstalled: a file could not be written.
    """
    source = shipped()
    if folder is not None:
        _everything(source, folder, only_list)
        return 0
    known = places(platform.system(), Path.home(), os.environ)
    for program in programs:
        if all(place.program != program for place in known):
            raise NotInstalled(f"there is no {program} for {platform.system()}")
    for place in known:
        wanted = place.program in programs if programs else place.is_there
        _one(source, place, wanted, only_list)
    print(f"{', '.join(SNIPPETS)}: open what is in {source}")
    return 0


def _one(source: Path, place: Place, wanted: bool, only_list: bool) -> None:
    """Install for one program, or say where it would go."""
    if only_list:
        note = "" if wanted else "  (not found; name it to install all the same)"
        print(f"{place.program}: {place.target}{note}")
    elif wanted:
        _copy(source / place.source, place.target)
        print(f"{place.program}: copied to {place.target}")
    else:
        print(f"{place.program}: not found, so nothing was copied to {place.target};")
        print(f"    msanii-live patches install {place.program} copies it all the same")


def _everything(source: Path, folder: Path, only_list: bool) -> None:
    for path in sorted(source.iterdir()):
        if path.name in NOT_FOR_USERS:
            continue
        if not only_list:
            _copy(path, folder / path.name)
        print(f"{'would copy' if only_list else 'copied'} to {folder / path.name}")


def _copy(source: Path, target: Path) -> None:
    """Copy a file or a tree over what is there; files that are not ours are left alone."""
    try:
        if source.is_file():
            _copy_file(source, target)
            return
        for path in sorted(source.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                _copy_file(path, target / path.relative_to(source))
    except OSError as error:
        raise NotInstalled(f"cannot write {error.filename or target}: {error.strerror}") from None


def _copy_file(source: Path, target: Path) -> None:
    """Copy one file whole: a program that reads it meanwhile sees the old one or the new one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(target.name + ".new")
    shutil.copyfile(source, beside)
    beside.replace(target)
