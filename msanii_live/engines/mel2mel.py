"""The engine that plays notes: Mel2Mel for the mel, a vocoder for the samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from msanii_live.audio import Clip
from msanii_live.engines.base import Context, notes_of
from msanii_live.engines.note_sound import VoicedNotes, canvas_for, clip_of, sound
from msanii_live.engines.notes_engine import counted, instrument
from msanii_live.engines.vocoders import SHIPPED
from msanii_live.errors import Code, CommandError
from msanii_live.models import mel2mel
from msanii_live.models.brightness import led
from msanii_live.models.instruments import nearest
from msanii_live.models.mel2mel import Mel2Mel, chunks, on_keyboard, rolls, sharpened
from msanii_live.notes import Note, Score
from msanii_live.protocol.commands import Render

WEIGHTS = "mel2mel.safetensors"
LONGEST = 600.0  # s
AROUND = 344  # mel frames of a loop that are played before its start and after its end


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


class MelToMel(VoicedNotes[Mel2Mel]):
    """Render notes: quick, deterministic, with timbres that can be mixed."""

    def __init__(
        self,
        device: str,
        weights: Path = SHIPPED / WEIGHTS,
        name: str = "mel2mel",
        vocoder: str = "vocos",
        precision: str = "auto",
    ) -> None:
        """Take the device's name, a file of weights, the vocoder's name, and the precision."""
        super().__init__(
            name, device, weights, vocoder, mel2mel.load,
            longest=LONGEST, steps=1, drums=False, precision=precision,
        )  # fmt: skip

    def _play(self, net: Mel2Mel, command: Render, context: Context) -> Clip:
        score = notes_of(command, context, LONGEST)
        parts = self._parts(net, command, score, context.warn)
        return clip_of(self._wave(net, parts, score, context), score, net.spec, context)

    # -- notes ---------------------------------------------------------------------------------

    def _parts(
        self, net: Mel2Mel, command: Render, score: Score, warn: Callable[[str], None]
    ) -> list[_Part]:
        """Share the notes out among timbres.

        Raises: CommandError: ERANGE, a timbre is unknown; EPATH, there are only drums.
        """
        notes = [note for note in score.notes if not note.drum]
        if not notes:
            raise CommandError(
                Code.EPATH, f"{command.midi!r} has only drums, which {self.name} has not"
            )
        if len(notes) < len(score.notes):
            warn(f"drums were left out: {self.name} has none")
        towards = net.timbre_of(instrument(command.timbre2)) if command.timbre2 else None

        if command.timbre:
            timbre = net.timbre_of(instrument(command.timbre))
            return [_Part(tuple(notes), timbre, towards, command.mix)]
        by_name: dict[str, list[Note]] = {}
        for note in notes:
            by_name.setdefault(nearest(note.program), []).append(note)
        return [
            _Part(tuple(some), net.timbre_of(name), towards, command.mix)
            for name, some in by_name.items()
        ]

    # -- sound ---------------------------------------------------------------------------------

    def _wave(
        self, net: Mel2Mel, parts: Sequence[_Part], score: Score, context: Context
    ) -> torch.Tensor:
        """Make the samples, float32, (frames,)."""
        spec, device = net.spec, net.enter.weight.device
        canvas = canvas_for(score, spec)
        count = canvas.count
        around = AROUND if canvas.closes else 0
        notes = [replace(n, pitch=on_keyboard(n.pitch)) for part in parts for n in part.notes]
        voice = canvas.voice(self._voice, notes)
        played = sum(len(part.corners) for part in parts)
        total = played * chunks(count + 2 * around) + canvas.iterations(voice) + 1
        advance = counted(context, total)
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
        wave = sound(mel, canvas, voice, context.seed, advance)
        context.progress(total, total)
        return wave
