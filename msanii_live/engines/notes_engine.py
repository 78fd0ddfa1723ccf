"""What the engines that play notes have in common: weights, what a command asks, progress."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Generic, TypeVar

import torch

from msanii_live.audio import Clip
from msanii_live.engines import on_device
from msanii_live.engines.base import Capabilities, Context, notes_of, quiet_context
from msanii_live.errors import Code, CommandError
from msanii_live.models.device import name_of, network_dtype, pick_device
from msanii_live.models.instruments import INSTRUMENTS, NAMES, named
from msanii_live.models.weights_file import BROKEN
from msanii_live.notes import Note, Score
from msanii_live.protocol.commands import MakingCommand, Render

N = TypeVar("N")


class NotesEngine(ABC, Generic[N]):
    """Play notes with a network; see `Engine`."""

    def __init__(
        self,
        name: str,
        device: str,
        weights: Path,
        *,
        longest: float,
        steps: int,
        drums: bool,
        precision: str = "auto",
    ) -> None:
        """Take what the engine is called, the device's name, its weights and the precision."""
        self.name = name
        self.capabilities = Capabilities(
            verbs=(Render.address,),
            sample_rate=44_100,
            channels=2,
            longest=longest,
            steps=steps,
            needs_midi=True,
            timbres=NAMES,
            drums=drums,
        )
        self._device_name, self._asked = device, precision
        self._dtype = torch.float32  # until it is loaded
        self._weights = weights
        self._net: N | None = None

    @property
    def loaded(self) -> bool:
        """Tell whether the weights are in memory."""
        return self._net is not None

    @property
    def precision(self) -> str:
        """The precision of its networks, "" before they are loaded."""
        return name_of(self._dtype) if self._net is not None else ""

    def load(self) -> None:
        """Read the weights.

        Raises: CommandError: EENGINE where a file is missing, none of ours, or for other features;
        ConfigError: the device or its precision is not to be had here.
        """
        self._loaded()

    def free(self) -> None:
        """Give the memory back."""
        self._net = None
        on_device.give_back()

    def memory_mb(self) -> float:
        """Return GPU memory in use, MB."""
        return on_device.memory_mb()

    def warm(self) -> None:
        """Play one note, so that the first command is as fast as the next."""
        score = Score((Note(0.0, 0.5, 60, 80),), 1.0)
        self.run(Render(midi="warm", steps=1), quiet_context(score=lambda name: score))

    def run(self, command: MakingCommand, context: Context) -> Clip:
        """Carry a command out; see `Engine.run`."""
        if not isinstance(command, Render):
            raise CommandError(Code.EENGINE, f"{self.name} cannot {command.address}")
        net = self._loaded()
        with on_device.inference(self._dtype):
            return self._play(net, command, context)

    def _loaded(self) -> N:
        if self._net is None:
            device = pick_device(self._device_name)
            self._dtype = network_dtype(device, self._asked)
            try:
                self._net = self._read(self._weights, device)
            except BROKEN as error:
                raise CommandError(Code.EENGINE, f"cannot load {self._weights}: {error}") from None
        return self._net

    @abstractmethod
    def _read(self, weights: Path, device: torch.device) -> N:
        """Read the network, and whatever it needs beside it."""

    @abstractmethod
    def _play(self, net: N, command: Render, context: Context) -> Clip:
        """Play a command's notes, without gradients."""

    def _by_programs(self, command: Render, context: Context) -> Score:
        """Return a command's notes, for a network that knows timbres as programs alone.

        Raises: CommandError: ERANGE, there is no such instrument; and as `notes_of`.
        """
        if command.timbre2:
            context.warn(f"{self.name} does not mix timbres: timbre2 was ignored")
        if command.timbre:
            command = replace(command, program=INSTRUMENTS[instrument(command.timbre)])
        return notes_of(command, context, self.capabilities.longest)


def instrument(word: str) -> str:
    """Return the instrument that a word means.

    Raises: CommandError: ERANGE, there is none, with those there are.
    """
    name = named(word)
    if name is None:
        raise CommandError(
            Code.ERANGE, f"no timbre is called {word!r}; there are {', '.join(NAMES)}"
        )
    return name


def counted(context: Context, total: int) -> Callable[[], None]:
    """Tell that `total` steps begin; return what tells of each that is done."""
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1
        context.progress(min(done, total), total)

    context.progress(0, total)
    return advance
