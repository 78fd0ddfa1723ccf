"""Check that chunks that come late lower the denoising steps, and that they come back."""

from msanii_live.streaming.denoising_steps import DenoisingSteps


def late(steps: DenoisingSteps, wanted: int = 16) -> str:
    return steps.chunk_made(wanted, took=1.2, seconds=1.0, late=True)


def in_time(steps: DenoisingSteps, count: int, took: float = 0.1) -> list[str]:
    return [w for _ in range(count) if (w := steps.chunk_made(16, took, 1.0, late=False))]


def test_steps_are_halved_down_to_two_with_one_warning():
    steps = DenoisingSteps()
    assert (steps.limit(16), steps.is_lowered) == (16, False)
    assert "from 16 to 8" in late(steps)
    found = []
    for _ in range(5):
        assert late(steps) == ""
        found.append(steps.limit(16))
    assert found == [4, 2, 2, 2, 2]
    assert steps.limit(1) == 1


def test_steps_come_back_one_doubling_at_a_time_with_one_warning():
    steps = DenoisingSteps()
    late(steps)
    late(steps)
    assert in_time(steps, 7) == []
    assert steps.limit(16) == 4
    assert in_time(steps, 1) == []
    assert steps.limit(16) == 8
    assert in_time(steps, 7) == []
    assert in_time(steps, 1) == ["chunks come in time: denoising steps are 16 again"]
    assert (steps.limit(16), steps.is_lowered) == (16, False)


def test_without_room_they_stay_low():
    steps = DenoisingSteps()
    late(steps)
    in_time(steps, 7)
    in_time(steps, 1, took=0.6)
    in_time(steps, 7)
    assert steps.limit(16) == 8


def test_a_late_chunk_that_was_quickly_made_has_another_cause():
    steps = DenoisingSteps()
    assert steps.chunk_made(16, took=0.2, seconds=1.0, late=True) == ""
    assert steps.limit(16) == 16
