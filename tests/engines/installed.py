"""Distributions as an installer leaves them: modules beside a `.dist-info` folder."""

import threading

IMPORT_BEGUN, IMPORT_MAY_END = threading.Event(), threading.Event()

ENGINE = """
from msanii_live.engines.base import engine_factory
from msanii_live.engines.tones import Tones


class Named(Tones):
    def __init__(self, name, weights):
        self.name, self.weights = name, weights


@engine_factory(plugin_api=1)
def create(settings):
    return Named(settings.name, settings.weights)
"""
SLOW = """
from tests.engines.installed import IMPORT_BEGUN, IMPORT_MAY_END
IMPORT_BEGUN.set()
assert IMPORT_MAY_END.wait(10)
"""


def install(site, name, modules, entry_points, version="1.0"):
    """Write a distribution into a folder. modules: file name to text. entry_points: text."""
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(entry_points)
    for file, text in modules.items():
        (site / file).write_text(text)
