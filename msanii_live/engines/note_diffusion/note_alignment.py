"""Notes as inputs of note diffusion: a token for each note, and its alignment with mel frames.

The published Spectrogram Diffusion gets notes as a sequence of events, and has to learn which of
them belong together and when they happen. Here a token is a whole note, as in compound words
(Hsiao et al. 2021, arXiv:2101.02402, section 3), and its alignment is an input. So a model is
small enough to train on two CPU cores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from msanii_live.engines.notes.instruments import substitute_program
from msanii_live.notes import PARTS, Note, part_of

KEYS = 128  # of MIDI; drums have as many after them
MAX_RELEASE = 1.5  # s that a note may ring after its end
_DECAYS = (0.1, 0.5, 2.0)  # s
ALIGNMENT_FEATURES = 2 + 2 * len(_DECAYS)  # per note and mel frame


@dataclass(frozen=True)
class NoteBatch:
    """The notes of several windows, each tensor (batch, count).

    key: int, 0 for padding, then MIDI keys from 1, then drums. program: int, index into the
    network's programs, one past the last for drums. velocity: 0 to 1. start, end: mel frames from
    the first of the window. part: int, index into PARTS.
    """

    key: torch.Tensor
    program: torch.Tensor
    velocity: torch.Tensor
    start: torch.Tensor
    end: torch.Tensor
    part: torch.Tensor

    def to(self, device: torch.device) -> NoteBatch:
        """Return the batch on a device."""
        return NoteBatch(*(getattr(self, name).to(device) for name in self.__dataclass_fields__))


def note_batch(
    windows: Sequence[Sequence[Note]], programs: Sequence[int], frames_per_second: float
) -> NoteBatch:
    """Return the notes of windows as a batch. Times: s from the start of the window.

    programs: those of the network; others are replaced by the nearest of them.
    """
    count = max(1, *(len(notes) for notes in windows))
    key, program, part = (torch.zeros(len(windows), count, dtype=torch.long) for _ in range(3))
    velocity, start, end = (torch.zeros(len(windows), count) for _ in range(3))
    place = {known: number for number, known in enumerate(programs)}
    for row, notes in enumerate(windows):
        for column, note in enumerate(notes):
            key[row, column] = 1 + note.pitch + (KEYS if note.drum else 0)
            known = substitute_program(note.program)
            program[row, column] = len(programs) if note.drum else place[known]
            velocity[row, column] = note.velocity / 127
            start[row, column] = note.start * frames_per_second
            end[row, column] = note.end * frames_per_second
            part[row, column] = PARTS.index(part_of(note))
    return NoteBatch(key, program, velocity, start, end, part)


def alignment_features(notes: NoteBatch, mel_frames: int, frames_per_second: float) -> torch.Tensor:
    """Return features of each note at each mel frame.

    They are: onset, held, and for each decay time an exponential since the onset while it is held
    and one since its end. float32, 0 to 1, (batch, mel_frames, count, ALIGNMENT_FEATURES).
    """
    place = torch.arange(mel_frames, device=notes.key.device, dtype=torch.float32)[None, :, None]
    there = (notes.key > 0)[:, None]
    since, until = place - notes.start[:, None], notes.end[:, None] - place
    begins = (1 - since.abs()).clamp_min(0)
    sounds = ((since + 0.5).clamp(0, 1) * (until + 0.5).clamp(0, 1)) * there
    ended = (0.5 - until).clamp(0, 1) * there
    features = [begins * there, sounds]
    for decay in _DECAYS:
        rate = 1 / (decay * frames_per_second)
        features.append(sounds * (-rate * since.clamp_min(0)).exp())
        features.append(ended * (rate * until.clamp_max(0)).exp())
    return torch.stack(features, dim=-1)


class NoteEmbedding(nn.Module):
    """An embedding of notes: key, program, part, velocity and duration."""

    def __init__(self, programs: int, width: int) -> None:
        super().__init__()
        self.key = nn.Embedding(2 * KEYS + 1, width)
        self.program = nn.Embedding(programs + 1, width)
        self.part = nn.Embedding(len(PARTS), width)
        self.numbers = nn.Linear(5, width)
        nn.init.normal_(self.key.weight, std=0.5)
        nn.init.normal_(self.program.weight, std=0.5)
        nn.init.zeros_(self.part.weight)

    def forward(self, notes: NoteBatch, frames_per_second: float) -> torch.Tensor:
        """Return (batch, count, width)."""
        lasting = ((notes.end - notes.start) / frames_per_second).clamp_min(0.01).log()
        struck = notes.velocity
        pitch = ((notes.key - 1) % KEYS - 60) / 24
        level = struck.clamp_min(1 / 127).log()  # to which the level in a log mel is proportional
        numbers = torch.stack([lasting, struck, struck.square(), pitch, level], dim=-1)
        which = self.key(notes.key) + self.program(notes.program) + self.part(notes.part)
        out: torch.Tensor = which + self.numbers(numbers)
        return out
