"""The example engine without a server: in time, in key, and in line with what it continues."""

import numpy as np
import pytest
from msanii_live_plucks import RATE, STYLES, create, pluck

from msanii_live.audio import rms_dbfs
from msanii_live.engines.base import Context, EngineSettings
from msanii_live.protocol.commands import Generate, Outpaint

SCALE_OF_D_MINOR = {2, 4, 5, 7, 9, 10, 0}


def context(seed=1, **clips):
    return Context(
        clip=clips.__getitem__, progress=lambda step, steps: None, warn=warnings.append,
        tempo=120.0, beats=4, seed=seed,
    )  # fmt: skip


warnings: list[str] = []
engine = create(EngineSettings("cpu", name="plucks"))


def named(clip, name):
    return type(clip)(clip.samples, type(clip.info)(**{**vars(clip.info), "name": name}))


@pytest.mark.parametrize("pitch", [36, 57, 69, 81])
def test_a_string_is_in_tune(pitch):
    sound = pluck(pitch, 2.0, 0.7, seed=1)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 8 * RATE))
    wanted = 440 * 2 ** ((pitch - 69) / 12)
    near = slice(int(8 * wanted / 1.03), int(8 * wanted * 1.03))
    peak = (near.start + spectrum[near].argmax()) / 8
    assert abs(1200 * np.log2(peak / wanted)) < 6  # cents


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_bars_key_density_and_seed(seed):
    make = lambda **words: engine.run(Generate(bars=4, bpm=100, **words), context(seed))  # noqa: E731
    clip = make(key="D minor", density=0.8)
    assert clip.info.frames == round(16 * 0.6 * RATE)
    assert clip.info.loops
    assert (clip.info.bpm, clip.info.key) == (100, "D min")
    assert np.array_equal(clip.samples, make(key="D minor", density=0.8).samples)
    assert -24 < rms_dbfs(clip.samples) < -12
    assert chroma(clip.samples)[list(SCALE_OF_D_MINOR)].sum() > 0.8  # the rest are overtones
    assert chroma(make(key="Ab major", density=0.8).samples)[list(SCALE_OF_D_MINOR)].sum() < 0.75
    assert onsets(make(density=0.9).samples) > 1.5 * onsets(make(density=0.2).samples)


def test_styles_ring_for_as_long_as_they_say():
    tails = [len(pluck(60, *STYLES[name], seed=1)) for name in ("muted", "koto", "guitar", "harp")]
    assert tails == sorted(tails)
    engine.run(Generate(seconds=1.0, style="kazoo"), context())
    assert "kazoo" in warnings[-1]
    assert "harp" in warnings[-1]


@pytest.mark.parametrize("side", ["right", "left"])
def test_a_continuation_keeps_its_source_and_goes_on_in_its_time_and_key(side):
    source = named(engine.run(Generate(seconds=5.3, bpm=90, key="Dm"), context(7)), "a")
    clip = engine.run(Outpaint(src="a", seconds=4.0, side=side), context(8, a=source))
    assert clip.info.frames == source.info.frames + 4 * RATE
    assert (clip.info.bpm, clip.info.key, clip.info.parents) == (90, "D min", ("a",))
    old = clip.samples[: source.info.frames] if side == "right" else clip.samples[4 * RATE :]
    kept = slice(None, -2_048) if side == "right" else slice(2_048, None)
    assert np.array_equal(old[kept], source.samples[kept])
    new = clip.samples[source.info.frames :] if side == "right" else clip.samples[: 4 * RATE]
    assert chroma(new)[list(SCALE_OF_D_MINOR)].sum() > 0.8
    assert abs(rms_dbfs(new) - rms_dbfs(source.samples)) < 4
    alone = engine.run(Outpaint(src="a", seconds=4.0, side=side, keep=0), context(8, a=source))
    assert np.array_equal(alone.samples, new)


def chroma(samples):
    """Return the share of energy at each pitch class between 60 Hz and 1 kHz, (12,)."""
    wave = samples.mean(1)
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) ** 2
    hertz = np.fft.rfftfreq(len(wave), 1 / RATE)
    inside = (hertz > 60) & (hertz < 1_000)
    classes = np.round(69 + 12 * np.log2(hertz[inside] / 440)).astype(int) % 12
    share = np.bincount(classes, power[inside], minlength=12)
    return share / share.sum()


def onsets(samples):
    """Return how many blocks of 23 ms are twice as loud as the one before."""
    power = (samples[: len(samples) // 1_024 * 1_024].reshape(-1, 2_048) ** 2).mean(1)
    return int((power[1:] > 2 * power[:-1]).sum())
