"""Check that a clip is made again at the precision in its sidecar, unless another is asked for."""

import json

import numpy as np
import pytest
import soundfile

from msanii_live.audio import ClipInfo
from msanii_live.bench import again
from msanii_live.bench.again import render_again
from msanii_live.cli import main
from msanii_live.engines.mel_flow import MelFlow
from msanii_live.engines.registry import FACTORIES, Setting, Shelf
from msanii_live.errors import MsaniiError
from msanii_live.models import cpu_precision

COMMAND = {"address": "/msanii/generate", "seconds": 1.0, "steps": 1}


@pytest.fixture
def sidecar(tmp_path):
    def written(precision, engine="mel-flow"):
        info = ClipInfo("a", 44_100, 2, 44_100, seed=3, engine=engine, command=COMMAND)
        told = json.loads(info.to_json())
        told.pop("precision")
        path = tmp_path / "a.json"
        path.write_text(json.dumps(told if precision is None else told | {"precision": precision}))
        return path

    return written


@pytest.fixture
def asked(monkeypatch):
    """Note the precisions that engines are made with; engines of tones stand in for them."""
    seen = []

    def made(setting: Setting):
        seen.append(setting.precision)
        return FACTORIES["tones"](setting)

    monkeypatch.setitem(FACTORIES, "mel-flow", made)
    return seen


@pytest.mark.parametrize(
    ("recorded", "flags", "taken"),
    [
        ("fp32", [], "fp32"),
        ("bf16", [], "bf16"),
        ("", [], "auto"),
        (None, [], "auto"),  # a sidecar of before
        ("bf16", ["--precision", "fp32"], "fp32"),
        ("fp16", ["--precision", "auto"], "auto"),
    ],
)
def test_the_recorded_precision_is_taken_unless_another_is_given(
    sidecar, asked, recorded, flags, taken
):
    assert main(["render", str(sidecar(recorded)), "--device", "cpu", *flags]) == 0
    assert asked == [taken]


def test_a_clip_of_a_gpu_is_refused_on_a_cpu_with_the_remedy(sidecar, capsys):
    assert main(["render", str(sidecar("fp16")), "--device", "cpu"]) == 2
    told = capsys.readouterr().err
    assert "a was made in fp16, which its sidecar asks for again" in told
    assert "--precision auto" in told


@pytest.mark.parametrize("wrong", ["fp8", 16, ["fp32"]])
def test_an_unknown_precision_is_refused_with_those_there_are(sidecar, wrong):
    with pytest.raises(MsaniiError, match="give --precision, one of auto, fp32, bf16, fp16"):
        render_again(sidecar(wrong), None, "cpu")


def test_each_precision_makes_its_own_samples_again(sidecar, monkeypatch, tmp_path):
    if not cpu_precision.has_bf16():
        pytest.skip("no bf16 here")
    made = {}
    for name in ("fp32", "bf16", "fp32 again"):
        path = render_again(sidecar(name.split()[0]), tmp_path / f"{name}.wav", "cpu")
        made[name] = soundfile.read(path)[0]
    assert np.array_equal(made["fp32"], made["fp32 again"])
    assert not np.array_equal(made["fp32"], made["bf16"])


def test_an_engine_tells_its_precision_once_it_is_loaded():
    shelf = Shelf("cpu", "mel-flow", precision="fp32")
    assert shelf.precision == "fp32"
    engine = MelFlow("cpu", precision="fp32")
    assert engine.precision == ""
    engine.load()
    assert engine.precision == "fp32"
    engine.free()
    assert engine.precision == ""
    assert Shelf("cpu", "tones").precision == "auto"
    assert again.PRECISIONS[0] == "auto"
