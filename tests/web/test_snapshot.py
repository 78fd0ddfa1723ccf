"""Check the state and the images that a real server returns to the page."""

import json
import urllib.error
import urllib.request
from types import SimpleNamespace
from typing import ClassVar

import pytest

from msanii_live.web.snapshot import ServerSnapshot


def test_engines_that_are_not_loaded_are_not_made():
    """Importing an engine takes seconds, in which the event loop would stand still."""

    class Registry:
        default = "one"
        names = staticmethod(lambda: ["one", "two"])
        state = staticmethod(lambda name: {"one": "loaded", "two": "free"}[name])
        verbs = staticmethod(lambda name: ("/msanii/generate",))
        licence = staticmethod(lambda name: "")
        made: ClassVar[list[str]] = []

        def get(self, name):
            self.made.append(name)
            return SimpleNamespace(capabilities=SimpleNamespace(styles=("house",)))

    services = SimpleNamespace(player=None, registry=(registry := Registry()))
    snapshot = ServerSnapshot(services, scheduler=None, sources=None)
    engines = [snapshot._engine(name) for name in registry.names()]
    assert registry.made == ["one"]
    assert [engine["styles"] for engine in engines] == [["house"], []]
    assert [engine["verbs"] for engine in engines] == [["generate"]] * 2


def get(server, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.http_port}{path}", timeout=10) as answer:
        return answer.read()


def test_the_state_has_every_section(tones):
    tones.job("/msanii/generate", "seen", "seconds", 1.5, "clip", "seen", "bpm", 90)
    state = json.loads(get(tones.server, "/api/state"))
    assert state["server"]["engine"] == "tones"
    assert state["server"]["device"] in ("auto", "cpu", "cuda", "mps")
    assert state["server"]["hindrances"] == []
    assert state["uptime"] >= 0
    assert {"stream", "sounding", "jobs", "counters", "transport"} <= state.keys()
    clip = state["clips"]["newest"][0]
    assert (clip["name"], clip["seconds"], clip["bpm"]) == ("seen", 1.5, 90)
    assert clip["verb"] == "generate"
    assert (clip["midi"], clip["stems"]) == (False, [])
    assert state["clips"]["total"] >= 1
    engine = next(each for each in state["engines"] if each["name"] == "tones")
    assert engine["default"] is True
    assert "outpaint" in engine["verbs"]


def test_a_clip_that_was_replaced_has_new_images(tones):
    tones.job("/msanii/generate", "one", "seconds", 1, "seed", 1, "clip", "again")
    first = get(tones.server, "/clips/again.png"), get(tones.server, "/clips/again.json")
    assert get(tones.server, "/clips/again.png") == first[0]
    tones.job("/msanii/generate", "two", "seconds", 1, "seed", 2, "clip", "again")
    assert get(tones.server, "/clips/again.png") != first[0]
    assert get(tones.server, "/clips/again.json") != first[1]


def test_the_number_of_a_job_gives_its_own_clip_alone(tones):
    jobs = [
        tones.job("/msanii/generate", f"own{seed}", "seconds", 0.5, "seed", seed, "clip", "owned")
        for seed in (1, 2)
    ]
    assert get(tones.server, f"/jobs/{jobs[1][1]}.wav") == get(tones.server, "/clips/owned.wav")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(tones.server, f"/jobs/{jobs[0][1]}.wav")


def test_a_link_in_place_of_a_clips_file_is_not_followed(tones, tmp_path):
    path = tones.job("/msanii/generate", "linked", "seconds", 0.5, "clip", "linked")[3]
    secret = tmp_path / "secret"
    secret.write_text("secret")
    wav = type(tmp_path)(str(path))
    assert get(tones.server, "/clips/linked.wav") == wav.read_bytes()
    wav.unlink()
    wav.symlink_to(secret)
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(tones.server, "/clips/linked.wav")
    assert caught.value.code == 404
    assert b"secret" not in caught.value.read()
