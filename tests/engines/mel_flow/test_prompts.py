"""Check that the words of a prompt steer the engine, over OSC."""

import json
from pathlib import Path

import pytest


def generate(flow, *args):
    """Return the sidecar of a short clip, and the warnings."""
    flow.client.received.clear()
    args = args if "seconds" in args or "bars" in args else (*args, "seconds", 0.5)
    fields = flow.job("/msanii/generate", f"g{generate.count}", *args, "steps", 1)
    generate.count += 1
    texts = [m.args[1] for m in flow.client.received if m.address == "/msanii/warn"]
    return json.loads(Path(str(fields[3])).with_suffix(".json").read_text()), texts


generate.count = 0


@pytest.mark.parametrize(
    ("prompt", "heard"),
    [
        ("techno, dark, 140 bpm, in A minor.", ("techno", "A min", 140.0, "dark")),
        ("128 BPM; D dorian -- deep house", ("house", "D min", 128.0, "")),
        ("Lo-fi hip hop, Bb major, 82.5 bpm, rain", ("lofi", "Bb maj", 82.5, "rain")),
    ],
)
def test_a_prompt_gives_style_key_and_tempo(flow, prompt, heard):
    for args in (("prompt", prompt), ("prompt", *prompt.replace("bpm", "BPM").split())):
        sidecar, texts = generate(flow, *args)
        assert (sidecar["style"], sidecar["key"], sidecar["bpm"]) == heard[:3]
        unknown = [text.partition(";")[0] for text in texts]
        assert unknown == ([f"unknown words: {heard[3]}"] if heard[3] else [])


def test_an_explicit_tempo_replaces_that_of_the_prompt(flow):
    sidecar, _ = generate(flow, "prompt", "techno 140 bpm", "bpm", 100, "bars", 1)
    assert sidecar["bpm"] == 100
    assert sidecar["frames"] == round(4 * 60 / 100 * 44_100)
    sidecar, _ = generate(flow, "prompt", "techno 140 bpm", "bars", 1)
    assert sidecar["frames"] == round(4 * 60 / 140 * 44_100)
    sidecar, _ = generate(flow, "prompt", "techno")
    assert sidecar["bpm"] == 120


def test_a_key_in_a_prompt_without_a_legal_value_is_text(flow):
    sidecar, texts = generate(flow, "prompt", "techno", "at", "night", "bars", "1")
    assert sidecar["command"]["prompt"] == "techno at night"
    assert sidecar["command"]["bars"] == 1
    assert [text.split()[0] for text in texts] == ["at", "unknown"]


@pytest.mark.parametrize(
    ("args", "warning"),
    [
        (("bpm", 250), "250 bpm is outside 60 to 160"), (("bpm", 40), "40 bpm is outside"),
        (("prompt", "techno 174 bpm"), "174 bpm is outside"),
        (("prompt", "techno in 7/8"), "the metre 7/8 is unknown"),
        (("prompt", "house, 3/4"), "the metre 3/4 is unknown"),
        (("prompt", "tecno"), "did you mean techno?"),
    ],
)  # fmt: skip
def test_what_the_engine_does_not_know_is_warned_of(flow, args, warning):
    _, texts = generate(flow, *args)
    assert [text for text in texts if warning in text] == texts != []


@pytest.mark.parametrize("args", [("bpm", 60), ("bpm", 160), ("prompt", "house in 4/4, 120 bpm")])
def test_what_the_engine_knows_is_not_warned_of(flow, args):
    assert generate(flow, *args)[1] == []


@pytest.mark.parametrize(("density", "steps"), [(0.7, 1), (0.1, 1), (0.333, 1)])
def test_the_sidecar_has_numbers_as_they_were_written(flow, density, steps):
    sidecar, _ = generate(flow, "density", density)
    assert sidecar["command"]["density"] == density
