"""The base of the engines that render notes: weights, requested notes, progress."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Generic, TypeVar

import torch

from msanii_live.audio import Clip
from msanii_live.dsp import torch_runtime
from msanii_live.dsp.device import dtype_name, network_dtype, pick_device
from msanii_live.dsp.weights import READ_ERRORS
from msanii_live.engines.base import Capabilities, Context, standalone_context, unsupported_verb
from msanii_live.engines.notes.instruments import INSTRUMENT_NAMES, INSTRUMENTS, instrument_by_word
from msanii_live.engines.scores import requested_score
from msanii_live.errors import Code, CommandError
from msanii_live.notes import Note, Score
from msanii_live.protocol.commands import GenerationCommand, Render

N = TypeVar("N")


class NotesEngine(ABC, Generic[N]):
    """An engine that renders notes with a network; see `Engine`."""

    def __init__(
        self,
        name: str,
        device: str,
        weights: Path,
        *,
        max_seconds: float,
        steps: int,
        drums: bool,
        precision: str = "auto",
    ) -> None:
        """Take the engine's name, the device's name, the weights, and the precision."""
        self.name = name
        self.capabilities = Capabilities(
            verbs=(Render.address,),
            sample_rate=44_100,
            channels=2,
            max_seconds=max_seconds,
            steps=steps,
            needs_midi=True,
            timbres=INSTRUMENT_NAMES,
            drums=drums,
            follows=(),
        )
        self._device_name, self._wanted_precision = device, precision
        self._dtype = torch.float32  # until it is loaded
        self._weights = weights
        self._net: N | None = None

    @property
    def loaded(self) -> bool:
        """Whether the weights are in memory."""
        return self._net is not None

    @property
    def precision(self) -> str:
        """The precision of the network, "" before it is loaded."""
        return dtype_name(self._dtype) if self._net is not None else ""

    def load(self) -> None:
        """Read the weights.

        Raises: CommandError: EENGINE, a file is missing, damaged, or for other features;
        ConfigError: the device or its precision is not available.
        """
        self._load_network()

    def free(self) -> None:
        """Give the memory back."""
        self._net = None
        torch_runtime.release_memory()

    def memory_mb(self) -> float:
        """Return GPU memory in use, MB."""
        return torch_runtime.gpu_memory_mb()

    def warm(self) -> None:
        """Render one note, so that the first command is as fast as the next."""
        score = Score((Note(0.0, 0.5, 60, 80),), 1.0)
        self.run(Render(midi="warm", steps=1), standalone_context(score=lambda name: score))

    def run(self, command: GenerationCommand, context: Context) -> Clip:
        """Carry a command out; see `Engine.run`."""
        if not isinstance(command, Render):
            raise unsupported_verb(self.name, command)
        net = self._load_network()
        with torch_runtime.inference(self._dtype):
            return self._render(net, command, context)

    def _load_network(self) -> N:
        if self._net is None:
            device = pick_device(self._device_name)
            self._dtype = network_dtype(device, self._wanted_precision)
            try:
                self._net = self._read(self._weights, device)
            except READ_ERRORS as error:
                raise CommandError(Code.EENGINE, f"cannot load {self._weights}: {error}") from None
        return self._net

    @abstractmethod
    def _read(self, weights: Path, device: torch.device) -> N:
        """Read the network, and what it needs besides its weights."""

    @abstractmethod
    def _render(self, net: N, command: Render, context: Context) -> Clip:
        """Render the notes of a command; gradients are off."""

    def _by_programs(self, command: Render, context: Context) -> Score:
        """Return the notes of a command for a network whose timbres are programs.

        Raises: CommandError: ERANGE, there is no such instrument; and as `requested_score`.
        """
        if command.timbre2:
            context.warn(f"{self.name} does not mix timbres: timbre2 was ignored")
        if command.timbre:
            command = replace(command, program=INSTRUMENTS[find_instrument(command.timbre)])
        return requested_score(command, context, self.capabilities.max_seconds)


def find_instrument(word: str) -> str:
    """Return the instrument that a word stands for.

    Raises: CommandError: ERANGE, it stands for none; the text lists the instruments.
    """
    name = instrument_by_word(word)
    if name is None:
        raise CommandError(
            Code.ERANGE, f"no timbre is called {word!r}; there are {', '.join(INSTRUMENT_NAMES)}"
        )
    return name


def progress_counter(context: Context, total: int) -> Callable[[], None]:
    """Report the start of `total` steps; return a function that reports one more as done."""
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1
        context.progress(min(done, total), total)

    context.progress(0, total)
    return advance
