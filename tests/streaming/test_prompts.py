"""The prompt of a stream, between two by one number."""

from dataclasses import replace

import pytest

from msanii_live.engines.pipelines.words import split_weights
from msanii_live.jobs.params import Params
from msanii_live.protocol.commands import StreamMix, StreamPromptA, StreamPromptB, StreamStart
from msanii_live.streaming.phrases import ChunkTiming
from msanii_live.streaming.prompts import prompt_between
from msanii_live.streaming.request_builder import RequestBuilder
from msanii_live.streaming.settings import StreamSettings
from msanii_live.streaming.state import StreamState
from msanii_live.streaming.step import next_chunk
from tests.jobs.test_scheduler import services as services
from tests.streaming.test_step import Renderer, begun

TIMING = ChunkTiming(100.0, 99.0, 1.0, 2.0, 1.0)


def test_shares_sum_to_one_and_follow_the_mix():
    parts = split_weights(prompt_between("dark, slow", "house:3, choir", 0.4, True))
    assert [text for text, _ in parts] == ["dark; slow", "house", "choir"]
    assert [weight for _, weight in parts] == pytest.approx([0.6, 0.3, 0.1])


@pytest.mark.parametrize(("mix", "prompt"), [(0.0, "dark, slow"), (1.0, "house"), (0.4, None)])
def test_the_ends_are_the_prompts_themselves(mix, prompt):
    made = prompt_between("dark, slow", "house", mix, True)
    assert made == prompt if prompt else ":0.6" in made


def request(services, params, state=None):
    builder = RequestBuilder(services, params)
    return builder.build(StreamSettings(StreamStart()), state or StreamState(), TIMING)


def test_params_set_the_prompt_of_the_next_chunk(services):
    params = Params()
    assert request(services, params).steering.prompt == ""
    params.apply(StreamPromptA(value="dark techno"))
    assert params.apply(StreamPromptA()) == "dark techno"
    params.apply(StreamMix(value=0.25))
    assert request(services, params).steering.prompt == "dark techno"
    params.apply(StreamPromptB(value="choir"))
    # An engine that does not weigh prompts follows the nearer one.
    assert request(services, params).steering.prompt == "dark techno"
    params.apply(StreamMix(value=0.75))
    assert request(services, params).steering.prompt == "choir"
    params.apply(StreamPromptB(value="none"))
    assert request(services, params).steering.prompt == "dark techno"


def test_an_engine_that_weighs_prompts_is_told_both(services):
    engine = services.registry.get("tones")
    engine.capabilities = replace(engine.capabilities, weighs_prompts=True)
    params = Params()
    for name, value in (("prompt.a", "dark"), ("prompt.b", "choir"), ("mix", 0.25)):
        params.set(f"stream.{name}", value)
    wanted = request(services, params, begun())
    assert wanted.steering.prompt == "dark:0.75, choir:0.25"
    render = Renderer()
    next_chunk(begun(), wanted, render)
    assert render.commands[0].prompt == "dark:0.75, choir:0.25"
