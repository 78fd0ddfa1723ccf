"""Automation on disk: JSON files `automation/NAME.json` in the shared folder; see `json_files`."""

from __future__ import annotations

from msanii_live.library.json_files import JsonFiles

AUTOMATION_FOLDER = "automation"
FILES = JsonFiles(
    AUTOMATION_FOLDER, "msanii-live automation", "automation", max_bytes=2**22, indent=None
)
