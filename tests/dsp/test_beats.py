"""The beat tracker on clicks, grooves of the generator, and what has no beat."""

import numpy as np
import pytest

from msanii_live.dsp import beats
from msanii_live.dsp.beats import estimate_beat

RATE = 44_100


def clicks(bpm, seconds=8.0, first=0.0, accent=4):
    rng = np.random.default_rng(0)
    wave = np.zeros((round(seconds * RATE), 2), np.float32)
    burst = rng.standard_normal((3_000, 2)) * np.exp(-np.arange(3_000) / 600)[:, None]
    beat, at = 0, first
    while at * RATE + 3_000 < len(wave):
        place = round(at * RATE)
        wave[place : place + 3_000] += (burst * (1.0 if beat % accent == 0 else 0.4)).astype("f4")
        beat, at = beat + 1, at + 60 / bpm
    return wave


@pytest.mark.parametrize("bpm", [84.0, 97.5, 120.0, 124.0, 133.3])
@pytest.mark.parametrize("first", [0.0, 0.2])
def test_tempo_and_phase_of_clicks(bpm, first):
    pulse = estimate_beat(clicks(bpm, first=first), RATE)
    assert pulse.bpm == pytest.approx(bpm, rel=0.005)
    beats = -pulse.bar * 4 % 1.0 * 60 / bpm  # seconds to the next beat
    error = (beats - first + 30 / bpm) % (60 / bpm) - 30 / bpm
    assert abs(error) < 0.02


def test_a_loop_that_starts_on_its_bar_is_known_to():
    pulse = estimate_beat(clicks(124.0), RATE)
    assert min(pulse.bar, 1 - pulse.bar) < 0.02


def test_noise_tones_silence_and_scraps_have_no_beat():
    noise = np.random.default_rng(0).standard_normal((6 * RATE, 2)).astype(np.float32)
    tone = np.sin(np.arange(6 * RATE) / 20)[:, None].repeat(2, 1).astype(np.float32)
    for wave in (noise, tone, np.zeros_like(noise), clicks(120.0, 1.0)):
        assert estimate_beat(wave, RATE) is None


@pytest.mark.parametrize("frames", [1, 2, 100, 1_034])
def test_turns_are_those_of_an_exponential(frames):
    expected = np.exp(-2j * np.pi * np.arange(frames) / 87.3)
    np.testing.assert_allclose(beats._turns(frames, 87.3), expected, atol=1e-11)
