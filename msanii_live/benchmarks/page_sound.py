"""`msanii-live bench page`: from a click on *Make* to the first sound in a browser."""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msanii_live.client.server_process import running_server
from msanii_live.errors import ConfigError

# Engine, style, bars at 120 bpm.
CASES: Sequence[tuple[str, str, int]] = (
    ("mel-flow", "house", 4),
    ("mel-flow", "house", 16),
    ("composer", "piano", 4),
    ("composer", "piano", 16),
    ("composer", "house", 16),
)
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FLAGS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--mute-audio",
          "--autoplay-policy=no-user-gesture-required")  # fmt: skip
_PATIENCE = 300_000.0  # ms
# Clicks Make, and returns the ms until the first sample is heard. isEarly: false plays the clip
# once its card is there, as the page did before it had parts of clips.
_MEASURE = """async (isEarly) => {
    const next = () => new Promise(done => setTimeout(done, 2));
    const known = new Set([...document.querySelectorAll("[data-clip]")].map(it => it.dataset.clip));
    document.getElementById("make-play").checked = isEarly;
    performance.clearMarks("heard");
    document.getElementById("make").click();
    const made = () => [...document.querySelectorAll("#clips [data-clip]")]
        .find(it => !known.has(it.dataset.clip));
    if (!isEarly) {
        while (!made()) await next();
        made().querySelector("[data-deed=play]").click();
    }
    const mark = name => performance.getEntriesByName(name)[0]?.startTime;
    while (mark("heard") === undefined) await next();
    const heard = mark("heard") - mark("make");
    while (!made()) await next();
    document.querySelector("#audition button:not(.learn)").click();
    return heard;
}"""


def report_page(runs: int) -> int:
    """Measure each case, and print the table. Returns the status."""
    print("| clip | first sound, least | median | once it is whole, least | median |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for engine, style, bars in CASES:
        early, whole = _measure(engine, style, bars, runs)
        columns = [
            f"{kind(values):.0f} ms"
            for values in (early, whole)
            for kind in (min, statistics.median)
        ]
        print(f"| {engine}, {style}, {bars} bars | {' | '.join(columns)} |", flush=True)
    return 0


def _measure(engine: str, style: str, bars: int, runs: int) -> tuple[list[float], list[float]]:
    """Return the times to the first sound, ms: while the clip is made, and once it is there."""
    with tempfile.TemporaryDirectory() as folder, _browser() as browser:
        log = Path(folder, "log.txt")
        flags = ("--audio", "none", "--engine", engine, "--device", "cpu")
        with running_server(Path(folder), *flags, log=log) as server:
            page = browser.new_page()
            page.set_default_timeout(_PATIENCE)
            page.goto(f"http://127.0.0.1:{server.http_port}")
            page.wait_for_selector("#make")
            page.select_option("#place", "browser")
            for name, value in (("style", style), ("bars", str(bars))):
                page.click(f"#make-panel [data-name={name}] [data-value='{value}']")
            early: list[float] = []
            whole: list[float] = []
            for run in range(runs + 1):  # the first is not counted
                for is_early, times in ((True, early), (False, whole)):
                    heard = page.evaluate(_MEASURE, is_early)
                    times += [heard] if run else []
            return early, whole


@contextmanager
def _browser() -> Iterator[Any]:
    """Run a headless Chromium."""
    program = next((path for name in _PROGRAMS if (path := shutil.which(name))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise ConfigError("this needs a browser's driver: pip install playwright") from None
    if program is None:
        raise ConfigError("chromium is not installed: apt-get install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()
