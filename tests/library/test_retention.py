"""Check which clips go when the folder exceeds its size."""

import pytest

from msanii_live.audio import ClipInfo
from msanii_live.library.retention import clips_over_limit

SIZE = 4 * 2 * 1_000  # bytes of a clip of 1,000 stereo frames


def clips(*names: str, frames: int = 1_000) -> list[ClipInfo]:
    return [ClipInfo(name, 44_100, 2, frames) for name in names]


@pytest.mark.parametrize(
    ("limit", "gone"),
    [
        (4 * SIZE, []),
        (4 * SIZE - 1, ["a"]),
        (3 * SIZE, ["a"]),
        (2 * SIZE, ["a", "b"]),
        (1, ["a", "b", "c"]),
        (0, ["a", "b", "c"]),
    ],
)
def test_the_oldest_go_until_the_rest_fits(limit: int, gone: list[str]) -> None:
    assert clips_over_limit(clips("a", "b", "c", "d"), limit) == gone


def test_a_large_clip_may_cost_several_small_ones() -> None:
    assert clips_over_limit([*clips("a", "b"), *clips("c", frames=5_000)], 5 * SIZE) == ["a", "b"]
    assert clips_over_limit([*clips("a", frames=5_000), *clips("b", "c")], 3 * SIZE) == ["a"]


def test_no_clips_and_a_single_one_stay() -> None:
    assert clips_over_limit([], 0) == []
    assert clips_over_limit(clips("a"), 0) == []
