"""Results of checks: what was checked, its state, and what mends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "mend"]


@dataclass(frozen=True)
class Check:
    """The result of one check.

    what: the thing that was checked. state: "ok"; "note", the server runs but lacks something;
    "mend", it does not run, or cannot be reached. found: in words. remedy: one line, empty where
    the state is ok.
    """

    what: str
    state: State
    found: str
    remedy: str = ""


def ok(what: str, found: str) -> Check:
    """Return the check of a thing that is well."""
    return Check(what, "ok", found)


def note(what: str, found: str, remedy: str) -> Check:
    """Return the check of a thing that is missing and that the server can do without."""
    return Check(what, "note", found, remedy)


def mend(what: str, found: str, remedy: str) -> Check:
    """Return the check of a thing that must be mended."""
    return Check(what, "mend", found, remedy)
