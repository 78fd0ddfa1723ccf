"""The 2023 system as a pipeline of diffusers, with their DDIM; the engine never imports it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from diffusers.pipelines.pipeline_utils import AudioPipelineOutput, DiffusionPipeline
from diffusers.schedulers.scheduling_ddim import DDIMScheduler

from msanii_live.engines.msanii2023.features import Features2023, Features2023Config
from msanii_live.engines.msanii2023.mel_tasks import CORRECTED
from msanii_live.engines.msanii2023.model import Msanii2023, load
from msanii_live.engines.msanii2023.phase import griffin_lim
from msanii_live.engines.msanii2023.pipeline import Msanii2023Pipeline
from msanii_live.engines.msanii2023.samplers import predict_noise
from msanii_live.engines.msanii2023.schedule import TRAIN_TIMESTEPS
from msanii_live.engines.msanii2023.unet import UNet2023, UNet2023Config
from msanii_live.engines.msanii2023.vocoder import Vocoder2023, Vocoder2023Config

STEPS = 20


def _plain(sizes: dict[str, Any]) -> dict[str, Any]:
    """Return settings whose lists are tuples again, as they were before JSON."""
    return {key: tuple(v) if isinstance(v, list) else v for key, v in sizes.items()}


class UNet2023Model(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """The U-Net, as a model of diffusers."""

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(self, sizes: dict[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.net = UNet2023(UNet2023Config(**_plain(sizes)))


class Vocoder2023Model(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """The vocoder from mels to magnitudes, as a model of diffusers."""

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(self, sizes: dict[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.net = Vocoder2023(Vocoder2023Config(**_plain(sizes)))


class Features2023Model(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """The features with the statistics of the training data, as a model of diffusers."""

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(self, sizes: dict[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.net = Features2023(Features2023Config(**_plain(sizes)))


@dataclass
class Msanii2023Output(AudioPipelineOutput):
    """What the pipeline returns: `audios`, float32, (1, channels, frames)."""

    audios: Any


class Msanii2023DiffusionPipeline(DiffusionPipeline):
    """The 2023 system without the server: audio from noise."""

    unet: UNet2023Model
    vocoder: Vocoder2023Model
    features: Features2023Model
    scheduler: Any

    def __init__(
        self,
        unet: UNet2023Model,
        vocoder: Vocoder2023Model,
        features: Features2023Model,
        scheduler: DDIMScheduler,
    ) -> None:
        super().__init__()
        parts = {"unet": unet, "vocoder": vocoder, "features": features, "scheduler": scheduler}
        self.register_modules(**parts)  # type: ignore[no-untyped-call]

    @classmethod
    def of(cls, path: str | Path) -> Msanii2023DiffusionPipeline:
        """Return the pipeline of a checkpoint: a `.pt` of the release, or a converted folder.

        Raises: as `model.load`.
        """
        model = load(path)
        parts: list[Any] = []
        for kind, net in (
            (UNet2023Model, model.unet),
            (Vocoder2023Model, model.vocoder),
            (Features2023Model, model.features),
        ):
            part = kind(asdict(net.config))
            part.net.load_state_dict(net.state_dict())
            parts.append(part)
        scheduler: Any = DDIMScheduler
        unet, vocoder, features = parts
        return cls(
            unet, vocoder, features, scheduler(TRAIN_TIMESTEPS, beta_schedule="squaredcos_cap_v2")
        )

    @torch.no_grad()
    def __call__(
        self,
        seconds: float = 6.0,
        num_inference_steps: int = STEPS,
        channels: int = 2,
        generator: torch.Generator | None = None,
        callback_on_step_end: Callable[[Any, int, Any, dict[str, Any]], dict[str, Any]]
        | None = None,
        output_type: str = "pt",
    ) -> Msanii2023Output:
        """Generate audio from noise.

        channels: 1 or 2. output_type: "pt", "np", or "latent" for the scaled mel.
        """
        model = Msanii2023(self.unet.net.eval(), self.vocoder.net.eval(), self.features.net.eval())
        config = model.features.config
        draws = generator or torch.Generator()
        frames = round(seconds * config.sample_rate)
        lengths = Msanii2023Pipeline(model, model.unet, draws, lambda step, steps: None)
        shape = (1, channels, config.mels, lengths.mel_frames(frames))
        sample = torch.randn(shape, generator=draws).to(self.device)
        self.scheduler.set_timesteps(num_inference_steps)
        for step, time in enumerate(self.progress_bar(self.scheduler.timesteps)):
            predicted = predict_noise(model.unet, sample, int(time))
            sample = self.scheduler.step(predicted, time, sample).prev_sample
            if callback_on_step_end is not None:
                changed = callback_on_step_end(self, step, time, {"latents": sample})
                sample = changed.pop("latents", sample)
        if output_type == "latent":
            return Msanii2023Output(sample)
        magnitude = model.vocoder.forward_in_chunks(sample, on_chunk=lambda: None)
        wave = griffin_lim(
            magnitude, CORRECTED.iterations, momentum=config.griffin_lim_momentum,
            phases=CORRECTED.phases, start=None, generator=draws, on_iteration=lambda: None,
        )[..., :frames]  # fmt: skip
        return Msanii2023Output(wave.cpu().numpy() if output_type == "np" else wave)
