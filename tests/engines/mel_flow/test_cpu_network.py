"""The flow network's form for a CPU, against the network itself."""

import pytest
import torch

from msanii_live.dsp.packed_layers import has_onednn
from msanii_live.dsp.samplers import shifted_times
from msanii_live.engines.mel_flow.conditions import Conditions, bar_phase_features
from msanii_live.engines.mel_flow.cpu_network import LEAST_TOKENS, CpuFlowNet
from msanii_live.engines.mel_flow.inpainting import SamplingOptions, fill_windows, plan_line
from msanii_live.engines.mel_flow.network import FlowConfig, FlowNet

SIZES = {"mels": 8, "width": 32, "blocks": 4, "heads": 2, "window": 32, "detail_width": 16}
DTYPES = [(torch.float32, 2e-3)] + ([(torch.bfloat16, 0.1)] if has_onednn() else [])


def network(**sizes):
    """Return a network of which no layer is zero, with values of about one."""
    torch.manual_seed(0)
    net = FlowNet(FlowConfig(**{**SIZES, **sizes}))
    for parameter in net.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=parameter[0].numel() ** -0.5)
        else:
            torch.nn.init.normal_(parameter, std=0.1)
    return net.requires_grad_(False)


def conditions(mel_frames):
    phase = bar_phase_features(torch.arange(mel_frames).double() / 40, mel_frames)
    return Conditions(
        torch.tensor([2]), torch.tensor([5]), torch.tensor([96.0]), torch.tensor([0.3]), phase[None]
    )


@pytest.mark.parametrize(("dtype", "tolerance"), DTYPES)
@pytest.mark.parametrize("jumps", [False, True])
@pytest.mark.parametrize("detail_blocks", [0, 2])
def test_it_computes_what_the_network_does(dtype, tolerance, jumps, detail_blocks):
    net, mel_frames = network(detail_blocks=detail_blocks), 32
    x, known = torch.randn(2, 1, 2, 8, mel_frames).unbind(0)
    mask = (torch.arange(mel_frames) < 12).float()[None, None, None]
    given, times = conditions(mel_frames), shifted_times(3)
    with torch.inference_mode():
        denoise = CpuFlowNet(net, dtype).denoiser(known, mask, given, times, jumps)
        for t, to in zip(times[:-1, None], times[1:, None], strict=True):
            wanted = net(x, t, known, mask, given, to if jumps else None)
            error = (denoise(x, t, to) - wanted).square().mean().sqrt() / wanted.std()
            assert error < tolerance


@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.parametrize("known_frames", [0, 100])
def test_threads_compute_what_one_does(threads, known_frames):
    mel_frames = threads * LEAST_TOKENS * 4 + 12
    net, times = CpuFlowNet(network(), torch.float32), shifted_times(2)
    x, known = torch.randn(2, 1, 2, 8, mel_frames).unbind(0)
    mask = (torch.arange(mel_frames) < known_frames).float()[None, None, None]
    before = torch.get_num_threads()

    def predict(threads):
        torch.set_num_threads(threads)
        with torch.inference_mode():
            denoise = net.denoiser(known, mask, conditions(mel_frames), times, jumps=True)
            return denoise(x, times[:1], times[1:2])

    try:
        torch.testing.assert_close(predict(threads), predict(1), atol=1e-4, rtol=1e-4)
    finally:
        torch.set_num_threads(before)


def test_windows_are_filled_alike():
    net = network()
    mel, known = torch.randn(2, 8, 64), [True] * 6 + [False] * 10
    options = SamplingOptions(
        conditions(0), lambda i: bar_phase_features(i / 40, len(i)), steps=1, strength=0.9
    )

    def fill(options, cpu_net):
        return list(
            fill_windows(
                net,
                mel,
                known,
                plan_line(16, 6, 16, 8),
                options,
                torch.Generator().manual_seed(1),
                lambda step: None,
                cpu_net,
            )
        )[-1]

    with torch.inference_mode():
        wanted = fill(options, None)
        made = fill(options, CpuFlowNet(net, torch.float32))
    assert torch.equal(made[..., :24], mel[..., :24])
    # A network of random weights enlarges what rounds differently.
    error = (made - wanted).square().mean().sqrt() / wanted.std()
    assert error < 0.05
