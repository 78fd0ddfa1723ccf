"""Repeat a texture without end: pieces of its spectrogram, whose phases go on from each other.

Where two pieces meet, each spectral peak of the second gets the phase that the peak before it would
have had. So a hum goes on as one tone, and noise stays noise, whichever pieces follow each other.

Source: Laroche & Dolson 1999, "Improved phase vocoder time-scale modification of audio", section
III, for the phases of peaks and of the bins around them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from msanii_live.audio import Samples

SIZE, HOP = 4_096, 1_024
SHORTEST, LONGEST = 16, 48  # mel frames of a piece that is repeated
CANDIDATES = 24  # places that are tried for each piece
LOOK = 12.0  # s of the source that are repeated
_SETTLING = 220  # frames over which a step at the seam is spread
_TINY = 1e-12

Spectra = NDArray[np.complex128]


def continue_texture(source: Samples, frames: int, rate: int, seed: int) -> Samples:
    """Return what follows a source: its texture, without a seam, float32 (frames, channels).

    source: float32, (n, channels).
    """
    source = source[-round(LOOK * rate) :]
    if frames <= 0 or not source.any():
        return np.zeros((max(0, frames), source.shape[1]), np.float32)
    known = source
    while len(known) < SIZE + 4 * HOP:  # a source of less than two tenths of a second
        known = np.concatenate([known, known[::-1]])
    window = np.hanning(SIZE + 1)[:-1]
    # The last frame ends where the source does.
    first = (len(known) - SIZE) % HOP
    places = range(first, len(known) - SIZE + 1, HOP)
    spectra = np.stack([np.fft.rfft(known[p : p + SIZE] * window[:, None], axis=0) for p in places])
    count = -(-(frames + SIZE) // HOP) + 1
    made = _follow(spectra, count, np.random.default_rng(seed))
    length = SIZE + count * HOP  # from the start of the source's last frame on
    added = np.zeros((length, source.shape[1]))
    weight = np.zeros((length, 1))
    shaped = window[:, None]
    before = SIZE // HOP - 1  # frames of the source that still sound where it ends
    tail = spectra[max(0, len(spectra) - before) :]
    for number, spectrum in enumerate([*tail, *made]):
        place = (number - len(tail) + 1) * HOP
        _add(added, weight, np.fft.irfft(spectrum, SIZE, axis=0) * shaped, window**2, place)
    sound = added / np.maximum(weight, 1e-3)
    out = sound[SIZE : SIZE + frames]
    step = known[-1] - sound[SIZE - 1]
    fade = np.maximum(0.0, 1.0 - np.arange(len(out)) / _SETTLING)[:, None] ** 2
    return np.asarray(out + step * fade, np.float32)


def _add(
    added: NDArray[np.float64], weight: NDArray[np.float64], piece: NDArray[np.float64],
    gain: NDArray[np.float64], place: int,
) -> None:  # fmt: skip
    """Add a frame at a place, which may lie partly before or after what is kept."""
    first, last = max(0, place), min(len(added), place + len(piece))
    if last > first:
        added[first:last] += piece[first - place : last - place]
        weight[first:last, 0] += gain[first - place : last - place]


def _follow(spectra: Spectra, count: int, rng: np.random.Generator) -> list[Spectra]:
    """Return so many spectra that follow the last one. spectra: (frames, bins, channels)."""
    sizes = np.abs(spectra).mean(2)
    logs = np.log(sizes + 1e-3 * float(sizes.mean()) + _TINY)
    logs -= logs.mean(1, keepdims=True)
    last, turn = len(spectra) - 1, np.ones((sizes.shape[1], 1), complex)
    at, left = last, 0
    made: list[Spectra] = []
    for _ in range(count):
        if left == 0 or at + 1 > last:
            target = _similar_place(logs, at, rng)
            turn = _turned(spectra, at, target, turn)
            at = target
            left = int(rng.integers(SHORTEST, LONGEST + 1))
        else:
            at += 1
        left -= 1
        made.append(spectra[at] * turn)
    return made


def _similar_place(logs: NDArray[np.float64], at: int, rng: np.random.Generator) -> int:
    """Return the place of a frame that could follow frame `at`: the most alike of some."""
    highest = max(1, len(logs) - SHORTEST)
    tried = rng.integers(1, highest + 1, CANDIDATES) if highest > 1 else np.ones(1, int)
    tried = np.minimum(tried, len(logs) - 1)
    away = tried[np.abs(tried - at) > 2]
    tried = away if len(away) else tried
    alike = np.square(logs[tried - 1] - logs[at]).mean(1)
    return int(tried[int(np.argmin(alike))])


def _turned(spectra: Spectra, at: int, target: int, turn: Spectra) -> Spectra:
    """Return by what to multiply the frames from `target` on, so that they follow frame `at`.

    turn: by what frame `at` was multiplied.
    """
    before, here = spectra[target - 1].sum(1), (spectra[at] * turn).sum(1)
    # What `target` adds to the phase of the frame before it is kept; that frame becomes `here`.
    change = here * before.conj()
    size = np.abs(before)
    peaks = np.flatnonzero(
        (size[2:-2] > size[1:-3]) & (size[2:-2] >= size[3:-1])
        & (size[2:-2] > size[:-4]) & (size[2:-2] >= size[4:])
    ) + 2  # fmt: skip
    if not len(peaks):
        return np.ones_like(turn)
    borders = (peaks[1:] + peaks[:-1]) // 2 + 1
    nearest = peaks[np.searchsorted(borders, np.arange(len(size)), "right")]
    chosen = change[nearest]
    return np.asarray((chosen / np.maximum(np.abs(chosen), _TINY))[:, None])
