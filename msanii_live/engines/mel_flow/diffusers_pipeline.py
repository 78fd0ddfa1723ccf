"""mel-flow as a pipeline of diffusers, for use without this server; the engine never imports it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from diffusers.pipelines.pipeline_utils import AudioPipelineOutput, DiffusionPipeline
from diffusers.schedulers.scheduling_flow_match_euler_discrete import (
    FlowMatchEulerDiscreteScheduler,
)

from msanii_live.dsp.mel import MelSpec, left_right
from msanii_live.dsp.samplers import SHIFT
from msanii_live.dsp.vocoders import vocos
from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS
from msanii_live.dsp.vocoding import VocoderSettings, vocode_line
from msanii_live.engines.mel_flow.conditions import Conditions, bar_phase_features
from msanii_live.engines.mel_flow.network import FlowConfig, FlowNet
from msanii_live.engines.mel_flow.pipeline import NOISE_LEVEL, BarPhase
from msanii_live.engines.mel_flow.weights import load
from msanii_live.engines.prompt_parser import parse_prompt

STEPS = 16
VOCODER_ITERATIONS = 4


class MelFlowTransformer(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """The flow network with its features and statistics, as a model of diffusers."""

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(self, sizes: dict[str, int], features: dict[str, float]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.net = FlowNet(FlowConfig(**sizes))
        self.spec = MelSpec(**features)  # type: ignore[arg-type]
        shape = (self.net.config.channels, self.spec.mels, 1)
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("deviation", torch.ones(shape))

    def forward(
        self, sample: torch.Tensor, level: torch.Tensor, conditions: Conditions
    ) -> torch.Tensor:
        """Return the velocity from audio to noise: (sample - clean mel) / level.

        sample: normalised mel, float32, (batch, channels, mels, mel_frames). level: (batch,), 1 is
        noise. Nothing of the mel is known.
        """
        mask = torch.zeros(len(sample), 1, 1, sample.shape[-1], device=sample.device)
        clean = self.net(sample, level, torch.zeros_like(sample), mask, conditions)
        velocity: torch.Tensor = (sample - clean) / level.clamp_min(1e-3)[:, None, None, None]
        return velocity


class MelFlowVocoder(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """The neural vocoder as a model of diffusers."""

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(self, sizes: dict[str, int], features: dict[str, float]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        config, spec = vocos.VocosConfig(**sizes), MelSpec(**features)  # type: ignore[arg-type]
        self.net = vocos.Vocos(config, spec)


@dataclass
class MelFlowOutput(AudioPipelineOutput):
    """What the pipeline returns: `audios`, float32, (1, 2, frames)."""

    audios: Any


class MelFlowDiffusionPipeline(DiffusionPipeline):
    """mel-flow without the server: style, key, tempo and density to stereo audio at 44.1 kHz."""

    transformer: MelFlowTransformer
    vocoder: MelFlowVocoder
    scheduler: Any

    def __init__(
        self,
        transformer: MelFlowTransformer,
        vocoder: MelFlowVocoder,
        scheduler: FlowMatchEulerDiscreteScheduler,
    ) -> None:
        super().__init__()
        parts = {"transformer": transformer, "vocoder": vocoder, "scheduler": scheduler}
        self.register_modules(**parts)  # type: ignore[no-untyped-call]

    @classmethod
    def shipped(cls, weights: Path = SHIPPED_WEIGHTS) -> MelFlowDiffusionPipeline:
        """Return the pipeline with the weights that ship, or with those in another folder."""
        model = load(weights / "mel-flow.safetensors", torch.device("cpu"))
        vocoder = vocos.load(weights / "vocos.safetensors", torch.device("cpu"))
        transformer = MelFlowTransformer(asdict(model.net.config), asdict(model.spec))
        transformer.net = model.net
        transformer.mean.copy_(model.mean)
        transformer.deviation.copy_(model.deviation)
        wrapped = MelFlowVocoder(asdict(vocoder.config), asdict(vocoder.spec))
        wrapped.net = vocoder
        return cls(transformer, wrapped, FlowMatchEulerDiscreteScheduler(shift=SHIFT))

    @property
    def max_seconds(self) -> float:
        """The longest clip: one window as in training. The server chains several."""
        transformer = self.transformer
        return float(transformer.net.config.window * transformer.spec.hop / 44_100)

    @torch.no_grad()
    def __call__(
        self,
        prompt: str = "",
        bpm: float = 120.0,
        density: float | None = None,
        seconds: float = 6.0,
        num_inference_steps: int = STEPS,
        generator: torch.Generator | None = None,
        callback_on_step_end: Callable[[Any, int, Any, dict[str, Any]], dict[str, Any]]
        | None = None,
        output_type: str = "pt",
    ) -> MelFlowOutput:
        """Generate audio from noise.

        prompt: words that name a style and a key. density: 0 to 1. seconds: up to `max_seconds`.
        output_type: "pt", "np", or "latent" for the normalised mel.
        Raises: ValueError: the clip would be too long.
        """
        transformer, scheduler, spec = self.transformer, self.scheduler, self.transformer.spec
        if not 0 < seconds <= self.max_seconds:
            raise ValueError(f"seconds is {seconds:g}: it must be up to {self.max_seconds:.2f}")
        frames = round(seconds * spec.sample_rate)
        token = spec.hop * transformer.net.config.patch
        mel_frames = -(-frames // token) * transformer.net.config.patch
        conditions = self._conditions(prompt, bpm, density, mel_frames)
        shape = (1, transformer.net.config.channels, spec.mels, mel_frames)
        sample = torch.randn(shape, generator=generator).to(self.device)
        scheduler.set_timesteps(
            sigmas=[1 - step / num_inference_steps for step in range(num_inference_steps)],
            device=self.device,
        )
        for step, time in enumerate(self.progress_bar(scheduler.timesteps)):
            level = scheduler.sigmas[step].reshape(1).to(self.device)
            velocity = transformer(sample, level, conditions)
            sample = scheduler.step(velocity, time, sample).prev_sample
            if callback_on_step_end is not None:
                changed = callback_on_step_end(self, step, time, {"latents": sample})
                sample = changed.pop("latents", sample)
        if output_type == "latent":
            return MelFlowOutput(sample)
        wave = self._vocode(sample[0], frames, generator)[None]
        return MelFlowOutput(wave.cpu().numpy() if output_type == "np" else wave)

    def _conditions(
        self, prompt: str, bpm: float, density: float | None, mel_frames: int
    ) -> Conditions:
        words = parse_prompt(prompt, "", "")
        spec = self.transformer.spec
        beat = BarPhase.at(bpm, 0.0, spec.sample_rate)
        bars = torch.arange(mel_frames).double() * spec.hop * beat.rate
        return Conditions(
            style=torch.tensor([-1 if words.style is None else words.style]),
            key=torch.tensor([-1 if words.key is None else words.key]),
            tempo=torch.tensor([bpm]),
            density=torch.tensor([-1.0 if density is None else density]),
            phase=bar_phase_features(bars, mel_frames)[None],
        ).to(self.device)

    def _vocode(
        self, sample: torch.Tensor, frames: int, generator: torch.Generator | None
    ) -> torch.Tensor:
        transformer = self.transformer
        mel = sample * transformer.deviation + transformer.mean
        length = mel.shape[-1] * transformer.spec.hop
        canvas = NOISE_LEVEL * torch.randn(2, length, generator=generator).to(self.device)
        settings = VocoderSettings(net=self.vocoder.net, iterations=VOCODER_ITERATIONS)
        wave = vocode_line(
            mel, canvas, 0, length, transformer.spec, vocoder=settings,
            on_iteration=lambda: None, on_span=lambda: None,
        )  # fmt: skip
        return left_right(wave)[:, :frames]
