"""Likelihoods that say exactly what is in a piece, to check what is read off them."""

import numpy as np
import torch

from msanii_live.training.data.composition.compose import compose
from msanii_live.training.data.composition.model import Composition
from msanii_live.training.data.heard_pieces import (
    HeardNote,
    HeardPiece,
    beat_times,
    chord_times,
)
from msanii_live.training.trainers.transcriber import target_of
from msanii_live.transcription.network import CHORDS, Likelihoods
from msanii_live.transcription.spectrogram import FRAMES_PER_SECOND
from msanii_live.transcription.transcribe import MARGIN

SECONDS = 16.0


def beginning(composition: Composition, seconds: float = SECONDS) -> HeardPiece:
    """Return what is heard in the first seconds of a composition."""
    step = 15 / composition.tempo
    notes = tuple(
        HeardNote(n.start * step, (n.start + n.length) * step, n.pitch, n.velocity, n.part)
        for n in composition.notes
        if n.start * step < seconds - 0.1
    )
    beats = beat_times(composition, 0.0, seconds)
    chords = chord_times(composition, 0.0, seconds)
    return HeardPiece(notes, beats, chords, dict(composition.programs))


def piece(seed: int, metre: tuple[int, int]) -> tuple[Composition, HeardPiece]:
    """Return a composition in a metre, and what is heard in its beginning."""
    composition = compose(seed, style="pop", metre=metre, bars=16)
    return composition, beginning(composition)


def certain(heard: HeardPiece, seconds: float = SECONDS) -> Likelihoods:
    """Return likelihoods that say what is heard, and nothing else."""
    frames = round(seconds * FRAMES_PER_SECOND)
    target = target_of(heard, 0, frames, 0)
    chords = torch.full((frames, CHORDS), -5.0)
    chords[torch.arange(frames), torch.from_numpy(target["chords"])] = 5.0

    def logits(name: str) -> torch.Tensor:
        likely = np.clip(target[name], 0.001, 0.999)
        return torch.from_numpy(np.log(likely / (1 - likely)).astype(np.float32))[None]

    return Likelihoods(
        logits("onsets"),
        logits("sounding"),
        torch.from_numpy(target["velocities"])[None],
        logits("drums"),
        torch.from_numpy(target["drum_velocities"])[None],
        logits("beats"),
        chords[None],
    )


def with_silence(made: Likelihoods) -> Likelihoods:
    """Return likelihoods with the silence around a clip that the network also hears."""

    def padded(values: torch.Tensor) -> torch.Tensor:
        silence = torch.full_like(values[:, :1], -7.0).expand(-1, MARGIN, *values.shape[2:])
        return torch.cat([silence, values, silence], dim=1)

    return Likelihoods(**{name: padded(values) for name, values in vars(made).items()})
