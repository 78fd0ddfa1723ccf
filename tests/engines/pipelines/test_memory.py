"""What saves time and memory: latents that are kept, compiled networks, decoding in pieces."""

import numpy as np
import pytest
import torch

from msanii_live.engines.base import EngineSettings
from msanii_live.engines.pipelines.compiling import compile_networks
from msanii_live.engines.pipelines.engine import create
from msanii_live.engines.pipelines.latent_cache import LatentCache
from msanii_live.protocol.commands import Generate, Outpaint
from tests.engines.pipelines.conftest import Recorder, source


def test_the_cache_knows_audio_by_its_samples_and_is_bounded():
    calls = []

    def encode(wave):
        calls.append(wave)
        return wave[:1, ::4].clone()

    cache = LatentCache(max_bytes=100)  # a piece takes 40
    first = torch.rand(2, 40)
    assert cache.encode(first, encode) is cache.encode(first.clone(), encode)
    assert len(calls) == 1
    changed = first.clone()
    changed[0, 0] += 1e-6
    assert cache.encode(changed, encode) is not cache.encode(first, encode)
    assert (len(calls), len(cache)) == (2, 2)
    cache.encode(torch.rand(2, 40), encode)
    assert len(cache) == 2
    cache.encode(first, encode)  # it was used last, so the changed one went
    assert len(calls) == 3
    cache.encode(changed, encode)
    assert len(calls) == 4


@pytest.mark.parametrize("family", ["stable-audio-3", "ace-step"])
def test_a_clip_that_is_continued_again_is_not_encoded_again(bench, family, monkeypatch):
    engine = bench.engine(family)
    model = engine.family()
    own, encoded = model.encode, []

    def encode(wave):
        encoded.append(wave.shape[-1])
        return own(wave)

    monkeypatch.setattr(model, "encode", encode)
    clip = source(engine.capabilities.sample_rate, seconds=0.6, seed=11)
    command = Outpaint(src="a", seconds=0.5, steps=2)
    first = engine.run(command, Recorder(clip, seed=1).context).samples
    once = len(encoded)
    other = engine.run(command, Recorder(clip, seed=2).context).samples
    again = engine.run(command, Recorder(clip, seed=1).context).samples
    assert (once, len(encoded)) == (1, 1)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    changed = source(engine.capabilities.sample_rate, seconds=0.6, seed=12)
    engine.run(command, Recorder(changed, seed=1).context)
    assert len(encoded) == 2


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_compiled_network_makes_the_same(bench):
    path = bench.path("stable-audio-3")
    plain, compiled = (create(EngineSettings("cpu", name="m", weights=path)) for _ in range(2))
    command = Generate(seconds=0.5, steps=2)
    expected = plain.run(command, Recorder().context).samples
    # The graph is traced as for a GPU, but run by PyTorch itself: inductor would need a compiler.
    compile_networks(compiled.family().pipe, backend="eager")
    made = compiled.run(command, Recorder().context).samples
    assert compiled._family.pipe.transformer._compiled_call_impl is not None
    np.testing.assert_allclose(made, expected, atol=1e-5)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's compiler, about torch
def test_an_engine_is_compiled_if_that_is_asked_for(bench):
    path = bench.path("stable-audio-3")
    engine = create(EngineSettings("cpu", name="m", weights=path, compiled=True))
    engine.load()
    assert engine._family.pipe.transformer._compiled_call_impl is not None


def test_decoding_in_pieces_where_the_memory_runs_out(bench, monkeypatch):
    model = bench.engine("stable-audio-open").family()
    vae, tiled = model.pipe.vae, []
    own = vae.decode

    def decode(latents):
        if not vae.use_tiling:
            raise torch.OutOfMemoryError("CUDA out of memory")
        tiled.append(latents.shape[-1])
        return own(latents)

    monkeypatch.setattr(vae, "decode", decode)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    with torch.inference_mode():
        made = model.decode(torch.randn(1, model.dimensions, 60))
    vae.disable_tiling()
    assert made.shape == (2, 60 * model.hop)
    assert tiled == [60]
