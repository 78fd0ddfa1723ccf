"""A published model in a real server: commands over OSC, its licence, its rate, and the stream."""

import json
from pathlib import Path

import pytest
import soundfile

from tests.live import live


@pytest.fixture(scope="module")
def songs(bench, tmp_path_factory):
    folder = tmp_path_factory.mktemp("songs")
    flags = ("--engine", str(bench.path("ace-step")), "--device", "cpu")
    with live(folder, *flags) as server:
        yield server


def test_a_clip_keeps_the_models_rate_and_names_its_licence(songs):
    fields = songs.job(
        "/msanii/generate", "g", "seconds", 1.0, "prompt", "dark house", "steps", 2, "clip", "one"
    )
    path = Path(fields[3])
    assert (soundfile.info(str(path)).samplerate, fields[5]) == (48_000, 48_000)
    sidecar = json.loads(path.with_suffix(".json").read_text())
    assert (sidecar["licence"], sidecar["engine"]) == ("mit", "ace-step")
    songs.ask("/msanii/engine/info", "ace-step", "id", "facts", token="facts")
    facts = {
        m.args[2]: m.args[3]
        for m in songs.client.received
        if m.address == "/msanii/engine/info" and m.args[0] == "facts"
    }
    assert facts["licence"] == "mit"
    assert facts["sample-rate"] == "48000"


def test_what_sounds_goes_on_in_an_engine_of_another_rate(songs):
    songs.job("/msanii/generate", "t", "seconds", 1.0, "engine", "tones", "clip", "low", "play", 1)
    fields = songs.job(
        "/msanii/outpaint", "o", "current", "seconds", 1.0, "steps", 2, "play", 1, "clip", "longer"
    )
    assert (fields[4], fields[5]) == (pytest.approx(2.0, abs=1e-3), 48_000)
    back = songs.job(
        "/msanii/outpaint", "b", "longer", "seconds", 1.0, "engine", "tones", "clip", "back"
    )
    assert (back[4], back[5]) == (pytest.approx(3.0, abs=1e-3), 44_100)


def test_keys_that_it_cannot_follow_are_named(songs):
    songs.job("/msanii/generate", "k", "seconds", 0.5, "steps", 1, "negative", "drums")
    warned = [m.args[1] for m in songs.client.received if m.address == "/msanii/warn"]
    assert any("negative" in text for text in warned)


def test_a_stream_plays_at_one_rate(songs):
    songs.client.send(
        "/msanii/stream/start", "one", "chunk", 1.0, "ahead", 1.0, "steps", 1, "id", "s"
    )
    chunks = ("/msanii/stream/chunk", "/msanii/fail")
    first, second = (songs.client.wait(chunks, timeout=60) for _ in range(2))
    songs.ask("/msanii/stream/stop", "id", "e", token="e")
    assert second.args[1] - first.args[1] == pytest.approx(1.0, abs=0.1)
