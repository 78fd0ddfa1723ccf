"""A PyTorch model of your own as an engine: put it in the place of `Hum`."""

import torch
from safetensors.torch import load_file

from msanii_live.audio import make_clip
from msanii_live.dsp import torch_runtime
from msanii_live.dsp.device import pick_device
from msanii_live.engines.base import Capabilities, engine_factory, standalone_context
from msanii_live.engines.loudness import normalize_loudness
from msanii_live.protocol.commands import Generate

Hum = torch.nn.Conv1d  # noise, (1, 2, frames), becomes another colour in each step; DC is left out


@engine_factory(plugin_api=1)
class HumEngine:
    capabilities = Capabilities((Generate.address,), 44_100, 2, 60.0, steps=8, follows=())
    licence, precision = "yours to name", "fp32"  # the licence stands in each clip's sidecar
    memory_mb = staticmethod(torch_runtime.gpu_memory_mb)
    loaded = property(lambda self: self._net is not None)

    def __init__(self, settings):
        self.name, self._settings, self._net = settings.name, settings, None

    def load(self):
        net = self._net or Hum(2, 2, 9, padding=4)
        if not self.loaded and self._settings.weights:  # serve --engine hum.safetensors
            net.load_state_dict(load_file(self._settings.weights))
        self._net = net.to(pick_device(self._settings.device)).eval()

    def warm(self):
        self.run(Generate(seconds=1.0), standalone_context())

    def free(self):
        self._net = None

    def run(self, command, context):
        self.load()
        bpm, steps = command.bpm or context.tempo, command.steps or self.capabilities.steps
        seconds = command.bars * context.beats * 60 / bpm if command.bars else command.seconds
        chance = torch.Generator().manual_seed(context.seed)
        with torch_runtime.inference(torch.float32):
            wave = torch.randn(1, 2, round(seconds * 44_100), generator=chance)
            for step in range(steps):
                wave = self._net(wave.to(self._net.weight.device))
                context.progress(step + 1, steps)  # a cancel ends the job here
        samples = normalize_loudness((wave - wave.mean(2, keepdim=True))[0].T.cpu().numpy())
        return make_clip(samples, 44_100, seed=context.seed, bpm=bpm)
