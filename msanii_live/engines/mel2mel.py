"""The engine that plays notes: Mel2Mel for the mel, a vocoder for the samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from msanii_live.audio import Clip
from msanii_live.engines import on_device
from msanii_live.engines.base import (
    Capabilities,
    Context,
    notes_of,
    quiet_context,
)
from msanii_live.engines.note_sound import canvas_for, clip_of, sound
from msanii_live.engines.vocoders import SHIPPED, Vocoders
from msanii_live.errors import Code, CommandError
from msanii_live.models import mel2mel
from msanii_live.models.brightness import led
from msanii_live.models.device import pick_device
from msanii_live.models.instruments import NAMES, named, nearest
from msanii_live.models.mel2mel import Mel2Mel, chunks, rolls, sharpened
from msanii_live.models.vocoding import Voice
from msanii_live.models.weights_file import BROKEN
from msanii_live.notes import Note, Score
from msanii_live.protocol.commands import MakingCommand, Render

WEIGHTS = "mel2mel.safetensors"
LONGEST = 600.0  # s
AROUND = 344  # mel frames of a loop that are played before its start and after its end
# Of the phase search after the vocoder: with 4, as the flow has it, basic-pitch hears a twentieth
# fewer of the notes of a true mel, with 24 no more.
ITERATIONS, LOOP_ITERATIONS = 12, 16


@dataclass(frozen=True)
class _Part:
    """Hold the notes that are played with one timbre, and on the way to which other it is.

    timbre, towards: float32, (dimensions,); towards is None where there is no other. mix: 0 to 1.
    """

    notes: tuple[Note, ...]
    timbre: torch.Tensor
    towards: torch.Tensor | None
    mix: float

    @property
    def corners(self) -> tuple[torch.Tensor, ...]:
        """The timbres that have to be played: what lies between two is held between them."""
        if self.towards is None or self.mix == 0.0:
            return (self.timbre,)
        if self.mix == 1.0:
            return (self.towards,)
        between = torch.lerp(self.timbre, self.towards, self.mix)
        return (between, self.timbre, self.towards)


class MelToMel:
    """Render notes: quick, deterministic, with timbres that can be mixed."""

    def __init__(
        self,
        device: str,
        weights: Path = SHIPPED / WEIGHTS,
        name: str = "mel2mel",
        vocoder: str = "vocos",
    ) -> None:
        """Take the device's name, a file of weights, and the vocoder's name."""
        self.name = name
        self.capabilities = Capabilities(
            verbs=(Render.address,),
            sample_rate=44_100,
            channels=2,
            longest=LONGEST,
            steps=1,
            needs_midi=True,
            timbres=NAMES,
        )
        self._device_name = device
        self._weights = weights
        refined = Voice(iterations=ITERATIONS, loop_iterations=LOOP_ITERATIONS)
        self._vocoders = Vocoders(weights, vocoder, refined)
        self._net: Mel2Mel | None = None
        self._voice = Voice()

    @property
    def loaded(self) -> bool:
        """Tell whether the weights are in memory."""
        return self._net is not None

    def load(self) -> None:
        """Read the weights.

        Raises: CommandError: EENGINE where a file is missing, none of ours, or for other features.
        """
        if self._net is not None:
            return
        device = pick_device(self._device_name)
        try:
            net = mel2mel.load(self._weights, device)
        except BROKEN as error:
            raise CommandError(Code.EENGINE, f"cannot load {self._weights}: {error}") from None
        self._voice = self._vocoders.voice("", net.spec, device)
        self._net = net

    def free(self) -> None:
        """Give the memory back."""
        self._net = None
        self._voice = Voice()
        self._vocoders.free()
        on_device.give_back()

    def memory_mb(self) -> float:
        """Return GPU memory in use, MB."""
        return on_device.memory_mb()

    def warm(self) -> None:
        """Play one note, so that the first command is as fast as the next."""
        note = Note(0.0, 0.5, 60, 80)
        context = quiet_context(score=lambda name: Score((note,), 1.0))
        self.run(Render(midi="warm"), context)

    def run(self, command: MakingCommand, context: Context) -> Clip:
        """Carry a command out; see `Engine.run`."""
        if not isinstance(command, Render):
            raise CommandError(Code.EENGINE, f"{self.name} cannot {command.address}")
        self.load()
        assert self._net is not None
        score = notes_of(command, context, LONGEST)
        with torch.inference_mode():
            parts = self._parts(command, score, context.warn)
            wave = self._wave(self._net, parts, score, context)
        return clip_of(wave, score, self._net.spec.sample_rate, context)

    # -- notes ---------------------------------------------------------------------------------

    def _parts(self, command: Render, score: Score, warn: Callable[[str], None]) -> list[_Part]:
        """Share the notes out among timbres.

        Raises: CommandError: ERANGE, a timbre is unknown; EPATH, there are only drums.
        """
        assert self._net is not None
        notes = [note for note in score.notes if not note.drum]
        if not notes:
            raise CommandError(
                Code.EPATH, f"{command.midi!r} has only drums, which {self.name} has not"
            )
        if len(notes) < len(score.notes):
            warn(f"drums were left out: {self.name} has none")
        towards = self._timbre(command.timbre2) if command.timbre2 else None

        if command.timbre:
            timbre = self._timbre(command.timbre)
            return [_Part(tuple(notes), timbre, towards, command.mix)]
        by_name: dict[str, list[Note]] = {}
        for note in notes:
            by_name.setdefault(nearest(note.program), []).append(note)
        return [
            _Part(tuple(some), self._net.timbre_of(name), towards, command.mix)
            for name, some in by_name.items()
        ]

    def _timbre(self, word: str) -> torch.Tensor:
        assert self._net is not None
        name = named(word)
        if name is None:
            raise CommandError(
                Code.ERANGE, f"no timbre is called {word!r}; there are {', '.join(NAMES)}"
            )
        return self._net.timbre_of(name)

    # -- sound ---------------------------------------------------------------------------------

    def _wave(
        self, net: Mel2Mel, parts: Sequence[_Part], score: Score, context: Context
    ) -> torch.Tensor:
        """Make the samples, float32, (frames,)."""
        spec, device = net.spec, net.enter.weight.device
        canvas = canvas_for(score, spec)
        count = canvas.count
        around = AROUND if canvas.closes else 0
        played = sum(len(part.corners) for part in parts)
        total = played * chunks(count + 2 * around) + canvas.iterations(self._voice) + 1
        done = 0

        def advance() -> None:
            nonlocal done
            done += 1
            context.progress(min(done, total), total)

        context.progress(0, total)
        power = torch.zeros(spec.mels, count, device=device)
        for part in parts:
            drawn = rolls(part.notes, count, canvas.seconds_a_frame)
            if around:  # what rings at the end is heard at the start
                drawn = drawn[torch.arange(-around, count + around) % count]
            mels = []
            for corner in part.corners:
                mel = net.play(drawn[None].to(device), corner[None], advance)[0]
                mels.append(sharpened(mel[around : around + count]))
            mel = mels[0]
            if len(mels) == 3:
                mel = led(mel, mels[1], mels[2], part.mix, spec)
            power += (2 * mel.T).exp()
        mel = 0.5 * power.clamp_min(spec.floor**2).log()
        wave = sound(mel, canvas, self._voice, context.seed, advance)
        context.progress(total, total)
        return wave
