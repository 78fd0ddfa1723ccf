"""Check the ring of recent audio and arrays in shared memory."""

import numpy as np
import pytest

from msanii_live.playback.shared_state import RingBuffer, SharedArray
from tests.library.clips import noise

GUARD = 8_192  # frames that may be overwritten while they are read


def filled(size: int, frames: int, block: int) -> tuple[RingBuffer, np.ndarray]:
    ring = RingBuffer(np.zeros((size, 2), np.float32))
    samples = noise("n", frames).samples
    for first in range(0, frames, block):
        ring.write(first, samples[first : first + block])
    return ring, samples


def test_a_ring_keeps_the_last_frames() -> None:
    ring, samples = filled(20_000, 50_000, 777)
    assert ring.earliest(50_000) == 50_000 - 20_000 + GUARD
    assert np.array_equal(ring.read(45_000, 49_000, 50_000), samples[45_000:49_000])
    assert np.array_equal(ring.read(0, 60_000, 50_000), samples[50_000 - 20_000 + GUARD :])
    assert len(ring.read(10, 20, 50_000)) == 0
    assert len(ring.read(49_000, 48_000, 50_000)) == 0


def test_a_block_longer_than_the_ring_leaves_its_end() -> None:
    ring, samples = filled(10_000, 25_000, 25_000)
    assert np.array_equal(ring.read(0, 25_000, 25_000), samples[15_000 + GUARD :])


def test_a_copy_of_a_ring_outlives_its_memory() -> None:
    memory = SharedArray((10_000, 2), "float32", shared=True)
    ring = RingBuffer(memory.array)
    samples = noise("n", 3_000).samples
    ring.write(0, samples)
    ring = ring.copy()
    memory.close()
    assert np.array_equal(ring.read(1_200, 3_000, 3_000), samples[1_200:])


def test_before_the_ring_is_full_all_is_there() -> None:
    ring, samples = filled(20_000, 5_000, 512)
    assert ring.earliest(5_000) == 0
    assert np.array_equal(ring.read(0, 5_000, 5_000), samples)


def test_an_array_in_shared_memory_is_seen_by_who_attaches_and_gone_once_closed() -> None:
    ours = SharedArray((100, 2), "float32", shared=True)
    assert not ours.array.any()
    theirs = SharedArray((100, 2), "float32", shared=True, name=ours.name)
    ours.array[7] = 3.0
    assert theirs.array[7, 1] == 3.0
    name = ours.name
    theirs.close()
    theirs.close()
    assert ours.array[7, 0] == 3.0  # the one who attached frees nothing
    ours.close()
    with pytest.raises(FileNotFoundError):
        SharedArray((100, 2), "float32", shared=True, name=name)


def test_a_view_outlives_the_array() -> None:
    ours = SharedArray((10, 2), "int64", shared=True)
    view = ours.array[2:4]
    view[...] = 5
    ours.close()
    assert (view == 5).all()
    assert ours.array.shape == (0, 0)


def test_an_array_of_this_process_alone_has_no_name() -> None:
    array = SharedArray((3,), "int64", shared=False)
    assert array.name == ""
    assert array.array.tolist() == [0, 0, 0]
    array.close()
