"""Check that tempo and position are found in a jittery MIDI clock; all times are made up."""

import numpy as np
import pytest

from msanii_live.timing.midi_clock import MidiClockTracker


def run(tracker: MidiClockTracker, bpm: float, ticks: int, start: float, jitter: float) -> float:
    """Feed ticks, each up to `jitter` s late; return the true time of the last."""
    late = np.random.default_rng(1).uniform(0, jitter, ticks)
    step = 60 / bpm / 24
    for tick in range(ticks):
        tracker.receive("clock", start + tick * step + late[tick])
    return start + (ticks - 1) * step


@pytest.mark.parametrize("bpm", [60.0, 123.0, 174.0])
def test_tempo_and_place_are_found_through_jitter(bpm: float) -> None:
    tracker = MidiClockTracker()
    tracker.receive("start", 5.0)
    last = run(tracker, bpm, 24 * 8 + 1, 5.0, 0.010)
    estimate = tracker.estimate()
    assert estimate is not None
    found, beat, moment = estimate
    assert found == pytest.approx(bpm, rel=0.004)
    assert beat == 8.0
    assert moment - 0.005 == pytest.approx(last, abs=0.003)  # late by the mean of the jitter


def test_too_few_ticks_say_nothing_and_a_pause_begins_anew() -> None:
    tracker = MidiClockTracker()
    run(tracker, 120, 11, 0.0, 0.0)
    assert tracker.estimate() is None
    run(tracker, 120, 24, 1.0, 0.0)
    estimate = tracker.estimate()
    assert estimate is not None
    assert estimate[0] == pytest.approx(120)
    run(tracker, 90, 24, 60.0, 0.0)
    estimate = tracker.estimate()
    assert estimate is not None
    assert estimate[0] == pytest.approx(90)
