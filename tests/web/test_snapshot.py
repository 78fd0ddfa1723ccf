"""Ask a real server for what the page asks: its state, and clips that are its own."""

import json
import urllib.error
import urllib.request

import pytest


def get(server, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.http_port}{path}", timeout=10) as answer:
        return answer.read()


def test_the_state_has_every_section(tones):
    tones.job("/msanii/generate", "seen", "seconds", 1.5, "clip", "seen", "bpm", 90)
    state = json.loads(get(tones.server, "/api/state"))
    assert state["server"]["engine"] == "tones"
    assert state["server"]["device"] in ("auto", "cpu", "cuda", "mps")
    assert state["uptime"] >= 0
    assert {"stream", "sounding", "jobs", "counters", "transport"} <= state.keys()
    clip = state["clips"]["newest"][0]
    assert (clip["name"], clip["seconds"], clip["bpm"]) == ("seen", 1.5, 90)
    assert clip["verb"] == "generate"
    assert state["clips"]["total"] >= 1
    engine = next(each for each in state["engines"] if each["name"] == "tones")
    assert engine["default"] is True
    assert "outpaint" in engine["verbs"]


def test_a_clip_that_was_made_anew_has_a_new_picture(tones):
    tones.job("/msanii/generate", "one", "seconds", 1, "seed", 1, "clip", "again")
    first = get(tones.server, "/clips/again.png"), get(tones.server, "/clips/again.json")
    assert get(tones.server, "/clips/again.png") == first[0]
    tones.job("/msanii/generate", "two", "seconds", 1, "seed", 2, "clip", "again")
    assert get(tones.server, "/clips/again.png") != first[0]
    assert get(tones.server, "/clips/again.json") != first[1]


def test_a_link_in_a_clips_place_is_not_followed(tones, tmp_path):
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
