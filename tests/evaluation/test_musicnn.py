import math
import os
import struct

import numpy as np
import pytest
import torch

from msanii_live.errors import MissingTool
from msanii_live.evaluation import musicnn

RATE = 44_100


@pytest.fixture(scope="module")
def weights():
    try:
        return musicnn.load(musicnn.fetch_wheel())
    except MissingTool as missing:
        pytest.skip(str(missing))


def varint(number):
    parts = []
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def block(entries):
    """One table block; keys share prefixes with the ones before."""
    out, last = b"", b""
    for key, value in entries:
        alike = [a == b for a, b in zip(key, last, strict=False)]
        shared = [*alike, False].index(False)
        out += varint(shared) + varint(len(key) - shared) + varint(len(value))
        out += key[shared:] + value
        last = key
    return out + struct.pack("<II", 0, 1)


def bundle(arrays, compressed=False):
    """The smallest checkpoint: one block of entries, one of the index."""
    content, entries = b"", [(b"", bytes([8, 1]))]
    for name, array in sorted(arrays.items()):
        raw = array.astype("<f4" if array.dtype != np.int64 else "<i8").tobytes()
        dims = [b"\x08" + varint(size) for size in array.shape]
        shape = b"".join(b"\x12" + varint(len(dim)) + dim for dim in dims)
        entry = bytes([8, 1 if array.dtype != np.int64 else 9])
        entry += b"\x12" + varint(len(shape)) + shape
        entry += (b"\x20" + varint(len(content))) if content else b""  # zeros are not written
        entry += b"\x28" + varint(len(raw)) + b"\x35" + bytes(4)
        entries.append((name.encode(), entry))
        content += raw
    trailer = bytes([int(compressed)]) + bytes(4)
    first = block(entries)
    place = varint(0) + varint(len(first))
    second = block([(b"z", place)])
    handles = varint(0) + varint(0) + varint(len(first) + 5) + varint(len(second))
    footer = handles.ljust(40, b"\0") + struct.pack("<Q", musicnn.MAGIC)
    return first + trailer + second + bytes(5) + footer, content


def test_a_bundle_is_read_back():
    rng = np.random.default_rng(0)
    arrays = {
        "layer/kernel": rng.normal(size=(7, 38, 1, 4)).astype(np.float32),
        "layer/bias": rng.normal(size=300).astype(np.float32),
        "power": np.float32(0.5).reshape(()),
        "step": np.arange(3),
    }
    read = musicnn.read_bundle(*bundle(arrays))
    assert sorted(read) == ["layer/bias", "layer/kernel", "power"]  # float32 alone is read
    for name, array in read.items():
        assert array.shape == arrays[name].shape
        np.testing.assert_array_equal(array, arrays[name])


def test_other_files_are_refused():
    index, content = bundle({"a": np.ones(3, np.float32)})
    with pytest.raises(ValueError, match="no table"):
        musicnn.read_bundle(index[:-1], content)
    with pytest.raises(ValueError, match="compressed"):
        musicnn.read_bundle(*bundle({"a": np.ones(3, np.float32)}, compressed=True))


def test_a_missing_wheel_is_an_error_with_its_remedy(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    (tmp_path / musicnn.WHEEL).write_bytes(b"half a wheel")
    with pytest.raises(MissingTool, match=r"pip download --no-deps musicnn==0\.1\.0"):
        musicnn.fetch_wheel(tmp_path)
    assert not (tmp_path / musicnn.WHEEL).exists()


def test_patches_reach_from_start_to_end():
    # 187 mel frames and the next 94, 95 and 188: one, two, three patches, the last at the end.
    for beyond, count in ((0, 1), (94, 2), (95, 3), (188, 3)):
        wave = torch.zeros(2, (187 + beyond - 1) * musicnn.HOP)
        wave[:, -musicnn.HOP :] = 0.5 * torch.randn(musicnn.HOP, generator=torch.manual_seed(0))
        made = musicnn.patches(wave, musicnn.RATE)
        assert made.shape == (count, musicnn.PATCH, musicnn.MELS)
        assert made[-1, -1].max() > 0.1
        assert made[0, :100].max() == 0
    with pytest.raises(ValueError, match="too short"):
        musicnn.patches(torch.zeros(2, 186 * musicnn.HOP - 1), musicnn.RATE)


def tone(hertz, level, seconds=4):
    time = torch.arange(seconds * RATE) / RATE
    return (level * torch.sin(2 * math.pi * hertz * time)).expand(2, -1)


def test_a_tone_lies_in_its_band_at_its_level():
    mel = musicnn.patches(tone(1_000, 0.1), RATE)[0, 10:-10]
    # Slaney's scale is linear up to 1 kHz, which is 15 of the 45.245 mel that 8 kHz are.
    assert mel.mean(0).argmax() == round(15 / 45.245 * 97) - 1
    # A Hann window turns a tone of level a into a bin of a x 512 / 4.
    bank = musicnn._bank()[32]  # the bin of 1 kHz
    assert 10 ** mel.max() - 1 == pytest.approx(10_000 * 12.8**2 * float(bank.max()), rel=0.35)


def test_the_layer_equals_that_of_tensorflow(weights):
    # Figures of our first reader, whose tags equalled TensorFlow's to 3.6e-7.
    grid = torch.arange(187 * 96, dtype=torch.float32).reshape(1, 187, 96)
    with torch.inference_mode():
        layer = musicnn.penultimate(weights, 2 + 2 * torch.sin(grid * 0.37))[0]
    assert layer.shape == (musicnn.SIZE,)
    expected = [1.01176, 1.47541, -0.09226, 3.57453, -0.07870, -0.17004]
    torch.testing.assert_close(layer[:6], torch.tensor(expected), atol=1e-4, rtol=1e-4)


def test_the_embedding_depends_on_timbre_but_not_on_what_lies_above_8_khz(weights):
    plain = musicnn.embed(weights, tone(440, 0.1), RATE)
    airy = musicnn.embed(weights, tone(440, 0.1) + tone(12_000, 0.1), RATE)
    noise = 0.1 * torch.randn(2, 4 * RATE, generator=torch.manual_seed(0))
    other = musicnn.embed(weights, tone(440, 0.1) + noise, RATE)
    near, far = np.linalg.norm(plain - airy), np.linalg.norm(plain - other)
    assert far > 1
    assert near < far / 20
