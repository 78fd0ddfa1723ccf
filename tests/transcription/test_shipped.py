"""Check that the transcriber that ships hears plain notes."""

import numpy as np

from msanii_live.audio import make_clip
from msanii_live.transcription.transcribe import Listener
from msanii_live.transcription.weights import SHIPPED

RATE = 44_100
KEYS = (48, 55, 60, 64, 67, 64, 60, 55)
EVERY = 0.5  # s


def plucked(key: int, seconds: float) -> np.ndarray:
    """Return a decaying tone with eight partials."""
    time = np.arange(round(seconds * RATE)) / RATE
    hertz = 440 * 2 ** ((key - 69) / 12)
    partials = (np.sin(2 * np.pi * n * hertz * time) / n**1.2 for n in range(1, 9))
    return sum(partials) * np.exp(-4 * time) * np.minimum(1, time / 0.003)


def test_most_plucked_notes_are_heard_at_their_places() -> None:
    wave = np.concatenate([plucked(key, EVERY) for key in KEYS])
    samples = np.repeat(0.3 * wave[:, None], 2, axis=1).astype(np.float32)
    score = Listener().score(make_clip(samples, RATE))
    found = {
        number
        for number, key in enumerate(KEYS)
        for note in score.notes
        if note.pitch == key and abs(note.start - EVERY * number) < 0.05
    }
    assert len(found) >= len(KEYS) // 2
    assert score.seconds == len(KEYS) * EVERY


def test_the_weights_are_small() -> None:
    assert SHIPPED.stat().st_size < 6_000_000
