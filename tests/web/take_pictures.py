"""Take the pictures of docs/monitor.md, of a real server at work: `make pictures`."""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

from tests.live import live
from tests.web.chromium import chromium, page_of, until

MAKE, GO_ON, BETWEEN = "/msanii/generate", "/msanii/outpaint", "/msanii/interpolate"
CLIPS = (
    (MAKE, "night-house", "bars", 2, "bpm", 124, "style", "house", "seed", 1),
    (MAKE, "steel", "bars", 2, "bpm", 124, "style", "techno", "seed", 5),
    (MAKE, "rain-keys", "bars", 2, "bpm", 124, "style", "piano", "key", "Am", "seed", 3),
    (GO_ON, "night-longer", "night-house", "seconds", 6, "seed", 2),
    (BETWEEN, "between", "night-house", "rain-keys", "mix", 0.5, "seed", 4),
    (MAKE, "dust", "seconds", 6, "style", "lofi", "seed", 8),
)  # fmt: skip
COLOURS = 200


def take(out: Path) -> None:
    """Write monitor.png, monitor-tablet.png and monitor-narrow.png into a folder."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        log = Path(folder, "log.txt")
        with live(Path(folder, "clips"), "--device", "cpu", log=log) as server:
            for address, name, *args in CLIPS:
                server.job(address, name, *args, "clip", name)
            server.ask("/msanii/transport", "bpm", 124, reply="/msanii/transport")
            with page_of(browser, server.server.http_port) as page:
                page.set_viewport_size({"width": 1440, "height": 1000})
                page.locator("[data-clip='between']").wait_for()
                server.ask("/msanii/clip/star", "night-house", 1)
                server.ask("/msanii/scene/save", "verse")
                server.ask("/msanii/scene/save", "break")
                server.ask("/msanii/automation/record", "rise")
                server.ask("/msanii/param/stream.mix", 0.25)
                server.ask("/msanii/automation/stop")
                page.locator("[data-clip='night-house'] [data-deed=slot-a]").click()
                page.locator("[data-clip='rain-keys'] [data-deed=slot-b]").click()
                page.locator("[data-clip='steel'] [data-deed=slot-c]").click()
                page.locator("[data-clip='dust'] [data-deed=slot-d]").click()
                loop = page.locator("[data-clip='night-house'] .loop-region input")
                for field, beat in zip(loop.all(), ("2", "6"), strict=True):
                    field.fill(beat)
                    field.press("Enter")
                page.locator("#make-panel [data-name=style] [data-value=house]").click()
                page.locator("#make-panel [data-name=key] [data-value=A]").click()
                page.locator("#make-panel [data-name=density] input").fill("0.6")
                wait_for_drawings(page)
                server.client.send("/msanii/stream/start", "night-longer", "at", "none")
                page.wait_for_selector(".flow[data-state=runs]")
                server.client.send("/msanii/generate", "seconds", 500, "id", "pd-1")
                server.client.send("/msanii/generate", "seconds", 60, "steps", 64, "clip", "dawn")
                until(page, "document.querySelector('#jobs progress')?.value > 0")
                page.locator("#notices .notice").first.wait_for()
                page.evaluate("document.getElementById('notices').replaceChildren()")
                keep(page.screenshot(), out / "monitor.png")
                page.set_viewport_size({"width": 1024, "height": 900})
                keep(page.screenshot(), out / "monitor-tablet.png")
                page.set_viewport_size({"width": 390, "height": 844})
                keep(page.screenshot(), out / "monitor-narrow.png")


def wait_for_drawings(page) -> None:
    """Wait until every card in sight has its outline and its mel."""
    until(
        page,
        """() => [...document.querySelectorAll(".shape")]
            .filter(it => it.getBoundingClientRect().top < innerHeight)
            .every(it => it.querySelector("canvas[data-drawn]") && it.children[1].naturalWidth)
        """,
    )


def keep(png: bytes, path: Path) -> None:
    """Write a picture of few colours, which makes it a third as large."""
    picture = Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    picture.save(path, optimize=True)
    print(f"{path}: {path.stat().st_size >> 10} KiB")


if __name__ == "__main__":
    take(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures"))
