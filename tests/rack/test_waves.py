"""Test oscillators, ensembles and filters of the rack."""

import numpy as np
import pytest

from msanii_live.rack.filters import highpass, moving_filter
from msanii_live.rack.instruments.ensembles import SEVEN, SUPERSAW
from msanii_live.rack.loops import LOOP_FRAMES, EnsembleSpec, ensemble_loop, read_loop
from msanii_live.rack.waves import (
    RATE,
    harmonic_count,
    oscillator,
    pitch_hz,
    read_bank,
    swept_phase,
    wave_bank,
)
from tests.rack.spectra import centroid, power


@pytest.mark.parametrize("shape", ["saw", "square", "pulse25"])
def test_a_wave_of_two_kilohertz_aliases_below_60_db(shape: str) -> None:
    hertz, energy = power(oscillator(shape, 2_003.0, RATE))
    near = np.abs(hertz / 2_003.0 - np.round(hertz / 2_003.0)) * 2_003.0 < 6.0
    harmonic = near & (hertz > 1_000.0)
    assert 10 * np.log10(energy[~harmonic].max() / energy.max()) < -60


@pytest.mark.parametrize("pitch", [28, 45, 64, 88])
def test_a_saw_has_harmonics_up_to_the_top_and_none_above(pitch: int) -> None:
    top = harmonic_count(pitch_hz(pitch)) * pitch_hz(pitch)
    assert 13_000 < top <= 19_000


def test_a_saw_falls_by_6_db_an_octave() -> None:
    hertz, energy = power(oscillator("saw", 441.0, RATE))
    levels = [10 * np.log10(energy[np.argmin(np.abs(hertz - 441.0 * n))]) for n in (1, 2, 4, 8)]
    assert np.allclose(np.diff(levels), -6.02, atol=0.2)


def test_a_resonant_filter_peaks_at_its_cutoff() -> None:
    bank = wave_bank("saw", 0.85, harmonic_count(110.0))
    phase = swept_phase(np.full(RATE, 110.0))
    hertz, energy = power(read_bank(bank, phase, np.full(RATE, 3.0)))
    harmonics = [energy[np.argmin(np.abs(hertz - 110.0 * n))] for n in range(1, 17)]
    assert int(np.argmax(harmonics[2:])) + 3 == 8  # three octaves above the fundamental


def test_the_cutoff_moves_without_steps() -> None:
    bank = wave_bank("saw", 0.5, harmonic_count(55.0))
    phase, octaves = swept_phase(np.full(RATE, 55.0)), np.linspace(0.0, 7.0, RATE)
    swept = read_bank(bank, phase, octaves)
    assert centroid(swept[: RATE // 4]) < 0.5 * centroid(swept[-RATE // 4 :])
    dark = swept[: RATE // 4]
    assert np.abs(np.diff(dark)).max() < 0.05


def test_a_supersaw_has_seven_oscillators_within_a_fifth_of_a_semitone() -> None:
    loop = ensemble_loop(SUPERSAW, 69)[-1]
    hertz, energy = power(loop)
    inside = (hertz > 430.0) & (hertz < 450.0)
    peaks = inside & (energy > energy[inside].max() * 1e-3)
    cents = 1_200 * np.log2(hertz[peaks] / 440.0)
    assert cents.min() == pytest.approx(SEVEN[0], abs=2.0)
    assert cents.max() == pytest.approx(SEVEN[-1], abs=2.0)


def test_a_loop_has_no_seam_and_is_wide() -> None:
    loop = ensemble_loop(SUPERSAW, 52)[-1]
    step = np.abs(loop[:, 0] - loop[:, -1]).max()
    assert step <= np.abs(np.diff(loop)).max()
    assert abs(np.corrcoef(loop)[0, 1]) < 0.9


def test_reading_a_loop_goes_round_it() -> None:
    loop = ensemble_loop(EnsembleSpec(cutoffs=(500.0, 4_000.0)), 60)
    read = read_loop(loop, LOOP_FRAMES - 100, 300, 1.0)
    assert np.array_equal(read[:, :100], loop[1][:, -100:])
    assert np.array_equal(read[:, 100:], loop[1][:, :200])
    assert centroid(read_loop(loop, 0, 8_000, 0.0)) < centroid(read_loop(loop, 0, 8_000, 1.0))


def test_a_moving_filter_carries_its_state_over_blocks() -> None:
    tone = np.sin(2 * np.pi * 200.0 * np.arange(8_000) / RATE).astype(np.float32)
    still = moving_filter(tone, np.full(8_000, 2_000.0, np.float32), 0.7)
    steps = np.abs(np.diff(still[2_000:]))
    assert steps.max() < 1.05 * 2 * np.pi * 200.0 / RATE
    assert np.abs(moving_filter(tone, np.full(8_000, 20.0, np.float32), 0.7)[4_000:]).max() < 0.02


def test_a_highpass_takes_dc_away() -> None:
    wave = highpass(np.ones((2, 2 * RATE), np.float32), 22.0)
    assert np.abs(wave[:, RATE:]).max() < 1e-3
