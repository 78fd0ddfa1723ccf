"""Check which clips go when the folder exceeds its size."""

from pathlib import Path

import pytest

from msanii_live.audio import ClipInfo
from msanii_live.library import retention
from msanii_live.library.retention import clips_over_limit, delete_clip
from msanii_live.library.sidecar import sidecar_path, wav_path

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


def test_both_files_are_deleted_the_sidecar_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = []
    for path in (wav_path(tmp_path, "a"), sidecar_path(tmp_path, "a"), tmp_path / "ab.wav"):
        path.write_bytes(b"x")
    delete = retention.delete_if_possible

    def record(path: Path) -> None:
        order.append(path.name)
        delete(path)

    monkeypatch.setattr(retention, "delete_if_possible", record)
    delete_clip(tmp_path, "a")
    assert order == ["a.json", "a.wav"]
    assert [path.name for path in tmp_path.iterdir()] == ["ab.wav"]


def test_files_that_are_not_there_are_no_error(tmp_path: Path) -> None:
    delete_clip(tmp_path, "a")
    delete_clip(tmp_path / "nowhere", "a")
