"""Check that a clip is made again at the precision in its sidecar, unless another is asked for."""

import json

import numpy as np
import pytest
import soundfile
import torch

from msanii_live.audio import ClipInfo
from msanii_live.cli import main
from msanii_live.cli.rerender import render_again
from msanii_live.config import PRECISIONS
from msanii_live.dsp import cpu_precision
from msanii_live.dsp.thread_limit import limit_threads
from msanii_live.engines.base import EngineSettings, engine_factory
from msanii_live.engines.builtin import BUILT_IN, EngineSpec
from msanii_live.engines.mel_flow.engine import MelFlowEngine
from msanii_live.engines.registry import EngineRegistry
from msanii_live.engines.tones import Tones
from msanii_live.errors import MsaniiError

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


PRECISIONS_ASKED = []


class Stub(Tones):
    """An engine of tones under the name of another."""

    name = "mel-flow"


@engine_factory(plugin_api=1)
def create(settings: EngineSettings):
    PRECISIONS_ASKED.append(settings.precision)
    return Stub()


@pytest.fixture
def asked(monkeypatch):
    """Return the precisions that mel-flow is made with; an engine of tones stands in for it."""
    PRECISIONS_ASKED.clear()
    spec = EngineSpec(f"{__name__}:create", Tones.capabilities.verbs)
    monkeypatch.setitem(BUILT_IN, "mel-flow", spec)
    return PRECISIONS_ASKED


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


def test_the_threads_are_limited_as_asked(sidecar, asked, capsys):
    before = torch.get_num_threads()
    try:
        for count in (before + 1, before + 2):
            words = ["render", str(sidecar("fp32")), "--device", "cpu", "--threads", str(count)]
            assert main(words) == 0
            assert torch.get_num_threads() == count
        with pytest.raises(SystemExit):
            main(["render", str(sidecar("fp32")), "--threads", "-1"])
        assert "0 to 1024" in capsys.readouterr().err
    finally:
        limit_threads(before)
        limit_threads(0)


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
    registry = EngineRegistry("cpu", "mel-flow", precision="fp32")
    assert registry.precision == "fp32"
    engine = MelFlowEngine("cpu", precision="fp32")
    assert engine.precision == ""
    engine.load()
    assert engine.precision == "fp32"
    engine.free()
    assert engine.precision == ""
    assert EngineRegistry("cpu", "tones").precision == "auto"
    assert PRECISIONS[0] == "auto"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.wav", b"RIFF", "give the clip's sidecar, a.json"),
        ("a.json", b"[" * 20_000, "no sidecar"),
        ("a.json", b"[]", "no sidecar"),
        ("a.json", b"\xff\xfe", "no sidecar"),
        ("a.json", b'{"name": 7, "frames": 1}', "no sidecar"),
        ("a.json", b'{"name": "a", "frames": 1, "command": [1]}', "no sidecar"),
        ("none.json", None, "No such file"),
    ],
)
def test_a_file_that_is_no_sidecar_is_refused_in_words(tmp_path, capsys, name, content, words):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert main(["render", str(tmp_path / name)]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("name", ["a.wav", "a.json", "none.pt", ".", "a.pt", "a.safetensors"])
def test_a_file_that_is_no_checkpoint_is_refused_in_words(tmp_path, capsys, name):
    for present in ("a.wav", "a.json", "a.pt", "a.safetensors"):
        (tmp_path / present).write_bytes(b"{}")
    assert main(["convert", str(tmp_path / name), str(tmp_path / "out")]) == 2
    assert name.strip(".") in capsys.readouterr().err


def test_drive_and_space_are_made_again(sidecar, tmp_path):
    path = sidecar("", engine="tones")
    plain, _ = soundfile.read(render_again(path, tmp_path / "plain.wav", "cpu"))
    told = json.loads(path.read_text())
    told["command"] |= {"drive": 0.7, "space": 0.4}
    path.write_text(json.dumps(told))
    driven, _ = soundfile.read(render_again(path, tmp_path / "driven.wav", "cpu"))
    assert driven.shape == plain.shape
    assert not np.allclose(driven, plain, atol=0.01)
