"""The default engine: one mask-conditioned mel flow that serves every verb."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError

from msanii_live.audio import Clip
from msanii_live.engines.base import Capabilities, Context
from msanii_live.engines.flow_verbs import DEFAULT_STEPS, Work
from msanii_live.errors import Code, CommandError
from msanii_live.models import flow_weights, vocos
from msanii_live.models.conditions import STYLES
from msanii_live.models.device import pick_device
from msanii_live.models.music_words import read_words
from msanii_live.models.vocoding import Voice
from msanii_live.protocol.commands import (
    AudioToAudio,
    Generate,
    Inpaint,
    Interpolate,
    MakingCommand,
    Outpaint,
    Vocode,
)

WEIGHTS, VOCODER_WEIGHTS = "mel-flow.safetensors", "vocos.safetensors"
SHIPPED = Path(__file__).parent.parent / "weights"
# What a file may do to whoever reads it that is missing, cut short, or none of ours.
BROKEN = (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError)
VERBS = (Generate, Outpaint, Inpaint, Interpolate, AudioToAudio, Vocode)


class MelFlow:
    """Serve every verb but render with one network and one vocoder."""

    def __init__(
        self,
        device: str,
        weights: Path = SHIPPED / WEIGHTS,
        name: str = "mel-flow",
        vocoder: str = "vocos",
    ) -> None:
        """Take the device's name, a file of weights, and the vocoder used where none is named.

        A vocoder that lies beside the weights is preferred to the one that ships.
        """
        self.name = name
        self.capabilities = Capabilities(
            verbs=tuple(verb.address for verb in VERBS),
            sample_rate=44_100,
            channels=2,
            longest=190.0,
            steps=DEFAULT_STEPS,
            styles=STYLES,
        )
        self._device_name = device
        self._weights = weights
        self._vocoder = vocoder
        self._model: flow_weights.FlowModel | None = None
        self._net: vocos.Vocos | None = None

    @property
    def loaded(self) -> bool:
        """Tell whether the weights are in memory."""
        return self._model is not None

    @property
    def files(self) -> tuple[Path, Path]:
        """The files of weights: the network's, and its vocoder's."""
        beside = self._weights.with_name(VOCODER_WEIGHTS)
        return self._weights, beside if beside.exists() else SHIPPED / VOCODER_WEIGHTS

    def load(self) -> None:
        """Read the weights.

        Raises: CommandError: EENGINE where the file is missing or is none of ours.
        """
        if self._model is None:
            device = pick_device(self._device_name)
            weights, vocoder = self.files
            try:
                model = flow_weights.load(weights, device)
                net = vocos.load(vocoder, device)
            except BROKEN as error:
                raise CommandError(Code.EENGINE, f"cannot load {self._weights}: {error}") from None
            if net.spec != model.spec:
                raise CommandError(
                    Code.EENGINE,
                    f"{self._weights} has other features than its vocoder: put one trained on "
                    f"them beside it as {VOCODER_WEIGHTS}",
                )
            self._model, self._net = model, net

    def free(self) -> None:
        """Give the memory back."""
        self._model = self._net = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def memory_mb(self) -> float:
        """Return GPU memory in use, MB."""
        return torch.cuda.memory_allocated() / 2**20 if torch.cuda.is_available() else 0.0

    def warm(self) -> None:
        """Make one short clip, so that the first command is as fast as the next."""
        quiet = Context(
            clip=_no_clip,
            progress=lambda step, steps: None,
            warn=lambda text: None,
            tempo=120.0,
            beats=4,
            seed=0,
        )
        self.run(Generate(seconds=6.0, steps=2), quiet)

    def run(self, command: MakingCommand, context: Context) -> Clip:
        """Carry a command out; see `Engine.run`."""
        self.load()
        assert self._model is not None
        steering = read_words(command.prompt, command.style, command.key)
        if steering.unknown:
            context.warn(
                f"unknown words: {' '.join(steering.unknown)}; styles are {', '.join(STYLES)}, "
                "keys such as C, F#m, Bb major"
            )
        voice = self.voice(command.vocoder if isinstance(command, Vocode) else "")
        work = Work(self._model, voice, command, context, steering)
        try:
            with torch.inference_mode():
                return work.carry_out()
        except torch.OutOfMemoryError:
            torch.cuda.empty_cache()
            raise CommandError(
                Code.EOOM, "the GPU is out of memory: ask for a shorter clip, or free an engine"
            ) from None
        except RuntimeError as error:
            if "allocate memory" in str(error):  # how torch says it on a CPU
                raise CommandError(Code.EOOM, "out of memory: ask for a shorter clip") from None
            raise

    def voice(self, name: str = "") -> Voice:
        """Return how this engine turns mels into samples; `name` is a vocoder, "" its own."""
        if (name or self._vocoder) == "griffin-lim":
            return Voice()
        return Voice(self._net, iterations=4, loop_iterations=16)


def _no_clip(name: str) -> Clip:
    raise CommandError(Code.ENOCLIP, f"no clip {name}")
