"""Every verb, for every family of published models, from sources at 44.1 and at 48 kHz."""

import numpy as np
import pytest
import soxr

from msanii_live.errors import Cancelled
from msanii_live.protocol.commands import (
    AudioToAudio,
    Generate,
    Inpaint,
    Interpolate,
    Outpaint,
)
from tests.engines.pipelines.conftest import Recorder, source
from tests.engines.pipelines.tiny import FAMILIES

SEAM = 2_048  # frames
RATES = (44_100, 48_000)
OWN_RATES = {
    "stable-audio-3": 44_100, "stable-audio-open": 44_100, "ace-step": 48_000,
    "audioldm2": 16_000, "longcat": 24_000, "musicldm": 16_000,
}  # fmt: skip
LENGTH = 0.75  # s of a source
STEPS = 2


def at_own_rate(clip, rate):
    """Return a source's samples as the engine is to keep them."""
    if clip.info.sample_rate == rate:
        return clip.samples
    return soxr.resample(clip.samples, clip.info.sample_rate, rate, "VHQ").astype(np.float32)


def changed(made, kept, start=0):
    """Return the first and last frame, from `start`, in which made audio differs from a source."""
    differs = np.flatnonzero((made[start : start + len(kept)] != kept).any(1))
    return (int(differs[0]), int(differs[-1])) if len(differs) else (-1, -1)


def check_generate(run, rate, kept):
    clip = run(Generate(seconds=0.6, steps=STEPS))
    assert clip.info.frames == round(0.6 * rate)
    assert not clip.info.loops
    assert np.abs(clip.samples).max() > 1e-4


def check_loop(run, rate, kept):
    clip = run(Generate(bars=0.5, bpm=150.0, steps=STEPS))
    assert (clip.info.frames, clip.info.loops) == (round(0.8 * rate), False)
    clip = run(Generate(bars=1, bpm=150.0, steps=STEPS))
    assert (clip.info.frames, clip.info.loops) == (round(1.6 * rate), True)
    # The join was the middle of what was made: its step is one among the others.
    steps = np.abs(np.diff(clip.samples, axis=0)).max(1)
    join = np.abs(clip.samples[0] - clip.samples[-1]).max()
    assert join <= steps.max()


def check_outpaint_right(run, rate, kept):
    clip = run(Outpaint(src="a", seconds=0.5, steps=STEPS))
    assert clip.info.frames == len(kept) + round(0.5 * rate)
    assert changed(clip.samples, kept)[0] >= len(kept) - SEAM
    assert np.abs(clip.samples[len(kept) :]).max() > 1e-4
    new = run(Outpaint(src="a", seconds=0.5, steps=STEPS, keep=0))
    np.testing.assert_array_equal(new.samples, clip.samples[len(kept) :])


def check_outpaint_left(run, rate, kept):
    clip = run(Outpaint(src="a", seconds=0.5, steps=STEPS, side="left"))
    new = round(0.5 * rate)
    assert clip.info.frames == len(kept) + new
    assert changed(clip.samples, kept, new)[1] < SEAM
    assert clip.info.bar_offset == pytest.approx((-0.5 * 120 / 240) % 1, abs=1e-4)


def check_inpaint(run, rate, kept):
    clip = run(Inpaint(src="a", start=0.3, end=0.45, steps=STEPS))
    assert clip.info.frames == len(kept)
    first, last = changed(clip.samples, kept)
    assert round(0.3 * rate) - SEAM <= first < round(0.3 * rate) + 64
    assert round(0.45 * rate) - 64 <= last < round(0.45 * rate) + SEAM


def check_audio_to_audio(run, rate, kept):
    clip = run(AudioToAudio(src="a", strength=0.6, steps=STEPS))
    assert clip.info.frames == len(kept)
    assert not np.array_equal(clip.samples, kept)
    same = run(AudioToAudio(src="a", strength=0.0))
    np.testing.assert_array_equal(same.samples, kept)


def check_interpolate(run, rate, kept):
    clip = run(Interpolate(a="a", b="b", mix=0.4, steps=STEPS))
    assert clip.info.frames == len(kept)
    assert clip.info.parents == ("a", "b")
    ends = run(Interpolate(a="a", b="b", mix=0.0, steps=STEPS))
    np.testing.assert_array_equal(ends.samples, kept)


CHECKS = (
    check_generate, check_loop, check_outpaint_right, check_outpaint_left, check_inpaint,
    check_audio_to_audio, check_interpolate,
)  # fmt: skip


@pytest.mark.parametrize("source_rate", RATES)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__[6:])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_verb_of_every_family_at_either_rate(bench, family, check, source_rate):
    if source_rate == RATES[1] and check in (check_generate, check_loop):
        pytest.skip("has no source")
    engine, rate = bench.engine(family), OWN_RATES[family]
    clips = source(source_rate, "a", LENGTH), source(source_rate, "b", LENGTH, seed=5)
    heard = Recorder(*clips)

    def run(command):
        clip = engine.run(command, heard.context)
        assert (clip.info.sample_rate, clip.info.channels) == (rate, 2)
        assert engine.capabilities.sample_rate == rate
        assert clip.info.licence == engine.licence == "mit"
        return clip

    check(run, rate, at_own_rate(clips[0], rate))
    assert heard.warnings == []


@pytest.mark.parametrize("family", FAMILIES)
def test_a_cancel_ends_within_one_step_and_the_next_job_runs_as_ever(bench, family):
    engine = bench.engine(family)
    whole = engine.run(Generate(seconds=0.5, steps=3), Recorder().context)
    stopped = Recorder(stop_at=1)
    with pytest.raises(Cancelled):
        engine.run(Generate(seconds=0.5, steps=3), stopped.context)
    assert stopped.steps == [(0, 3), (1, 3)]
    for command in (
        Inpaint(src="a", start=0.2, end=0.4, steps=3),
        AudioToAudio(src="a", strength=0.7, steps=3),
    ):
        with pytest.raises(Cancelled):
            engine.run(command, Recorder(source(44_100), stop_at=1).context)
    again = Recorder()
    np.testing.assert_array_equal(
        engine.run(Generate(seconds=0.5, steps=3), again.context).samples, whole.samples
    )
    assert again.steps == [(0, 3), (1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_seed_decides(bench, family):
    engine = bench.engine(family)
    command = Outpaint(src="a", seconds=0.5, steps=STEPS)
    clip = source(OWN_RATES[family], seconds=0.5)
    first, same, other = (
        engine.run(command, Recorder(clip, seed=seed).context).samples for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)
