"""What saves time and memory: latents that are kept, compiled networks, pieces, offloading."""

import accelerate
import numpy as np
import pytest
import torch

from msanii_live.engines.base import EngineSettings
from msanii_live.engines.pipelines import offload
from msanii_live.engines.pipelines.compiling import compile_networks
from msanii_live.engines.pipelines.engine import create
from msanii_live.engines.pipelines.latent_cache import LatentCache
from msanii_live.engines.pipelines.tiles import Tiles
from msanii_live.errors import ConfigError
from msanii_live.protocol.commands import Generate, Outpaint
from tests.engines.pipelines.conftest import Recorder, source
from tests.engines.pipelines.tiny import FAMILIES


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


TILED = ("stable-audio-3", "stable-audio-open", "ace-step", "longcat")


@pytest.mark.parametrize("family", TILED)
def test_audio_that_is_coded_in_pieces_is_that_of_the_whole(bench, family, monkeypatch):
    model = bench.engine(family).family()
    count = 8 * (model.overlap + 2)
    torch.manual_seed(3)
    latents = torch.randn(1, model.dimensions, count)
    wave = 0.1 * torch.randn(2, count * model.hop)
    with torch.inference_mode():
        decoded, encoded = model.decode_whole(latents), model.encode_whole(wave)
        monkeypatch.setattr(
            model, "tile_seconds", 2.5 * (model.overlap + 2) * model.hop / model.rate
        )
        spans = list(model._tiles(model.tile_seconds).spans(count))
        in_pieces, again = model.decode(latents), model.encode(wave)
    assert len(spans) >= 3
    np.testing.assert_allclose(in_pieces, decoded, atol=1e-4 * float(decoded.abs().max()))
    np.testing.assert_allclose(again, encoded, atol=1e-4 * float(encoded.abs().max()))


def test_short_audio_is_one_piece_and_long_audio_is_covered_once():
    tiles = Tiles(hop=4, size=10, overlap=3)
    assert list(tiles.spans(16)) == [(0, 16, 0, 16)]
    spans = list(tiles.spans(27))
    assert spans == [(0, 10, 0, 13), (10, 20, 7, 23), (20, 27, 17, 27)]


def test_decoding_in_smaller_pieces_where_the_memory_runs_out(bench, monkeypatch):
    model = bench.engine("stable-audio-open").family()
    own, sizes = model.decode_whole, []

    def decode(latents):
        if latents.shape[-1] > 500:
            raise torch.OutOfMemoryError("CUDA out of memory")
        sizes.append(latents.shape[-1])
        return own(latents)

    monkeypatch.setattr(model, "decode_whole", decode)
    with torch.inference_mode():
        made = model.decode(torch.randn(1, model.dimensions, 600))
    assert made.shape == (2, 600 * model.hop)
    assert len(sizes) > 1


def offload_to_this_memory(monkeypatch):
    """Let parts go from the computer's memory to the same memory, so that no GPU is needed."""
    own = accelerate.cpu_offload
    monkeypatch.setattr(offload, "GPUS", ("cpu",))
    monkeypatch.setattr(  # diffusers numbers the device, which a CPU's weights then differ from
        accelerate, "cpu_offload", lambda part, device, **how: own(part, device.type, **how)
    )


@pytest.mark.parametrize(
    ("family", "mode"),
    [(f, m) for f in FAMILIES for m in ("model", "sequential") if (f, m) != ("musicldm", "model")],
)  # fmt: skip
def test_a_model_of_which_parts_wait_elsewhere_makes_the_same(bench, family, mode, monkeypatch):
    offload_to_this_memory(monkeypatch)
    settings = EngineSettings("cpu", name="m", weights=bench.path(family), offload=mode)
    engine = create(settings)
    commands = (Generate(seconds=0.5, steps=2), Outpaint(src="a", seconds=0.3, steps=2))
    for command in commands:
        clip = source(engine.capabilities.sample_rate, seconds=0.4)
        made = engine.run(command, Recorder(clip).context).samples
        expected = bench.engine(family).run(command, Recorder(clip).context).samples
        np.testing.assert_allclose(made, expected, atol=1e-3)
    if mode == "sequential":
        net = engine._family.pipe.components.get("transformer") or engine._family.pipe.unet
        assert all(weights.is_meta for weights in net.parameters())


def test_parts_that_cannot_wait_elsewhere_are_told_in_words(bench, monkeypatch):
    settings = EngineSettings("cpu", name="m", weights=bench.path("longcat"), offload="model")
    with pytest.raises(
        ConfigError, match=r"offload is model: it needs a GPU.* leave --offload out"
    ):
        create(settings).load()
    monkeypatch.setattr(offload.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="accelerate, which is missing: pip install 'msanii-live"):
        offload.check_offload("sequential", torch.device("cuda"))
