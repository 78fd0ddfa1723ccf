"""Check what is taken for music: noise and hums never are, plain music is."""

import numpy as np
import pytest

from msanii_live.audio import make_clip
from msanii_live.transcription.musicality import NOTHING_HEARD, Musicality, clearest
from msanii_live.transcription.transcribe import Listener

RATE = 44_100
SECONDS = 5
TIME = np.arange(SECONDS * RATE) / RATE


def hum(rng: np.random.Generator) -> np.ndarray:
    partials = (np.sin(2 * np.pi * 120 * k * TIME + rng.uniform(0, 6)) / k for k in range(1, 9))
    return sum(partials) + 0.03 * rng.normal(size=len(TIME))


def noise(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=len(TIME))


@pytest.mark.parametrize("sound", [noise, hum])
def test_noise_and_hum_are_no_music(sound):
    wave = sound(np.random.default_rng(1))
    wave = 0.1 * wave / np.sqrt(np.mean(wave**2))
    clip = make_clip(np.repeat(wave[:, None], 2, axis=1).astype(np.float32), RATE)
    assert not Listener().listen(clip).is_music


@pytest.mark.parametrize(
    ("heard", "is_music"),
    [
        (Musicality(beat=0.5, onsets=0.8, held=0.8, events=9.0), True),  # a band
        (Musicality(beat=0.6, onsets=0.05, held=0.05, events=6.0), True),  # drums alone
        (Musicality(beat=0.0, onsets=0.3, held=0.8, events=0.8), True),  # slow chords
        (Musicality(beat=0.0, onsets=0.9, held=0.7, events=3.5), True),  # a band out of time
        (Musicality(beat=0.21, onsets=0.78, held=0.31, events=3.6), False),  # a lively voice
        (Musicality(beat=0.14, onsets=0.4, held=0.25, events=1.2), False),  # speech
        (Musicality(beat=0.14, onsets=0.09, held=0.95, events=0.8), False),  # a hum
        (Musicality(beat=0.0, onsets=0.04, held=0.03, events=7.0), False),  # crackle
        (NOTHING_HEARD, False),
    ],
)
def test_a_beat_or_held_notes_with_onsets_make_music(heard, is_music):
    assert heard.is_music is is_music


def test_only_the_clearest_onsets_count():
    likely = np.zeros(100)
    likely[[10, 50]] = 0.8
    assert clearest(likely, 1.0) == pytest.approx(0.8)
    assert clearest(np.zeros(0), 1.0) == 0.0
