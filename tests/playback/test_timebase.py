"""Check that the timeline's clock follows the device's, and goes on without one."""

import numpy as np

from msanii_live.playback.shared_state import HostStat
from msanii_live.playback.timebase import ClockEstimator, Timebase

SECOND = 1_000_000_000


def test_time_goes_on_from_where_the_last_host_left_it() -> None:
    timebase = Timebase()
    stats = np.zeros(len(HostStat), np.int64)
    timebase.use_host_clock(stats)
    own = timebase.now()
    assert 0 <= own < 60  # the host says nothing yet
    stats[HostStat.ORIGIN_NS] = timebase.origin - 100 * SECOND
    assert 100 <= timebase.now() < 160
    timebase.use_host_clock(None)
    stats[HostStat.ORIGIN_NS] = timebase.origin + 50 * SECOND
    assert 100 <= timebase.now() < 160


def test_the_clock_is_found_from_late_observations_and_follows_a_drift() -> None:
    rng = np.random.default_rng(3)
    truth, rate, drift = 5 * SECOND, 44_100, 1.00005
    clock = ClockEstimator(truth + 90_000_000, rate)
    errors = []
    for number in range(6_000):
        now = truth + number * 5_000_000 + int(rng.integers(0, 4_000_000))
        blocks = int((now - truth) * drift * rate / 1e9 / 1_024)
        assert not clock.observe(now, blocks * 1_024)
        due = now - (now - truth) * drift  # when frame 0 was, by the device's own clock
        errors.append(clock.origin - due)
    assert np.abs(errors[1_000:]).max() < 1_500_000


def test_a_pause_of_the_device_is_a_jump_after_which_the_clock_is_right_again() -> None:
    rate, pause = 44_100, SECOND // 2
    clock = ClockEstimator(0, rate)
    jumps = []
    for number in range(2_000):
        now = number * 5_000_000 + 1_000_000
        taken = now - (pause if number >= 1_000 else 0)
        jumps.append(clock.observe(now, taken * rate // SECOND))
    assert sum(jumps) == 1
    assert 1_000 <= jumps.index(True) <= 1_400
    assert abs(clock.origin - pause) < 1_500_000
