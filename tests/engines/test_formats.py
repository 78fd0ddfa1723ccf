"""Weights are known by the format that they name; old files by their names."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS
from msanii_live.engines.builtin import BUILT_IN
from msanii_live.engines.formats import Weights, find_weights, read_format
from msanii_live.errors import ConfigError

KNOWN = {form for spec in BUILT_IN.values() for form in spec.formats}


def weights(path, form=None):
    save_file({"x": np.zeros(1)}, path, metadata={"format": form} if form else None)
    return path


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("mel-flow", "msanii-live flow 1"),
        ("mel2mel", "msanii-live mel2mel 1"),
        ("note-diffusion", "msanii-live note-diffusion 2"),
        ("vocos", "msanii-live vocos 1"),
    ],
)
def test_the_weights_that_ship_name_their_format(name, form):
    assert read_format(SHIPPED_WEIGHTS / f"{name}.safetensors") == form


def test_a_format_counts_whatever_the_file_is_called(tmp_path):
    file = weights(tmp_path / "mel2mel.safetensors", "msanii-live flow 1")
    assert find_weights(file, KNOWN) == Weights("msanii-live flow 1", file)
    assert find_weights(tmp_path, KNOWN) == Weights("msanii-live flow 1", file)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("spectrogram.safetensors", "msanii-live spectrogram 1"),
        ("msanii2023.safetensors", "msanii-live 2023 1"),
        ("mel2mel.safetensors", "msanii-live mel2mel 1"),
        ("anything.safetensors", "msanii-live flow 1"),
    ],
)
def test_files_without_a_format_go_by_their_names(tmp_path, name, form):
    assert find_weights(weights(tmp_path / name), KNOWN).format == form


@pytest.mark.parametrize("content", [b"", b"\xff" * 40, b"\x08\0\0\0\0\0\0\0[1, 2]  "])
def test_a_damaged_file_goes_by_its_name(tmp_path, content):
    (tmp_path / "mel-flow.safetensors").write_bytes(content)
    assert read_format(tmp_path / "mel-flow.safetensors") == "msanii-live flow 1"


def test_a_checkpoint_of_2023_is_known_by_its_suffix(tmp_path):
    (tmp_path / "epoch.pt").write_bytes(b"")
    assert find_weights(tmp_path / "epoch.pt", KNOWN).format == "msanii 2023 checkpoint"


def test_vocoders_in_a_folder_are_passed_over(tmp_path):
    weights(tmp_path / "vocos.safetensors", "msanii-live vocos 1")
    flow = weights(tmp_path / "z.safetensors", "msanii-live flow 1")
    assert find_weights(tmp_path, KNOWN).path == flow


def test_a_folder_of_diffusers_is_known_by_its_class(tmp_path):
    for name in ("SpectrogramDiffusionPipeline", ["module", "SpectrogramDiffusionPipeline"]):
        (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": name}))
        assert find_weights(tmp_path, KNOWN).format == "diffusers SpectrogramDiffusionPipeline"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "holds no weights"),
        ({"vocos.safetensors": "msanii-live vocos 1"}, "'msanii-live vocos 1'"),
        ({"a.safetensors": "msanii-live flow 1", "b.safetensors": "msanii-live 2023 1"},
         "give one of a.safetensors, b.safetensors"),
    ],
)  # fmt: skip
def test_a_folder_that_no_engine_or_more_than_one_reads_is_refused(tmp_path, files, words):
    for name, form in files.items():
        weights(tmp_path / name, form)
    with pytest.raises(ConfigError, match=words):
        find_weights(tmp_path, KNOWN)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("model_index.json", '{"_class_name": "FluxPipeline"}', "FluxPipeline, a pipeline that no"),
        ("model_index.json", "{}", "does not name its pipeline"),
        ("engine.json", "[]", "does not name its format"),
        ("engine.json", '{"format": "acme 3"}', "'acme 3', which no engine here reads"),
    ],
)
def test_a_description_that_leads_nowhere_is_refused(tmp_path, name, text, words):
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=words):
        find_weights(tmp_path, KNOWN)
