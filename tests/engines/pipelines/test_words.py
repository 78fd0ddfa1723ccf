"""The words of a command as published models are told them."""

import pytest

from msanii_live.engines.pipelines.words import (
    PromptWords,
    find_metre,
    mixed_words,
    split_weights,
    words_of,
)
from msanii_live.protocol.commands import Generate, Inpaint
from tests.engines.pipelines.conftest import Recorder, source


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, "120 BPM"),
        ({"prompt": "deep house", "bpm": 124.0}, "deep house, 124 BPM"),
        ({"prompt": "house at 128 bpm"}, "house at 128 bpm"),
        ({"style": "techno", "key": "Am", "density": 0.1},
         "techno, key of Am, 120 BPM, sparse and minimal"),
        ({"prompt": "jazz in D minor", "density": 0.9}, "jazz in D minor, 120 BPM, dense and busy"),
        ({"prompt": "waltz", "metre": "3/4", "chords": "C F G"},
         "waltz, 120 BPM, in 3/4 time, chords C F G"),
    ],
)  # fmt: skip
def test_style_key_tempo_metre_chords_and_density_become_words(given, text):
    assert words_of(Generate(**given), given.get("bpm") or 120.0, 4).text == text


def test_a_clip_without_a_tempo_and_a_command_without_words_is_music():
    assert words_of(Inpaint(src="a", start=0, end=1), 0.0, 4).text == "music"
    told = words_of(Inpaint(src="a", start=0, end=1), 0.0, 4, "A min")
    assert (told.text, told.key) == ("key of A minor", "A minor")


@pytest.mark.parametrize(
    ("prompt", "parts"),
    [
        ("", ()),
        ("dark techno", (("dark techno", 1.0),)),
        ("dark techno, piano", (("dark techno, piano", 1.0),)),
        ("dark techno:1.2, vinyl noise:0.4", (("dark techno", 1.2), ("vinyl noise", 0.4))),
        ("dark techno:2, piano", (("dark techno", 2.0), ("piano", 1.0))),
        ("a:0", (("a:0", 1.0),)),
        ("a : 1, b:0", (("a", 1.0),)),
        ("song: of joy", (("song: of joy", 1.0),)),
    ],
)
def test_weights_are_split_off(prompt, parts):
    assert split_weights(prompt) == parts


def test_what_was_added_is_told_with_each_part():
    words = words_of(Generate(prompt="dark:2, bright:1"), 100.0, 4)
    assert words.parts == (("dark, 100 BPM", 2.0), ("bright, 100 BPM", 1.0))
    assert words.is_weighted


def test_words_between_two_share_their_weight():
    first, second = PromptWords((("dark", 1.0),)), PromptWords((("bright", 3.0), ("dark", 1.0)))
    assert mixed_words(first, second, 0.0) is first
    assert mixed_words(first, second, 1.0) is second
    between = mixed_words(first, second, 0.4)
    assert dict(between.parts) == pytest.approx({"dark": 0.7, "bright": 0.3})


def test_the_metre_sets_the_length_of_a_bar(bench):
    assert find_metre(Generate(prompt="a waltz in 3/4"), 4) == "3/4"
    assert find_metre(Generate(), 5) == "5/4"
    command = Generate(bars=1, bpm=150.0, metre="3/4", steps=1)
    clip = bench.engine("stable-audio-3").run(command, Recorder().context)
    assert clip.info.frames == round(3 * 0.4 * 44_100)


@pytest.mark.parametrize("family", ["stable-audio-3", "stable-audio-open", "ace-step"])
def test_weights_morph_between_prompts(bench, family):
    def make(prompt):
        heard = Recorder()
        command = Generate(prompt=prompt, bpm=120.0, seconds=0.5, steps=2)
        return bench.engine(family).run(command, heard.context).samples, heard.warnings

    near, _ = make("dark techno:1, piano:0.0001")
    half, warned = make("dark techno:1.01, piano:0.99")
    far, _ = make("dark techno:0.0001, piano:1")
    assert warned == []
    whole = abs(near - far).max()
    assert 0 < abs(near - half).max() < whole * 1.5
    assert abs(half - far).max() > 0


def test_negative_and_guidance_are_heard_by_families_that_follow_them(bench):
    engine = bench.engine("stable-audio-open")
    command = {"prompt": "dark techno", "seconds": 0.5, "steps": 2}

    def make(**more):
        heard = Recorder()
        return engine.run(Generate(**command, **more), heard.context).samples, heard.warnings

    plain, _ = make()
    avoiding, warned = make(negative="vocals piano")
    assert abs(plain - avoiding).max() > 0
    assert warned == []
    assert abs(plain - make(guidance=3.0)[0]).max() > 0
    assert make(negative="vocals", guidance=1.0)[1] == [
        "at a guidance of 1 or less, StableAudioOpen cannot follow negative"
    ]


def test_what_a_family_follows_is_in_its_capabilities(bench):
    singing = bench.engine("ace-step").capabilities
    command = Generate(lyrics="[verse] la la", negative="drums", guidance=2.0, swing=0.5)
    assert singing.ignored_keys(command) == ["negative", "swing"]
    assert bench.engine("audioldm2").capabilities.ignored_keys(command) == ["lyrics", "swing"]


def test_lyrics_are_sung_by_ace_step(bench):
    engine = bench.engine("ace-step")
    first, second = (
        engine.run(Generate(lyrics=text, seconds=0.5, steps=2), Recorder().context).samples
        for text in ("[verse] dark house", "[verse] bright piano no vocals")
    )
    assert abs(first - second).max() > 0


def test_weights_that_a_family_cannot_follow_are_warned_of(bench):
    heard = Recorder(source(16_000, seconds=0.5))
    command = Inpaint(src="a", start=0.1, end=0.2, steps=1, prompt="dark:1, bright:2")
    bench.engine("musicldm").run(command, heard.context)
    assert heard.warnings == [
        "MelLatent cannot follow weights: all parts of the prompt count as one"
    ]
