"""The models on this machine: added, listed, found, damaged and removed."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from msanii_live.cli import main
from msanii_live.engines.registry import EngineRegistry
from msanii_live.errors import ConfigError
from msanii_live.hub.catalogue import BY_NAME, BY_REPOSITORY, KNOWN_MODELS, find_model
from msanii_live.hub.store import RECORD, ModelStore, StoredModel, find_model_folder, read_licence


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("MSANII_LIVE_MODELS", str(tmp_path / "models"))
    return ModelStore()


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "my-drones"
    path.mkdir()
    (path / "model_index.json").write_text('{"_class_name": "StableAudioPipeline"}')
    (path / "README.md").write_text("---\nlicense: other\nlicense_name: drone-licence\n---\n")
    return path


def test_names_and_repositories_of_known_models_are_unique():
    assert len(BY_NAME) == len(BY_REPOSITORY) == len(KNOWN_MODELS)
    for model in KNOWN_MODELS:
        assert find_model(model.name) is find_model(model.repository.upper()) is model
        assert model.licence


def test_a_folder_can_be_added_and_its_files_survive_its_removal(store, folder):
    model = store.add(folder)
    assert (model.name, model.licence) == ("my-drones", "drone-licence")
    assert find_model_folder("my-drones") == folder
    with pytest.raises(ConfigError, match="there is a model called my-drones: give another"):
        store.add(folder)
    assert store.add(folder, "other").name == "other"
    assert [each.name for each in store.models()] == ["my-drones", "other"]
    store.remove("my-drones")
    store.remove("other")
    assert store.models() == []
    assert (folder / "model_index.json").exists()


def test_a_folder_that_is_no_pipeline_is_not_added(store, tmp_path):
    with pytest.raises(ConfigError, match="no folder of a diffusers pipeline"):
        store.add(tmp_path)


def test_a_folder_in_the_form_of_its_makers_says_how_to_convert_it(store, tmp_path):
    (tmp_path / "model_config.json").write_text("{}")
    save_file({"model.model.x": np.zeros(3, np.float32)}, tmp_path / "model.safetensors")
    words = r"in its makers' form \(model_config.json\): convert it once, as docs/engines.md says"
    with pytest.raises(ConfigError, match=words):
        store.add(tmp_path)
    with pytest.raises(ConfigError, match=words):
        EngineRegistry("cpu", str(tmp_path))


def test_a_model_that_is_not_here_is_an_error_with_the_command_that_fetches_it(store):
    for word in ("ace-step-turbo", "somebody/something"):
        with pytest.raises(
            ConfigError, match=f"not on this machine: msanii-live models fetch {word}"
        ):
            find_model_folder(word)
    assert find_model_folder("mel-flow") is None


def test_a_model_that_is_not_whole_says_which_file_and_how_to_mend_it(store):
    place = store.place("drones")
    store.write(StoredModel("drones", str(place), "studio/drones", sizes={"model_index.json": 2}))
    with pytest.raises(ConfigError, match=r"not whole .model_index.json .* models fetch drones"):
        find_model_folder("drones")
    (place / "model_index.json").write_text("{}")
    assert find_model_folder("drones") == place


def test_a_folder_that_was_moved_away_is_said(store, folder):
    store.add(folder)
    folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(ConfigError, match="which is gone: bring it back"):
        find_model_folder("my-drones")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"name": "else", "folder": "/"}', '{"name": "bad", "folder": "/etc"}'],
)
def test_records_that_others_wrote_are_passed_over(store, text):
    (store.folder / "bad").mkdir(parents=True)
    (store.folder / "bad" / RECORD).write_text(text)
    assert store.models() == []


def test_removing_deletes_what_was_fetched(store):
    place = store.place("drones")
    store.write(StoredModel("drones", str(place)))
    store.remove("drones")
    assert not place.exists()
    with pytest.raises(ConfigError, match="no model called drones is here"):
        store.remove("drones")


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "x" * 65])
def test_bad_names_are_refused(store, name):
    with pytest.raises(ConfigError, match="is no name of a model"):
        store.place(name)


def test_licences_are_read_from_the_header_alone(folder):
    (folder / "README.md").write_text("license: mit\n")
    assert read_licence(folder) == ""
    (folder / "README.md").write_text("---\nlicense: mit\n---\nlicense: gpl\n")
    assert read_licence(folder) == "mit"


def test_a_folder_that_lacks_a_part_is_not_listed(store, folder, capsys):
    index = {"_class_name": "StableAudioPipeline", "vae": ["diffusers", "AutoencoderOobleck"]}
    (folder / "model_index.json").write_text(json.dumps(index))
    assert main(["models", "add", str(folder)]) == 2
    assert "is not whole: it has no vae" in capsys.readouterr().err
    assert store.models() == []


def test_the_commands(store, folder, capsys):
    assert main(["models", "add", str(folder)]) == 0
    assert main(["models", "list"]) == 0
    listed = capsys.readouterr().out
    assert "ace-step-turbo" in listed
    assert [line for line in listed.splitlines() if line.startswith("my-drones")]
    assert main(["models", "info", "stable-audio-open"]) == 0
    assert "here: no: msanii-live models fetch stable-audio-open" in capsys.readouterr().out
    assert main(["models", "info", "nothing"]) == 2
    assert main(["models", "remove", "my-drones"]) == 0
    assert json.loads((folder / "model_index.json").read_text())
