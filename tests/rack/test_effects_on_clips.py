"""Test drive and space on clips that other engines made."""

from dataclasses import replace

import numpy as np
import pytest

from msanii_live.audio import make_clip, rms_dbfs
from msanii_live.audio.limiter import true_peaks
from msanii_live.rack.effects.on_clips import with_effects
from tests.rack.spectra import RATE, decay, share


def struck(loops: bool = False, stems: bool = True):
    time = np.arange(2 * RATE) / RATE
    low = 0.5 * np.sin(2 * np.pi * 110 * time) * np.exp(-time / 0.2)
    high = 0.2 * np.sin(2 * np.pi * 660 * time) * np.exp(-time / 0.1)
    parts = {"bass": low, "lead": high}
    parts = {name: np.stack([wave, wave], 1).astype(np.float32) for name, wave in parts.items()}
    clip = make_clip(parts["bass"] + parts["lead"], RATE, name="hit", loops=loops)
    return replace(clip, stems=parts) if stems else clip


@pytest.mark.parametrize(("drive", "space"), [(0.7, 0.0), (0.0, 0.6), (0.8, 0.8)])
def test_stems_sum_to_the_clip_which_keeps_its_level_and_its_ceiling(drive, space):
    before = struck()
    made = with_effects(before, drive, space)
    assert made.samples.shape == before.samples.shape
    assert np.abs(sum(made.stems.values()) - made.samples).max() < 2**-20
    assert rms_dbfs(made.samples) == pytest.approx(rms_dbfs(before.samples), abs=1.5)
    assert true_peaks(made.samples).max() <= 10 ** (-1 / 20) + 1e-6
    alone = with_effects(struck(stems=False), drive, space)
    assert np.array_equal(alone.samples, made.samples)


def test_without_either_nothing_changes():
    clip = struck()
    assert with_effects(clip, 0.0, 0.0) is clip


def test_drive_adds_harmonics_and_space_rings_on():
    clip = struck()
    assert share(with_effects(clip, 0.8, 0.0).samples.T, 250, 600) > 3 * share(
        clip.samples.T, 250, 600
    )
    assert decay(with_effects(clip, 0.0, 0.8).samples.T, 30) > 1.2 * decay(clip.samples.T, 30)


def test_a_loop_rings_into_its_start_and_a_line_ends_in_silence():
    late = np.zeros((2 * RATE, 2), np.float32)
    late[-2_000:-1_000] = 0.3
    loop = with_effects(make_clip(late, RATE, loops=True), 0.0, 0.7)
    line = with_effects(make_clip(late, RATE), 0.0, 0.7)
    assert np.abs(loop.samples[: RATE // 4]).max() > 1e-3
    assert np.abs(line.samples[: RATE // 4]).max() < 1e-5
    assert np.abs(line.samples[-1]).max() == 0.0


def test_silence_stays_silent():
    assert not with_effects(
        make_clip(np.zeros((RATE, 2), np.float32), RATE), 1.0, 1.0
    ).samples.any()
