"""Images of the patches for the docs: `python -m max_patches.generators.docs_images docs/pictures`.

Pure Data draws its own, in an Xvfb; Max's are drawn by py2max from the files, Live's panel by
`panel_picture`.
Needs puredata-gui, xvfb, py2max and Pillow.
"""

from __future__ import annotations

import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from py2max import Patcher
from py2max.export import export_svg_string

from max_patches.generators import device, panel_picture

PATCHES = Path(__file__).resolve().parents[1]
DISPLAY = ":77"
WINDOW = (60, 60, 801, 653)  # of the patch on the screen, pixels


def pure_data(patch: Path, out: Path) -> None:
    """Open a patch in Pure Data and write a screenshot as a PNG."""
    with tempfile.TemporaryDirectory() as folder:
        screen = subprocess.Popen(
            ["Xvfb", DISPLAY, "-screen", "0", "900x700x24", "-fbdir", folder],
            stderr=subprocess.DEVNULL,
        )
        time.sleep(1.0)
        pd = subprocess.Popen(
            [
                "pd",
                "-noaudio",
                "-nomidi",
                "-noprefs",
                "-path",
                str(PATCHES / "pd" / "msanii"),
                str(patch),
            ],
            env={"DISPLAY": DISPLAY, "PATH": "/usr/bin:/bin", "HOME": folder},
            stderr=subprocess.DEVNULL,
        )
        try:
            time.sleep(6.0)
            screenshot = framebuffer(Path(folder) / "Xvfb_screen0")
        finally:
            for child in (pd, screen):
                child.terminate()
                child.wait()
    screenshot.crop(WINDOW).quantize(32).save(out, optimize=True)


def framebuffer(path: Path) -> Image.Image:
    """Return the image of an X window dump with 24 bits per pixel."""
    content = path.read_bytes()
    head = struct.unpack(">25I", content[:100])
    width, height, stride, colours = head[4], head[5], head[12], head[19]
    pixels = content[head[0] + 12 * colours :]
    return Image.frombuffer("RGB", (width, height), pixels, "raw", "BGRX", stride, 1)


def max_patch(patch: Path) -> str:
    """Return the SVG of a Max patch, as py2max draws it."""
    return str(export_svg_string(Patcher.from_file(str(patch))))


def panel() -> str:
    """Return the SVG of the device's panel."""
    return panel_picture.draw(device.patcher().to_dict(), "Msanii Live")


def main(out: Path) -> None:
    """Write all images to a folder."""
    for name, patch in {"pd-set": "examples/set.pd", "pd-client-help": "msanii-help.pd"}.items():
        pure_data(PATCHES / "pd" / "msanii" / patch, out / f"{name}.png")
    package = PATCHES / "msanii-live"
    (out / "max-set.svg").write_text(max_patch(package / "examples" / "msanii-set.maxpat"))
    (out / "live-panel.svg").write_text(panel())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
