"""The folders in which Max, Live, Pure Data and SuperCollider look for a user's files."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "msanii-live"
DEVICE = ("Msanii Live.amxd", "msanii-into-live.js")  # the device loads the script beside it
SNIPPETS = ("sonic_pi", "tidal", "chuck", "csound", "touchosc", "open_stage_control")


@dataclass(frozen=True)
class InstallTarget:
    """One thing to copy for a program.

    source: path in the folder of the patches. path: where it goes. is_installed: whether the
    program was found.
    """

    program: str
    source: str
    path: Path
    is_installed: bool


def install_targets(
    system: str,
    home: Path,
    environment: Mapping[str, str],
    has: Callable[[str], object] = shutil.which,
) -> list[InstallTarget]:
    """Return where the patches of each program go on this machine.

    system: what `platform.system()` returns: Darwin, Windows or Linux. has: finds a command.
    """
    if system == "Darwin":
        return _on_mac(home)
    if system == "Windows":
        return _on_windows(home, environment)
    return _on_linux(home, environment, has)


def _on_mac(home: Path) -> list[InstallTarget]:
    documents, support = home / "Documents", home / "Library" / "Application Support"
    live = home / "Music" / "Ableton" / "User Library"
    pd = documents / "Pd"
    super_collider = support / "SuperCollider"
    return [
        *_max(documents),
        *_live(live),
        _pd(pd / "externals", pd.is_dir() or (home / "Library" / "Pd").is_dir()),
        _quark(super_collider / "Extensions", super_collider.is_dir()),
    ]


def _on_windows(home: Path, environment: Mapping[str, str]) -> list[InstallTarget]:
    documents = home / "Documents"
    cloud = environment.get("OneDrive")  # Windows may keep the documents there instead
    if cloud and (Path(cloud) / "Documents").is_dir():
        documents = Path(cloud) / "Documents"
    local = Path(environment.get("LOCALAPPDATA", home / "AppData" / "Local"))
    roaming = Path(environment.get("APPDATA", home / "AppData" / "Roaming"))
    pd = documents / "Pd"
    super_collider = local / "SuperCollider"
    return [
        *_max(documents),
        *_live(documents / "Ableton" / "User Library"),
        _pd(pd / "externals", pd.is_dir() or (roaming / "Pd").is_dir()),
        _quark(super_collider / "Extensions", super_collider.is_dir()),
    ]


def _on_linux(
    home: Path, environment: Mapping[str, str], has: Callable[[str], object]
) -> list[InstallTarget]:
    local = Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share")
    pd = home / ".local" / "lib" / "pd" / "extra"
    return [
        _pd(pd, bool(has("pd")) or pd.is_dir()),
        _quark(local / "SuperCollider" / "Extensions", bool(has("sclang"))),
    ]


def _max(documents: Path) -> list[InstallTarget]:
    """Return one target for each version of Max that is found, or the newest if none is."""
    found = [f for f in (documents / f"Max {n}" for n in (9, 8)) if f.is_dir()]
    return [
        InstallTarget("max", PACKAGE, folder / "Packages" / PACKAGE, folder in found)
        for folder in found or [documents / "Max 9"]
    ]


def _live(library: Path) -> list[InstallTarget]:
    presets = library / "Presets" / "Instruments" / "Max Instrument"
    return [
        InstallTarget("live", f"{PACKAGE}/devices/{file}", presets / file, library.is_dir())
        for file in DEVICE
    ]


def _pd(folder: Path, is_installed: bool) -> InstallTarget:
    return InstallTarget("pd", "pd/msanii", folder / "msanii", is_installed)


def _quark(folder: Path, is_installed: bool) -> InstallTarget:
    return InstallTarget("supercollider", "supercollider/Msanii", folder / "Msanii", is_installed)
