"""The example of a model of one's own: installed, played, cancelled, and read from a file."""

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from msanii_live.engines.base import standalone_context
from msanii_live.engines.registry import EngineRegistry
from msanii_live.errors import Cancelled
from msanii_live.protocol.commands import Generate
from tests.engines.installed import install

EXAMPLE = Path(__file__).parents[2] / "examples" / "own-model"
MODULE = "msanii_live_hum.py"


@pytest.fixture
def hum_package(tmp_path, monkeypatch):
    """The example as an installer leaves it."""
    groups = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]["entry-points"]
    text = "".join(
        f"[{group}]\n" + "".join(f"{name}={where}\n" for name, where in entries.items())
        for group, entries in groups.items()
    )
    install(tmp_path, "msanii-live-hum", {MODULE: (EXAMPLE / MODULE).read_text()}, text)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_it_is_short():
    assert len((EXAMPLE / MODULE).read_text().splitlines()) < 50


def test_it_is_found_and_makes_exact_clips_that_can_be_cancelled(hum_package):
    registry = EngineRegistry("cpu", "hum")
    engine = registry.get("hum")
    assert registry.verbs("hum") == (Generate.address,)
    assert registry.licence("hum") == "yours to name"
    command = Generate(bars=1, bpm=120.0, steps=3)
    steps = []
    context = replace(standalone_context(), progress=lambda step, of: steps.append((step, of)))
    clip = engine.run(command, context)
    assert (clip.info.frames, clip.info.bpm) == (88_200, 120.0)
    assert np.abs(clip.samples.mean(0)).max() < 1e-3 < np.std(clip.samples)
    assert steps == [(1, 3), (2, 3), (3, 3)]
    np.testing.assert_array_equal(engine.run(command, context).samples, clip.samples)
    other = engine.run(command, replace(context, seed=1))
    assert not np.array_equal(other.samples, clip.samples)

    def cancel(step, steps):
        raise Cancelled(step)

    with pytest.raises(Cancelled):
        engine.run(command, replace(context, progress=cancel))
    assert engine.loaded
    engine.free()
    assert not engine.loaded
    engine.warm()


def test_weights_that_name_its_format_are_served_by_their_path(hum_package, tmp_path):
    path = tmp_path / "warm-hum.safetensors"
    net = torch.nn.Conv1d(2, 2, 9, padding=4)
    save_file(net.state_dict(), path, metadata={"format": "hum 1"})
    registry = EngineRegistry("cpu", str(path))
    clip = registry.get(registry.default).run(Generate(seconds=0.5, steps=1), standalone_context())
    noise = torch.randn(1, 2, 22_050, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        made = net(noise)[0].T.numpy()
    likeness = np.corrcoef(made[:, 0], clip.samples[:, 0])[0, 1]
    assert likeness > 0.98  # but for the level and the limiter
