"""Check that what plays the same notes again is joined where the waves agree."""

import numpy as np

from msanii_live.audio import Samples
from msanii_live.playback.crossfade import OVERLAP_FRAMES, align_seam, splice

RATE = 44_100


def chord(phase: float, frames: int) -> Samples:
    t = np.arange(frames) / RATE
    wave = 0.3 * np.sin(2 * np.pi * 220 * t + phase) + 0.2 * np.sin(2 * np.pi * 330 * t + phase)
    return np.repeat(wave[:, None], 2, axis=1).astype(np.float32)


def test_a_chord_in_another_phase_goes_on_without_a_hole():
    source = chord(0.0, RATE)
    for phase in (0.7, 1.9, 3.1, 4.4):
        made = chord(phase, 2 * RATE)
        seam = align_seam(source, made, RATE)
        assert abs(seam - RATE) <= 220
        close = source[-OVERLAP_FRAMES:]
        piece, overlap = splice(close, made[seam - len(close) :], kept=True)
        fade = piece[:overlap, 0]
        assert np.sqrt((fade**2).mean()) > 0.93 * np.sqrt((source[:, 0] ** 2).mean())
        assert np.abs(np.diff(piece[:, 0])).max() < 1.1 * np.abs(np.diff(source[:, 0])).max()


def test_what_goes_on_as_it_was_and_silence_stay_at_the_seam():
    whole = chord(0.3, 2 * RATE)
    assert align_seam(whole[:RATE], whole, RATE) == RATE
    assert align_seam(np.zeros_like(whole[:RATE]), whole, RATE) == RATE
    assert align_seam(whole[:RATE], np.zeros_like(whole), RATE) == RATE
    assert align_seam(whole[:RATE], whole[:RATE], RATE) == RATE  # nothing after it to go to
    assert align_seam(whole[:0], whole, RATE) == RATE
