"""The default engine: one mask-conditioned mel flow that serves every verb."""

from __future__ import annotations

from pathlib import Path

from msanii_live.audio import Clip
from msanii_live.engines import on_device
from msanii_live.engines.base import Capabilities, Context, quiet_context
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
BROKEN = (OSError, ValueError, KeyError, TypeError, RuntimeError)
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
        on_device.give_back()

    def memory_mb(self) -> float:
        """Return GPU memory in use, MB."""
        return on_device.memory_mb()

    def warm(self) -> None:
        """Make one short clip, so that the first command is as fast as the next."""
        quiet = quiet_context()
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
        with on_device.inference():
            return work.carry_out()

    def voice(self, name: str = "") -> Voice:
        """Return how this engine turns mels into samples; `name` is a vocoder, "" its own."""
        if (name or self._vocoder) == "griffin-lim":
            return Voice()
        return Voice(self._net, iterations=4, loop_iterations=16)
