"""The engines of a server: names, aliases, who serves what, and what is refused."""

from pathlib import Path

import pytest

import msanii_live
from msanii_live.engines.base import standalone_context
from msanii_live.engines.builtin import ALIASES, BUILT_IN
from msanii_live.engines.registry import EngineRegistry
from msanii_live.engines.tones import Tones
from msanii_live.errors import CommandError, ConfigError
from msanii_live.protocol.commands import Generate, Outpaint, Render


def test_the_table_tells_of_each_engine_what_the_engine_tells():
    registry = EngineRegistry("cpu", "mel-flow")
    for name in registry.names():
        told = registry.verbs(name)
        assert registry.get(name).capabilities.verbs == told
        assert registry.get(name).name == name
        if name in BUILT_IN and BUILT_IN[name].follows:
            assert registry.get(name).capabilities.follows == BUILT_IN[name].follows


def test_old_names_stand_for_new_ones_and_are_not_listed():
    for old, new in ALIASES.items():
        registry = EngineRegistry("cpu", old)
        registry.check_default()
        assert registry.default == new
        assert registry.get(old) is registry.get(new)
        assert registry.verbs(old) == registry.verbs(new)
        assert old not in registry.names()
        assert new in BUILT_IN


@pytest.mark.parametrize("name", ["nothing", "msanii2023"])
def test_a_default_that_does_not_exist_is_refused_with_those_there_are(name):
    registry = EngineRegistry("cpu", name)
    with pytest.raises(
        ConfigError, match="mel2mel, note-diffusion, composer, texture, tones, rack, or give a path"
    ):
        registry.check_default()


def test_an_engine_that_cannot_do_a_verb_is_refused_with_those_that_can():
    registry = EngineRegistry("cpu", "mel-flow")
    with pytest.raises(CommandError) as caught:
        registry.serving("mel2mel", Outpaint.address)
    assert caught.value.code == "EENGINE"
    assert caught.value.text == (
        "the engine mel2mel cannot outpaint: mel-flow, composer, texture, tones, rack can"
    )
    able = "mel2mel, note-diffusion, composer, tones, rack can"
    with pytest.raises(CommandError, match=f"cannot render: {able}"):
        registry.serving("mel-flow", Render.address)


def test_engines_that_follow_keys_are_known_before_they_are_made():
    registry = EngineRegistry("cpu", "tones")
    assert registry.followers(Generate(), ["chords", "parts"]) == ["composer", "rack"]
    assert registry.followers(Render(midi="song"), ["stems"]) == [
        "note-diffusion",
        "composer",
        "rack",
    ]
    assert registry.followers(Generate(), ["style", "negative"]) == []
    registry.get("mel-flow")
    assert registry.followers(Generate(), ["style", "key"]) == [
        "mel-flow",
        "composer",
        "rack",
    ]


def test_without_a_name_another_plays_notes_for_an_engine_that_cannot():
    registry = EngineRegistry("cpu", "mel-flow")
    assert registry.serving("", Render.address).name == "mel2mel"
    assert registry.serving("", Generate.address).name == "mel-flow"
    assert EngineRegistry("cpu", "tones").serving("", Render.address).name == "tones"


def test_one_engine_serves_all_who_ask_for_it():
    registry = EngineRegistry("cpu", "tones")
    assert registry.get() is registry.get("tones") is registry.serving("tones", Generate.address)
    clip = registry.get().run(Generate(seconds=0.5, steps=1), standalone_context())
    assert clip.info.frames == 22_050


@pytest.mark.parametrize("word", ["stable-audio-open", "somebody/something"])
def test_a_published_model_that_is_not_here_names_the_command_that_fetches_it(word):
    with pytest.raises(ConfigError, match=f"not on this machine: msanii-live models fetch {word}"):
        EngineRegistry("cpu", word)


def test_the_licence_of_weights_that_ship_is_told_and_nothing_is_claimed_of_others(tmp_path):
    registry = EngineRegistry("cpu", "mel-flow")
    assert registry.licence("mel-flow") == registry.licence("spectrogram") == "Apache-2.0"
    shipped = Path(msanii_live.__file__).parent / "weights" / "mel-flow.safetensors"
    own = tmp_path / "mel-flow.safetensors"
    own.symlink_to(shipped)
    assert EngineRegistry("cpu", str(own)).licence("mel-flow") == ""


def test_all_loaded_engines_are_freed_at_once(monkeypatch):
    registry, freed = EngineRegistry("cpu", "tones"), []
    monkeypatch.setattr(Tones, "free", lambda engine: freed.append(engine.name))
    registry.get("mel2mel")  # made, but not loaded
    registry.get("tones").load()
    assert registry.free_loaded() == freed == ["tones"]


def test_the_steps_of_an_engine_are_known_once_it_is_made():
    registry = EngineRegistry("cpu", "tones")
    assert registry.default_steps("") == 0
    engine = registry.get()
    assert (
        registry.default_steps("") == registry.default_steps("tones") == engine.capabilities.steps
    )
