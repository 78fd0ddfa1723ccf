"""Engines on a stand-in for a CUDA GPU: nothing is left on the CPU, nothing waits in a graph."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from msanii_live.dsp.cuda_graphs import GraphedForward
from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.vocoders import multiband
from msanii_live.dsp.vocoders.multiband import MultibandConfig, MultibandVocoder
from msanii_live.engines.base import EngineSettings, standalone_context
from msanii_live.engines.mel_flow import engine as mel_flow
from msanii_live.engines.msanii2023 import engine as msanii2023
from msanii_live.engines.msanii2023 import fast_unet
from msanii_live.engines.note_diffusion import engine as note_diffusion
from msanii_live.engines.note_diffusion.network import NoteDiffusion, NoteDiffusionConfig
from msanii_live.engines.note_diffusion.network import save as save_notes
from msanii_live.notes import Note, Score
from msanii_live.protocol.commands import (
    AudioToAudio,
    Generate,
    Outpaint,
    Render,
    Vocode,
)
from tests.engines.mel_flow.tiny import write_untrained
from tests.engines.msanii2023.reference import CHECKPOINT
from tests.stand_in_gpu import GpuTensor, record, stand_in_gpu

pytestmark = [
    pytest.mark.skipif(torch.cuda.is_available(), reason="there is a real GPU"),
    pytest.mark.skipif(
        not hasattr(torch._C, "_ensureCUDADeviceGuardSet"), reason="PyTorch has no such guard"
    ),
]

SPEC = MelSpec(mels=16)
VERBS = (
    Outpaint(src="a", seconds=0.3, steps=1),
    AudioToAudio(src="a", strength=0.5, steps=2),
    Vocode(src="a"),
)


@pytest.fixture
def gpu(monkeypatch):
    def use_graphs(net):
        net.forward = GraphedForward(net.forward, record)

    for module in (mel_flow, fast_unet):
        monkeypatch.setattr(module, "use_graphs", use_graphs)
    with stand_in_gpu(monkeypatch) as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Untrained networks of 16 mel bands, with both vocoders."""
    folder = tmp_path_factory.mktemp("cuda")
    write_untrained(folder, SPEC)
    bands = MultibandVocoder(MultibandConfig(width=16, least=8, filters=4, taps=31), SPEC)
    multiband.save(folder / "bands.safetensors", bands)
    sizes = NoteDiffusionConfig(
        window=32, width=16, heads=2, inner=16, blocks=1, context_blocks=1, lane=2, detail=16,
        detail_blocks=1, part_lane=2, part_detail=8,
    )  # fmt: skip
    save_notes(folder / note_diffusion.WEIGHTS, NoteDiffusion(sizes, SPEC))
    return folder


def run_all(engine, first, others):
    """Run commands; the first one's clip is the source of the others."""
    clips = {}
    score = Score((Note(0.0, 0.4, 60, 100), Note(0.4, 0.8, 64, 90)), 1.0)
    context = replace(standalone_context(lambda name: score), clip=lambda name: clips[name], seed=1)
    for command in (first, *others):
        clip = engine.run(command, context)
        clips.setdefault("a", clip)
        assert np.isfinite(clip.samples).all()
        assert np.abs(clip.samples).max() > 0


def test_the_stand_in_refuses_what_cuda_refuses(gpu):
    ours, other = torch.ones(2, 2, device="cuda"), torch.ones(2)
    assert isinstance(ours, GpuTensor)
    assert (ours + 1.0).sum().item() == 8.0
    with pytest.raises(RuntimeError, match="same device"):
        ours + other
    with pytest.raises(TypeError, match="numpy"):
        np.asarray(ours)
    with pytest.raises(RuntimeError, match="generator"):
        torch.randn(2, device="cuda", generator=torch.Generator())
    with pytest.raises(RuntimeError, match="scalar type"):
        ours.half() @ ours
    for waits in (lambda: ours.sum().item(), ours.cpu, lambda: other.to("cuda"), ours.tolist):
        with pytest.raises(RuntimeError, match="capturing"):
            record(waits)


@pytest.mark.parametrize(
    ("vocoder", "others"), [("vocos", VERBS), ("bands", ()), ("griffin-lim", ())]
)
def test_mel_flow(gpu, folder, vocoder, others):
    settings = EngineSettings(
        "cuda", vocoder, name="mine", weights=folder / mel_flow.WEIGHTS, cuda_graphs=True
    )
    engine = mel_flow.create(settings)
    run_all(engine, Generate(seconds=0.5, steps=1, style="house"), others)
    assert engine.precision == "fp16"
    assert gpu.captured >= 1


def test_note_diffusion(gpu, folder):
    path = folder / note_diffusion.WEIGHTS
    engine = note_diffusion.create(EngineSettings("cuda", name="mine", weights=path))
    run_all(engine, Render(midi="x", steps=1), [Render(midi="x", seconds=0.5, steps=1)])
    assert engine.precision == "fp16"


def test_msanii2023(gpu):
    settings = EngineSettings("cuda", name="old", weights=CHECKPOINT, cuda_graphs=True)
    engine = msanii2023.create(settings)
    engine = engine[0] if isinstance(engine, (list, tuple)) else engine
    run_all(engine, Generate(seconds=0.5, steps=1), VERBS[:1])
    assert engine.precision == "fp16"
    assert gpu.captured >= 1
