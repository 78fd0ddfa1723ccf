"""The mels of published 16 kHz models, and a way back to samples without their decoder.

Source: Hawthorne et al. 2022, arXiv:2206.05408, section 3.2: windows of 640 samples every 320 from
their beginning, 128 unweighted triangles on the HTK scale from 0 to 8,000 Hz, ln magnitude of at
least 1e-5. They take spectra of 1,024 points; here of 640, the bank scaled for as many fewer bins.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
import torchaudio

from msanii_live.dsp.phase import Line, griffin_lim

RATE, WINDOW, HOP, MELS = 16_000, 640, 320, 128
FLOOR = 1e-5
ITERATIONS = 60  # of the phase search
_POINTS = 1_024  # of their spectra
_FITTINGS = 30  # steps that find magnitudes for a mel


@cache
def bank() -> torch.Tensor:
    """Return the triangles, float32, (bins, mels)."""
    found: torch.Tensor = torchaudio.functional.melscale_fbanks(
        WINDOW // 2 + 1, 0.0, RATE / 2, MELS, RATE, norm=None, mel_scale="htk"
    )
    return found * (_POINTS / WINDOW)


def frames_of(length: int, mel_frames: int, device: torch.device) -> Line:
    """Place frames that begin a hop after one another, after one that begins before the signal."""
    return Line(torch.hann_window(WINDOW, device=device), length, mel_frames + 1, HOP)


def mel_of(wave: torch.Tensor) -> torch.Tensor:
    """Return ln mel magnitudes, (mel_frames, mels), of a wave at RATE, (frames,)."""
    count = -(-len(wave) // HOP)
    size = frames_of(len(wave), count, wave.device).analyse(wave[None])[0, 1:].abs()
    return (size @ bank().to(wave.device)).clamp_min(FLOOR).log()


def samples_of(
    mel: torch.Tensor, generator: torch.Generator, on_iteration: Callable[[], None]
) -> torch.Tensor:
    """Find samples at RATE, (mel_frames * HOP,), whose mel is this one, (mel_frames, mels).

    on_iteration: called ITERATIONS times; an exception from it ends the work.
    """
    weights = bank().to(mel.device)
    known = weights.sum(0) > 0  # the narrowest triangles fall between two bins
    target, weights = mel.exp()[:, known], weights[:, known]
    covered = weights.sum(1).clamp_min(1e-8)
    size = (target / weights.sum(0)) @ weights.T / covered
    for _ in range(_FITTINGS):  # see `mel.mel_to_magnitude`
        ratio = target / (size @ weights).clamp_min(1e-9)
        size = size * (ratio @ weights.T) / covered
    size = torch.cat([size[:1], size])  # of the frame that begins before
    length = len(mel) * HOP
    start = 1e-2 * torch.randn(1, length, generator=generator).to(mel.device)
    made = griffin_lim(
        size[None],
        frames_of(length, len(mel), mel.device),
        start=start,
        iterations=ITERATIONS,
        on_iteration=lambda _: on_iteration(),
    )
    return made[0]
