"""Fetching a model from a small hub on loopback: whole, cut, wrong, gated, missing, full disk."""

import collections
import hashlib
import json

import huggingface_hub.constants
import pytest

from msanii_live.cli import main
from msanii_live.errors import ConfigError
from msanii_live.hub import fetch as fetching
from msanii_live.hub.fetch import fetch, look_up
from msanii_live.hub.store import ModelStore, find_model_folder
from tests.hub.small_hub import small_hub

REPOSITORY = "studio/night-drones"


@pytest.fixture(scope="module")
def running_hub():
    with small_hub() as hub:
        yield hub


@pytest.fixture
def hub(running_hub, tmp_path, monkeypatch):
    """A hub with one repository, and an empty folder of models."""
    source = tmp_path / "source"
    files = {
        "model_index.json": json.dumps({"_class_name": "StableAudioPipeline"}).encode(),
        "README.md": b"---\nlicense: mit\n---\nDrones.\n",
        "transformer/config.json": b"{}",
        "transformer/diffusion_pytorch_model.safetensors": bytes(range(256)) * 800,
        "transformer/diffusion_pytorch_model.fp16.safetensors": b"again",
        "transformer/diffusion_pytorch_model.bin": b"a pickle",
        "transformer/run_me.py": b"raise SystemExit",
        "picture.png": b"not needed",
    }
    for name, content in files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(content)
    running_hub.reset()
    running_hub.repositories[REPOSITORY] = source
    monkeypatch.setenv("HF_ENDPOINT", running_hub.url)
    monkeypatch.setenv("MSANII_LIVE_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub.constants, "DOWNLOAD_CHUNK_SIZE", 1024)
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # between two tries of huggingface_hub
    return running_hub


def fetch_quietly(word=REPOSITORY):
    return fetch(look_up(word), ModelStore(), lambda line: None)


def test_a_fetched_model_is_whole_and_has_no_pickles_no_code_and_no_second_copy(hub, tmp_path):
    model = fetch_quietly()
    place = tmp_path / "models" / "night-drones"
    assert sorted(model.sizes) == [
        "README.md", "model_index.json", "transformer/config.json",
        "transformer/diffusion_pytorch_model.safetensors",
    ]  # fmt: skip
    weights = "transformer/diffusion_pytorch_model.safetensors"
    source = hub.repositories[REPOSITORY]
    assert (place / weights).read_bytes() == (source / weights).read_bytes()
    assert model.licence == "mit"
    assert model.accepted > 0
    assert find_model_folder(REPOSITORY) == find_model_folder("night-drones") == place
    assert not list(place.rglob("*.part"))


def test_what_is_here_is_not_fetched_again(hub):
    fetch_quietly()
    hub.asked.clear()
    fetch_quietly()
    assert [path for path, _ in hub.asked if "/resolve/" in path] == []


def test_a_cut_connection_is_taken_up_where_it_broke(hub):
    hub.cuts = 1
    model = fetch_quietly()
    assert model.missing_files() == []
    ranges = [asked for path, asked in hub.asked if path.endswith(".safetensors")]
    assert ranges == ["", "bytes=102400-"]


def test_a_fetch_that_ended_half_way_goes_on_in_the_next(hub, tmp_path):
    hub.cuts, hub.broken = 1, True
    with pytest.raises(
        ConfigError, match=r"answered 503 .* models fetch studio/night-drones goes on"
    ):
        fetch_quietly()
    assert ModelStore().get(REPOSITORY) is None
    part = tmp_path / "models/night-drones/transformer/diffusion_pytorch_model.safetensors.part"
    assert part.stat().st_size == 102_400
    hub.broken = False
    hub.asked.clear()
    assert fetch_quietly().missing_files() == []
    ranges = [asked for path, asked in hub.asked if path.endswith(".safetensors")]
    assert ranges == ["bytes=102400-"]


@pytest.mark.parametrize(
    "name", ["transformer/diffusion_pytorch_model.safetensors", "transformer/config.json"]
)
def test_a_file_with_another_hash_is_deleted_and_said(hub, name):
    hub.wrong.add(name)
    with pytest.raises(ConfigError, match=f"{name} .* is not what the hub says"):
        fetch_quietly()
    assert ModelStore().models() == []
    assert not (ModelStore().folder / "night-drones" / name).exists()
    assert not (ModelStore().folder / "night-drones" / f"{name}.part").exists()


def test_a_full_disk_is_said_before_anything_is_fetched(hub, monkeypatch):
    usage = collections.namedtuple("usage", "total used free")
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda path: usage(1, 1, 1000))
    with pytest.raises(ConfigError, match=r"the disk is too full: 0.00 GB are to be fetched"):
        fetch_quietly()
    assert [path for path, _ in hub.asked if "/resolve/" in path] == []


def test_a_gated_and_a_missing_repository_say_what_to_do(hub):
    hub.gated.add("stabilityai/stable-audio-open-1.0")
    with pytest.raises(ConfigError, match=r"is gated: agree to its terms at .* `hf auth login`"):
        look_up("stable-audio-open")
    with pytest.raises(ConfigError, match="the hub has no studio/day-drones"):
        look_up("studio/day-drones")
    with pytest.raises(ConfigError, match="no model is called drones: msanii-live models list"):
        look_up("drones")


def test_a_hub_out_of_reach_is_said(hub, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    with pytest.raises(
        ConfigError, match=r"the hub cannot be reached .* whether this machine is on"
    ):
        look_up(REPOSITORY)


def test_a_repository_that_is_no_pipeline_or_has_only_pickles_is_refused(hub):
    source = hub.repositories[REPOSITORY]
    (source / "transformer/diffusion_pytorch_model.safetensors").unlink()
    (source / "transformer/diffusion_pytorch_model.fp16.safetensors").unlink()
    with pytest.raises(ConfigError, match="weights of transformer only as pickles"):
        look_up(REPOSITORY)
    (source / "model_index.json").unlink()
    with pytest.raises(ConfigError, match="not in diffusers' format"):
        look_up(REPOSITORY)


def test_the_command_asks_for_the_licence_and_shows_the_size(hub, capsys):
    assert main(["models", "fetch", REPOSITORY]) == 2
    said = capsys.readouterr()
    assert "licence: mit" in said.out
    assert "the licence must be accepted, by --accept-licence" in said.err
    assert main(["models", "fetch", REPOSITORY, "--accept-licence"]) == 0
    assert (
        "night-drones is here: msanii-live serve --engine night-drones" in capsys.readouterr().out
    )
    assert main(["models", "info", "night-drones"]) == 0
    assert "whole: yes" in capsys.readouterr().out


def test_the_content_of_the_record_is_that_of_the_files(hub):
    model = fetch_quietly()
    for name, size in model.sizes.items():
        assert (model.path / name).stat().st_size == size
    digest = hashlib.sha256((model.path / "model_index.json").read_bytes()).hexdigest()
    source = hub.repositories[REPOSITORY] / "model_index.json"
    assert digest == hashlib.sha256(source.read_bytes()).hexdigest()
