"""Check that musical time never jumps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msanii_live.errors import Code, CommandError
from msanii_live.timing.transport import Transport

TEMPOS = st.floats(20, 300)


def at_zero(bpm: float = 120.0, beats: int = 4) -> Transport:
    return Transport(bpm, beats, clock=lambda: 0.0)


def test_beats_and_bars_are_counted() -> None:
    transport = at_zero()
    assert transport.beats_at(3.0) == 6.0
    assert transport.bars_at(3.0) == 1.5


@pytest.mark.parametrize(
    ("at", "now", "seconds"),
    [
        ("none", 0.3, 0.0),
        ("beat", 0.3, 0.2),
        ("bar", 0.3, 1.7),
        ("bar", 2.0, 0.0),
        ("beat", 0.5 + 1e-9, 0.0),
        ("2.5", 0.3, 1.25),
        ("0", 0.3, 0.0),
    ],
)
def test_moments_are_found(at: str, now: float, seconds: float) -> None:
    assert at_zero().seconds_until(at, now) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize("at", ["noon", "-1", "nan", "inf"])
def test_other_moments_are_refused(at: str) -> None:
    with pytest.raises(CommandError, match="none, beat, bar") as caught:
        at_zero().seconds_until(at, 0.0)
    assert caught.value.code is Code.ERANGE


@given(TEMPOS, TEMPOS, st.floats(0, 1000))
def test_a_tempo_change_waits_for_the_beat_and_keeps_the_phase(
    first: float, second: float, now: float
) -> None:
    transport = at_zero(first)
    before = transport.beats_at(now)
    wait = transport.seconds_until("beat", now)
    transport.set(bpm=second, now=now)
    assert transport.bpm == second
    assert transport.beats_at(now) == pytest.approx(before, abs=1e-6)
    beat = round(before + wait * first / 60)
    assert transport.beats_at(now + wait + 60 / second) == pytest.approx(beat + 1, abs=1e-5)
    assert transport.seconds_until("beat", now + wait + 0.001) == pytest.approx(
        60 / second - 0.001, abs=1e-5
    )


def test_moments_beyond_a_change_are_found() -> None:
    transport = at_zero()
    transport.set(bpm=60, now=0.3)  # from beat 1, at 0.5 s
    assert transport.seconds_until("beat", 0.3) == pytest.approx(0.2)
    assert transport.seconds_until("bar", 0.3) == pytest.approx(0.2 + 3.0)
    assert transport.seconds_until("1.4", 0.3) == pytest.approx(0.2 + 1.0)
    transport.set(beats=3, now=0.3)  # the tempo asked for before is not forgotten
    assert (transport.bpm, transport.beats) == (60, 3)
    # The bar that began at beat 0 now has three beats: beat 1 is at 0.5 s, beat 3 at 2.5 s.
    assert transport.seconds_until("bar", 0.6) == pytest.approx(1.9)


def test_it_stands_still_and_goes_on_from_a_bar_line() -> None:
    transport = at_zero()
    transport.set_running(False, now=1.3)
    assert transport.beats_at(9.0) == pytest.approx(2.6)
    assert transport.seconds_until("bar", 9.0) == 0.0
    transport.set_running(True, now=10.0)
    assert transport.bars_at(10.0) == pytest.approx(1.0)
    assert transport.seconds_until("bar", 10.5) == pytest.approx(1.5)


def test_it_follows_another_clock() -> None:
    transport = at_zero()
    transport.sync_to(90.0, 7.5, 20.0)
    assert transport.bpm == 90.0
    assert transport.beats_at(20.0) == 7.5
    assert transport.seconds_until("bar", 20.0) == pytest.approx(0.5 * 60 / 90)


@given(TEMPOS, st.floats(0, 1000), st.sampled_from(["beat", "bar"]))
def test_the_next_moment_is_whole_and_near(bpm: float, now: float, at: str) -> None:
    transport = at_zero(bpm)
    wait = transport.seconds_until(at, now)
    assert 0 <= wait <= (60 if at == "beat" else 240) / bpm + 1e-9
    count = transport.beats_at if at == "beat" else transport.bars_at
    assert count(now + wait) == pytest.approx(round(count(now + wait)), abs=1e-5)


def test_a_change_of_metre_keeps_bar_lines_on_beats() -> None:
    transport = at_zero()
    transport.set(beats=3, now=4.8)  # from beat 10 on: the third bar began at beat 8
    assert transport.beats == 3
    assert transport.beats_at(5.0) == 10.0
    assert transport.seconds_until("bar", 5.0) == pytest.approx(0.5)
    assert transport.bars_at(5.5) == pytest.approx(3.0)


def test_values_out_of_range_are_refused() -> None:
    transport = at_zero()
    with pytest.raises(ValueError, match="20 to 300"):
        transport.set(bpm=1000)
    with pytest.raises(ValueError, match="1 or more"):
        transport.set(beats=0)
    assert transport.bpm == 120.0
