"""What the doctor finds: one thing looked at, how it is, and what mends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "mend"]


@dataclass(frozen=True)
class Finding:
    """Hold one finding.

    what: the thing looked at. state: "ok"; "note", the server runs but lacks something; "mend", it
    does not run, or cannot be reached. found: in words. remedy: one line, empty where it is ok.
    """

    what: str
    state: State
    found: str
    remedy: str = ""


def ok(what: str, found: str) -> Finding:
    """Find that a thing is well."""
    return Finding(what, "ok", found)


def note(what: str, found: str, remedy: str) -> Finding:
    """Find that a thing is missing that the server can do without."""
    return Finding(what, "note", found, remedy)


def mend(what: str, found: str, remedy: str) -> Finding:
    """Find that a thing must be mended."""
    return Finding(what, "mend", found, remedy)
