"""Check that a jittery MIDI clock is followed steadily; all times are made up."""

from types import SimpleNamespace

import numpy as np
import pytest

from msanii_live.errors import CommandError
from msanii_live.playback.transport_sync import TransportSync, follow_midi_clock
from msanii_live.timing.midi_clock import MidiClockTracker
from msanii_live.timing.transport import Transport


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


def test_song_position_start_and_stop_move_the_transport() -> None:
    clock = SimpleNamespace(now=0.0)
    transport = Transport(clock=lambda: clock.now)
    tracker = MidiClockTracker()

    def feed(kind: str, pos: int = 0) -> None:
        follow_midi_clock(tracker, transport, SimpleNamespace(type=kind, pos=pos))

    feed("songpos", 16)
    for tick in range(49):
        clock.now = 10 + tick * 60 / 100 / 24
        feed("clock")
    assert transport.bpm == pytest.approx(100)
    assert transport.beats_at(clock.now) == pytest.approx(4 + 2)
    feed("stop")
    assert not transport.is_running
    feed("continue")
    feed("start")
    clock.now += 60 / 100 / 24
    feed("clock")
    assert transport.beats_at(clock.now) == pytest.approx(0.0, abs=1e-6)


def test_an_unknown_way_to_midi_is_refused(monkeypatch) -> None:
    monkeypatch.setenv("MIDO_BACKEND", "mido.backends.none_such")
    transport_sync = TransportSync(Transport())
    import mido

    monkeypatch.setattr(mido.backend, "name", "mido.backends.none_such")
    monkeypatch.setattr(mido.backend, "_module", None)
    with pytest.raises(CommandError, match="source is midi"):
        transport_sync.set_source("midi")
    assert transport_sync.source == "internal"
    transport_sync.set(140.0, 3, None)
    assert transport_sync.describe() == "internal"
