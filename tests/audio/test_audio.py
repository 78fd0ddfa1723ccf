"""Clips, their sidecars and levels."""

import json
from dataclasses import replace

import numpy as np
import pytest

from msanii_live.audio import (
    ClipInfo,
    as_stereo,
    hold_level,
    is_clip_name,
    make_clip,
    rms_dbfs,
)
from msanii_live.audio.levels import channel_mean


def test_a_clip_cannot_be_written_to():
    clip = make_clip(np.zeros((10, 2), np.float32), 44_100)
    with pytest.raises(ValueError, match="read-only"):
        clip.samples[0] = 1
    with pytest.raises(ValueError, match="float32"):
        make_clip(np.zeros((10, 2)), 44_100)


def test_sidecars_survive_json_and_later_versions():
    info = ClipInfo(
        "a", 44_100, 2, 10, seed=3, command={"address": "/x", "mix": 0.5}, parents=("b",)
    )
    assert ClipInfo.from_json(info.to_json()) == info
    earlier = json.loads(info.to_json())
    del earlier["precision"]
    assert ClipInfo.from_json(json.dumps(earlier)).precision == ""
    for name in ("fp32", "bf16", "fp16"):
        assert ClipInfo.from_json(replace(info, precision=name).to_json()).precision == name
    later = json.loads(info.to_json()) | {"version": 9, "colour": "blue"}
    assert ClipInfo.from_json(json.dumps(later)) == info
    for text in ("[]", '{"name": "a"}', "nonsense"):
        with pytest.raises(ValueError, match=r".*"):
            ClipInfo.from_json(text)


@pytest.mark.parametrize(
    ("name", "legal"),
    [("a", True), ("take-1_b.2", True), ("", False), ("a b", False), ("../x", False),
     ("last", False), ("..", False), ("x" * 65, False), ("é", False)],
)  # fmt: skip
def test_clip_names(name, legal):
    assert is_clip_name(name) is legal


def test_a_span_is_brought_to_a_level_without_a_jump():
    samples = np.full((100_000, 2), 0.1, np.float32)
    samples[50_000:] = 1e-3
    out = hold_level(samples, 50_000, 100_000, target=-40.0)
    assert np.array_equal(out[:50_001], samples[:50_001])
    assert -45 < rms_dbfs(out[50_000:]) < -39
    assert np.abs(np.diff(out[50_000:], axis=0)).max() < 1e-5
    assert hold_level(samples, 0, 50_000, target=-20.0) == pytest.approx(samples, abs=1e-6)
    middle = hold_level(samples, 60_000, 90_000, target=-10.0, up=20.0)
    assert middle[59_999:60_001] == pytest.approx(1e-3)
    assert middle[89_999:90_001] == pytest.approx(1e-3)
    assert np.abs(middle[60_000:]).max() == pytest.approx(1e-2, rel=1e-3)
    lower = hold_level(samples, 0, 50_000, target=-60.0)
    assert lower[0] == pytest.approx(0.1 * 10 ** (-6 / 20))
    assert np.array_equal(lower[49_999:], samples[49_999:])


def test_levels():
    sine = np.sin(np.arange(44_100) / 10)[:, None].astype(np.float32)
    assert rms_dbfs(sine) == pytest.approx(-3.01, abs=0.02)
    assert rms_dbfs(np.zeros((0, 2), np.float32)) == -120.0
    assert as_stereo(sine).shape == (44_100, 2)
    assert as_stereo(np.zeros((4, 6), np.float32)).shape == (4, 2)


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_the_mean_of_channels_is_numpys(channels):
    samples = np.random.default_rng(0).standard_normal((500, channels)).astype(np.float32)
    mean = channel_mean(samples)
    assert mean.dtype == np.float32
    np.testing.assert_allclose(mean, samples.mean(1), rtol=1e-5, atol=1e-7)
