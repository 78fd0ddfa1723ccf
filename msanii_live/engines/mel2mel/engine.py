"""The mel2mel engine: a network for the mel, a vocoder for the samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from msanii_live.audio import Clip
from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS
from msanii_live.engines.base import Context, EngineSettings, engine_factory
from msanii_live.engines.mel2mel import network as mel2mel
from msanii_live.engines.mel2mel.brightness import match_brightness
from msanii_live.engines.mel2mel.network import (
    Mel2Mel,
    count_chunks,
    on_keyboard,
    piano_rolls,
)
from msanii_live.engines.mel2mel.velocities import played_by
from msanii_live.engines.notes.base import find_instrument, progress_counter
from msanii_live.engines.notes.instruments import nearest_instrument
from msanii_live.engines.notes.played_parts import finish_parts
from msanii_live.engines.notes.stereo import PlacedWave, place
from msanii_live.engines.notes.synthesis import (
    VocodedNotesEngine,
    increase_contrast,
    mel_grid,
    vocode_grid,
)
from msanii_live.engines.scores import requested_score
from msanii_live.errors import Code, CommandError
from msanii_live.notes import PARTS, Note, Score, part_of
from msanii_live.protocol.commands import Render

WEIGHTS = "mel2mel.safetensors"
MAX_SECONDS = 600.0
LOOP_PADDING = 344  # mel frames of a loop that are rendered before its start and after its end


@dataclass(frozen=True)
class _Part:
    """Notes of one timbre, which may be morphed towards another.

    timbre, timbre2: float32, (dimensions,); timbre2 is None without a morph. mix: 0 to 1.
    """

    notes: tuple[Note, ...]
    timbre: torch.Tensor
    timbre2: torch.Tensor | None
    mix: float

    @property
    def rendered_timbres(self) -> tuple[torch.Tensor, ...]:
        """The timbres to render: of a morph both ends too, to which its brightness is matched."""
        if self.timbre2 is None or self.mix == 0.0:
            return (self.timbre,)
        if self.mix == 1.0:
            return (self.timbre2,)
        between = torch.lerp(self.timbre, self.timbre2, self.mix)
        return (between, self.timbre, self.timbre2)


class Mel2MelEngine(VocodedNotesEngine[Mel2Mel]):
    """A fast and deterministic engine of notes whose timbres can be morphed."""

    def __init__(
        self,
        device: str,
        weights: Path = SHIPPED_WEIGHTS / WEIGHTS,
        name: str = "mel2mel",
        vocoder: str = "vocos",
        precision: str = "auto",
    ) -> None:
        """Take the device's name, a file of weights, the vocoder's name, and the precision."""
        super().__init__(
            name, device, weights, vocoder, mel2mel.load,
            max_seconds=MAX_SECONDS, steps=1, drums=False, precision=precision,
        )  # fmt: skip

    def _render(self, net: Mel2Mel, command: Render, context: Context) -> Clip:
        score = requested_score(command, context, MAX_SECONDS)
        parts = self._parts(net, command, score, context.warn)
        placed = self._placed_wave(net, parts, score, context)
        return finish_parts(placed, score, net.spec.sample_rate, context).clip

    # -- parts ---------------------------------------------------------------------------------

    def _parts(
        self, net: Mel2Mel, command: Render, score: Score, warn: Callable[[str], object]
    ) -> list[_Part]:
        """Group the notes by timbre.

        Raises: CommandError: ERANGE, a timbre is unknown; EPATH, there are only drums.
        """
        notes = [note for note in score.notes if not note.drum]
        if not notes:
            raise CommandError(
                Code.EPATH,
                f"{command.midi!r} has only drums: note-diffusion plays them",
            )
        if len(notes) < len(score.notes):
            warn("drums were left out: note-diffusion plays them")
        other = find_instrument(command.timbre2) if command.timbre2 else ""
        by_name: dict[str, list[Note]] = {}
        if command.timbre:
            by_name[find_instrument(command.timbre)] = notes
        else:
            for note in notes:
                by_name.setdefault(nearest_instrument(note.program), []).append(note)
        timbre2 = net.timbre_of(other) if other else None
        return [
            _Part(
                played_by(some, name, other, command.mix), net.timbre_of(name), timbre2, command.mix
            )
            for name, some in by_name.items()
        ]

    # -- sound ---------------------------------------------------------------------------------

    def _placed_wave(
        self, net: Mel2Mel, parts: Sequence[_Part], score: Score, context: Context
    ) -> PlacedWave:
        """Return the samples in stereo."""
        spec, device = net.spec, net.enter.weight.device
        grid = mel_grid(score, spec)
        count = grid.count
        around = LOOP_PADDING if grid.is_loop else 0
        notes = [replace(n, pitch=on_keyboard(n.pitch)) for part in parts for n in part.notes]
        vocoder = grid.vocoder(self._vocoder, notes)
        passes = sum(len(part.rendered_timbres) for part in parts)
        total = passes * count_chunks(count + 2 * around) + grid.iterations(vocoder) + 1
        advance = progress_counter(context, total)
        powers: dict[str, torch.Tensor] = {}
        for part in parts:
            rolls = piano_rolls(part.notes, count, grid.seconds_per_frame)
            if around:  # the end of a loop rings into its start
                rolls = rolls[torch.arange(-around, count + around) % count]
            mels = []
            for timbre in part.rendered_timbres:
                mel = net.predict_in_chunks(rolls[None].to(device), timbre[None], advance)[0]
                mels.append(increase_contrast(mel[around : around + count]))
            mel = mels[0]
            if len(mels) == 3:
                mel = match_brightness(mel, mels[1], mels[2], part.mix, spec)
            name = part_of(part.notes[0])
            powers[name] = powers.get(name, 0.0) + (2 * mel).exp()
        power = torch.stack([powers[name] for name in PARTS if name in powers])
        mel = 0.5 * power.sum(0).T.clamp_min(spec.floor**2).log()
        wave = vocode_grid(mel, grid, vocoder, context.seed, advance)
        frames, by_part = grid.frame_grid(device), self._notes_of(parts)
        shares = power / power.sum(0).clamp_min(1e-30)
        placed = place(wave, by_part, shares, frames, spec)
        context.progress(total, total)
        return placed

    @staticmethod
    def _notes_of(parts: Sequence[_Part]) -> dict[str, list[Note]]:
        """Return the notes of each part of the music; those of one timbre are one part's."""
        found = {name: list[Note]() for name in PARTS}
        for part in parts:
            found[part_of(part.notes[0])] += part.notes
        return {name: notes for name, notes in found.items() if notes}


@engine_factory(plugin_api=1)
def create(settings: EngineSettings) -> Mel2MelEngine:
    """Make the engine, with the shipped weights unless the settings name others."""
    weights = settings.weights or SHIPPED_WEIGHTS / WEIGHTS
    return Mel2MelEngine(
        settings.device, weights, settings.name, settings.vocoder, settings.precision
    )
