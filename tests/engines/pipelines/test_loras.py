"""LoRAs of a model: heard, weighed, swapped, taken out, kept while it is freed, and bad ones."""

import contextlib
import warnings

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from msanii_live.engines.base import has_loras
from msanii_live.engines.tones import Tones
from msanii_live.errors import Code, CommandError
from msanii_live.hub.loras import find_lora, lora_names
from msanii_live.protocol.commands import Generate
from tests.engines.pipelines import tiny
from tests.engines.pipelines.conftest import Recorder


@contextlib.contextmanager
def refused(code, text):
    with pytest.raises(CommandError) as error:
        yield
    assert error.value.code == code
    assert text in error.value.text


def save_lora(folder, name, seed):
    """Write a random LoRA of the tiny ACE-Step, as its ecosystem writes them."""
    from diffusers import AceStepPipeline
    from peft import LoraConfig, get_peft_model_state_dict

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries, about themselves
        net = tiny.ace_step().transformer
        torch.manual_seed(seed)
        targets = ["to_q", "to_k", "to_v", "gate_proj"]
        net.add_adapter(
            LoraConfig(r=2, lora_alpha=8, target_modules=targets, init_lora_weights=False)
        )
        AceStepPipeline.save_lora_weights(
            folder,
            transformer_lora_layers=get_peft_model_state_dict(net, adapter_name="default"),
            weight_name=f"{name}.safetensors",
        )
    return folder / f"{name}.safetensors"


@pytest.fixture(scope="module")
def loras(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "loras"
    folder.mkdir()
    save_lora(folder, "dub", 1)
    save_lora(folder, "garage 2", 2)
    save_file({"net.weight": torch.zeros(2)}, folder / "none.safetensors")
    save_file({"net.lora_A.weight": torch.zeros(2, 2)}, folder / "other.safetensors")
    (folder / "broken.safetensors").write_bytes(b"no header")
    (folder / "old.ckpt").write_bytes(b"a pickle")
    return folder


@pytest.fixture
def engine(bench):
    engine = bench.engine("ace-step")
    yield engine
    engine.set_loras({})


def made(engine):
    return engine.run(Generate(seconds=0.5, steps=2, prompt="dark"), Recorder().context).samples


def test_a_lora_is_heard_by_its_weight_and_can_be_swapped(engine, loras):
    plain = made(engine)
    dub, garage = loras / "dub.safetensors", loras / "garage 2.safetensors"
    engine.set_loras({"dub": (dub, 1.0)})
    full = made(engine)
    engine.set_loras({"dub": (dub, 0.5)})
    half = made(engine)
    engine.set_loras({"dub": (dub, 0.0)})
    np.testing.assert_allclose(made(engine), plain, atol=1e-5)
    assert np.abs(full - plain).max() > 1e-4
    assert np.abs(half - full).max() > 1e-5
    engine.set_loras({"garage 2": (garage, 1.0)})
    other = made(engine)
    engine.set_loras({"dub": (dub, 1.0), "garage 2": (garage, 1.0)})
    both = made(engine)
    assert np.abs(other - full).max() > 1e-5
    assert np.abs(both - full).max() > 1e-5
    assert engine.loras() == {"dub": (dub, 1.0), "garage 2": (garage, 1.0)}
    engine.set_loras({})
    np.testing.assert_allclose(made(engine), plain, atol=1e-5)


def test_loras_come_back_with_an_engine_that_was_freed(engine, loras):
    engine.set_loras({"dub": (loras / "dub.safetensors", 1.0)})
    before = made(engine)
    engine.free()
    np.testing.assert_allclose(made(engine), before, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("none", "none of a LoRA"),
        ("other", "does not fit ace-step"),
        ("broken", "cannot be read"),
    ],
)
def test_a_file_that_does_not_fit_leaves_those_of_before(engine, loras, name, text):
    dub = {"dub": (loras / "dub.safetensors", 1.0)}
    engine.set_loras(dub)
    before = made(engine)
    with refused(Code.EENGINE, text):
        engine.set_loras({**dub, name: (loras / f"{name}.safetensors", 1.0)})
    assert engine.loras() == dub
    np.testing.assert_allclose(made(engine), before, atol=1e-5)


def test_families_without_a_loader_and_a_missing_peft_are_told(bench, engine, loras, monkeypatch):
    wanted = {"dub": (loras / "dub.safetensors", 1.0)}
    with refused(Code.EENGINE, "takes no LoRAs"):
        bench.engine("stable-audio-3").set_loras(wanted)
    monkeypatch.setattr("msanii_live.engines.pipelines.loras.find_spec", lambda name: None)
    with refused(Code.EENGINE, "pip install"):
        engine.set_loras(wanted)
    assert not has_loras(Tones())


def test_loras_are_found_by_name_and_pickles_are_refused(loras, monkeypatch):
    monkeypatch.setenv("MSANII_LIVE_MODELS", str(loras.parent))
    assert lora_names() == ["broken", "dub", "garage 2", "none", "other"]
    assert find_lora("dub") == find_lora("dub.safetensors") == loras / "dub.safetensors"
    with refused(Code.EENGINE, "old.ckpt is a pickle"):
        find_lora("old")
    with refused(Code.ENOCLIP, "the closest are dub"):
        find_lora("dubb")
    with refused(Code.ERANGE, "without path"):
        find_lora("../secret")
    monkeypatch.setenv("MSANII_LIVE_MODELS", str(loras / "nowhere"))
    assert lora_names() == []
