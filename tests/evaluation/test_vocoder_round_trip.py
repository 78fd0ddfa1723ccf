"""The rise of a hit, which the round trip of a vocoder is measured by."""

import numpy as np
import pytest

from msanii_live.evaluation.drum_hits import RATE
from msanii_live.evaluation.vocoder_round_trip import rise_time

ONSET = 4_410


@pytest.mark.parametrize("milliseconds", [4.0, 10.0])
def test_the_rise_of_a_hit_is_found(milliseconds: float) -> None:
    frames = round(milliseconds * RATE / 1_000)
    envelope = np.concatenate([np.zeros(ONSET), np.linspace(0, 1, frames), np.ones(RATE)])
    noise = np.where(np.arange(len(envelope)) % 2, 1.0, -1.0)
    found = rise_time((envelope * noise).astype(np.float32), ONSET)
    assert found == pytest.approx(0.8 * milliseconds, abs=1.2)


def test_a_click_rises_within_the_resolution() -> None:
    wave = np.zeros(2 * ONSET, np.float32)
    wave[ONSET] = 1.0
    assert rise_time(wave, ONSET) < 0.1
