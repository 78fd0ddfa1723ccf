"""Run the speed benchmark, print its table, and write its figures."""

from __future__ import annotations

import json
from pathlib import Path

from msanii_live.benchmarks.speed import measure
from msanii_live.benchmarks.speed_table import speed_markdown


def report_speed(out: Path | None, full: bool) -> int:
    """Measure a real server and the 2023 recipe in one run; print the table. Returns the status."""
    figures = measure(full=full, flags=("--audio", "none", "--device", "cpu"))
    print(speed_markdown(figures))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "speed.json").write_text(json.dumps(figures, indent=1) + "\n")
    return 0
