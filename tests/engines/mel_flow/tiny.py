"""A small untrained mel-flow, and a vocoder for it."""

import torch

from msanii_live.dsp.vocoders import vocos
from msanii_live.engines.mel_flow import weights
from msanii_live.engines.mel_flow.engine import WEIGHTS
from msanii_live.engines.mel_flow.network import FlowConfig, FlowNet


def write_untrained(folder, spec):
    """Write both to a folder, for mels of a spec; return the network's file."""
    torch.manual_seed(0)
    net = FlowNet(FlowConfig(mels=spec.mels, width=16, blocks=2, heads=2, window=64))
    mean, deviation = torch.full((2, spec.mels, 1), -5.0), torch.ones(2, spec.mels, 1)
    weights.save(folder / WEIGHTS, weights.FlowModel(net, spec, mean, deviation))
    vocos.save(folder / "vocos.safetensors", vocos.Vocos(vocos.VocosConfig(16, 1), spec))
    return folder / WEIGHTS
