"""Know where Max, Live, Pure Data and SuperCollider look for what belongs to a user."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "msanii-live"
DEVICE = "Msanii Live.amxd"
SNIPPETS = ("sonic_pi", "tidal", "chuck", "csound")


@dataclass(frozen=True)
class Place:
    """Say where one thing goes. source: beneath the patches. is_there: the program seems to be."""

    program: str
    source: str
    target: Path
    is_there: bool


def places(
    system: str,
    home: Path,
    environment: Mapping[str, str],
    has: Callable[[str], object] = shutil.which,
) -> list[Place]:
    """Return where everything goes on this machine.

    system: as `platform.system()` says it: Darwin, Windows or Linux. has: finds a command.
    """
    if system == "Darwin":
        return _on_mac(home)
    if system == "Windows":
        return _on_windows(home, environment)
    return _on_linux(home, environment, has)


def _on_mac(home: Path) -> list[Place]:
    documents, support = home / "Documents", home / "Library" / "Application Support"
    live = home / "Music" / "Ableton" / "User Library"
    pd = documents / "Pd"
    super_collider = support / "SuperCollider"
    return [
        *_max(documents),
        _live(live),
        _pd(pd / "externals", pd.is_dir() or (home / "Library" / "Pd").is_dir()),
        _quark(super_collider / "Extensions", super_collider.is_dir()),
    ]


def _on_windows(home: Path, environment: Mapping[str, str]) -> list[Place]:
    documents = home / "Documents"
    cloud = environment.get("OneDrive")  # where Windows may keep the documents instead
    if cloud and (Path(cloud) / "Documents").is_dir():
        documents = Path(cloud) / "Documents"
    local = Path(environment.get("LOCALAPPDATA", home / "AppData" / "Local"))
    roaming = Path(environment.get("APPDATA", home / "AppData" / "Roaming"))
    pd = documents / "Pd"
    super_collider = local / "SuperCollider"
    return [
        *_max(documents),
        _live(documents / "Ableton" / "User Library"),
        _pd(pd / "externals", pd.is_dir() or (roaming / "Pd").is_dir()),
        _quark(super_collider / "Extensions", super_collider.is_dir()),
    ]


def _on_linux(
    home: Path, environment: Mapping[str, str], has: Callable[[str], object]
) -> list[Place]:
    local = Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share")
    pd = home / ".local" / "lib" / "pd" / "extra"
    return [
        _pd(pd, bool(has("pd")) or pd.is_dir()),
        _quark(local / "SuperCollider" / "Extensions", bool(has("sclang"))),
    ]


def _max(documents: Path) -> list[Place]:
    """Return one place for each Max that is there; the newest where none is."""
    found = [f for f in (documents / f"Max {n}" for n in (9, 8)) if f.is_dir()]
    return [
        Place("max", PACKAGE, folder / "Packages" / PACKAGE, folder in found)
        for folder in found or [documents / "Max 9"]
    ]


def _live(library: Path) -> Place:
    shelf = library / "Presets" / "Instruments" / "Max Instrument"
    return Place("live", f"{PACKAGE}/devices/{DEVICE}", shelf / DEVICE, library.is_dir())


def _pd(folder: Path, is_there: bool) -> Place:
    return Place("pd", "pd/msanii", folder / "msanii", is_there)


def _quark(folder: Path, is_there: bool) -> Place:
    return Place("supercollider", "supercollider/Msanii", folder / "Msanii", is_there)
