"""Folders of pipelines that cannot be used: each is a clear error, and other engines go on."""

import json
import shutil

import pytest
import torch

from msanii_live.engines.base import EngineSettings, standalone_context
from msanii_live.engines.pipelines import folder as checking
from msanii_live.engines.pipelines.engine import create
from msanii_live.engines.pipelines.folder import check_folder
from msanii_live.engines.registry import EngineRegistry
from msanii_live.errors import CommandError, ConfigError
from msanii_live.hub.store import ModelStore
from msanii_live.protocol.commands import Generate


@pytest.fixture
def folder(bench, tmp_path):
    """A copy of a small folder, to be spoilt."""
    return shutil.copytree(bench.path("stable-audio-open"), tmp_path / "drones")


def test_a_whole_folder_passes_and_names_its_licence(folder):
    found = check_folder(folder)
    assert (found.pipeline, found.licence) == ("StableAudioPipeline", "mit")


def test_a_folder_of_another_kind_is_refused_by_the_registry(folder):
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps({**index, "_class_name": "FluxPipeline"}))
    with pytest.raises(ConfigError, match="holds a FluxPipeline, a pipeline that no engine here"):
        EngineRegistry("cpu", str(folder))
    with pytest.raises(ConfigError, match="FluxPipeline, which makes no audio"):
        check_folder(folder)
    (folder / "model_index.json").unlink()
    with pytest.raises(ConfigError, match="holds no weights that an engine here reads"):
        EngineRegistry("cpu", str(folder))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"_class_name": 3}'])
def test_an_index_that_cannot_be_read_is_refused(folder, text):
    (folder / "model_index.json").write_text(text)
    with pytest.raises(ConfigError):
        check_folder(folder)


WEIGHTS = "transformer/diffusion_pytorch_model.safetensors"


def cut_short(folder):
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-100])


def lose_weights(folder):
    (folder / WEIGHTS).unlink()


def leave_a_part(folder):
    (folder / f"{WEIGHTS}.part").write_bytes(b"")


def lose_a_part(folder):
    shutil.rmtree(folder / "vae")


def lose_a_shard(folder):
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors"}}
    (folder / "transformer/model.safetensors.index.json").write_text(json.dumps(index))


def leave_a_pickle(folder):
    (folder / WEIGHTS).rename((folder / WEIGHTS).with_suffix(".bin"))


def add_code(folder):
    (folder / "transformer/model.py").write_text("raise SystemExit('it ran')")


def add_code_by_name(folder):
    path = folder / "transformer/config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "auto_map": {"x": "y.z"}}))


def empty_the_tokenizer(folder):
    for file in (folder / "tokenizer").iterdir():
        file.unlink()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (cut_short, "is not whole: .* is cut short; download it again"),
        (lose_weights, "is not whole: transformer has no weights"),
        (leave_a_part, "is half a download"),
        (lose_a_part, "is not whole: it has no vae"),
        (lose_a_shard, "model-00001-of-00002.safetensors is missing"),
        (leave_a_pickle, "weights as a pickle .* which can run code: use a version with"),
        (add_code, r"code of its own .transformer/model.py.* --trust-remote-code runs it"),
        (add_code_by_name, "code of its own .auto_map in transformer/config.json"),
        (empty_the_tokenizer, "tokenizer is empty"),
    ],
)  # fmt: skip
def test_a_spoilt_folder_says_what_is_wrong_and_what_to_do(folder, spoil, words):
    spoil(folder)
    with pytest.raises(ConfigError, match=words):
        check_folder(folder)
    with pytest.raises(ConfigError, match=words):
        EngineRegistry("cpu", str(folder))


def test_code_is_accepted_where_the_user_says_so(folder):
    add_code(folder)
    engine = create(EngineSettings("cpu", name="x", weights=folder, trust_remote_code=True))
    clip = engine.run(Generate(seconds=0.5, steps=1), standalone_context())
    assert clip.info.frames == 22_050


def test_a_missing_library_names_what_installs_it(folder, monkeypatch):
    monkeypatch.setattr(checking.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"needs transformers: pip install 'msanii-live\[pipe"):
        check_folder(folder)


def test_weights_that_do_not_fit_their_settings_are_an_error_of_the_engine(folder):
    path = folder / "transformer/config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "num_attention_heads": 3}))
    engine = create(EngineSettings("cpu", name="x", weights=folder))
    with pytest.raises(CommandError, match="cannot load") as caught:
        engine.load()
    assert caught.value.code == "EENGINE"
    assert not engine.loaded


def test_a_spoilt_model_of_the_store_leaves_the_other_engines_alone(
    folder, bench, tmp_path, monkeypatch
):
    monkeypatch.setenv("MSANII_LIVE_MODELS", str(tmp_path / "models"))
    store = ModelStore()
    store.add(folder)
    store.add(bench.path("ace-step"), "songs")
    cut_short(folder)
    registry = EngineRegistry("cpu", "tones")
    assert registry.names()[-2:] == ["drones", "songs"]
    registry.check_serving("drones", Generate.address)
    with pytest.raises(CommandError, match="is not whole") as caught:
        registry.get("drones")
    assert caught.value.code == "EENGINE"
    assert registry.get("tones").name == "tones"
    assert registry.get("songs").capabilities.sample_rate == 48_000
    assert registry.verbs("songs") == registry.get("songs").capabilities.verbs
    assert EngineRegistry("cpu", "songs").default == "songs"


def test_loading_frees_and_loads_again_at_the_precision_asked_for(bench):
    path = bench.path("stable-audio-3")
    engine = create(EngineSettings("cpu", name="x", weights=path, precision="bf16"))
    assert (engine.precision, engine.loaded) == ("", False)
    first = engine.run(Generate(seconds=0.5, steps=1), standalone_context())
    assert engine.precision == "bf16"
    assert engine._family.dtype == torch.bfloat16
    engine.free()
    assert not engine.loaded
    engine.warm()
    assert first.info.frames == 22_050
