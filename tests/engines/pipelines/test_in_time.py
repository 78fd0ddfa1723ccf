"""Tempo, downbeat and key of what a model made: measured, stretched, cut, made again."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from msanii_live.dsp.beats import estimate_beat
from msanii_live.engines.base import standalone_context
from msanii_live.engines.pipelines.family import Family
from msanii_live.engines.pipelines.in_time import MusicalAim, make_until, stretched
from msanii_live.engines.pipelines.tasks import PipelineTasks
from msanii_live.protocol.commands import Generate
from tests.dsp.test_beats import clicks
from tests.dsp.test_keys import song

RATE = 44_100


def hits(samples, level=0.25):
    """Return the frames at which clicks begin, the loudest being 1."""
    loud = np.abs(samples).max(1) > level * np.abs(samples).max()
    at = np.flatnonzero(loud)
    return at[np.diff(at, prepend=-RATE) > RATE // 10]


def aim_at(bpm, seconds=7.0, key=""):
    return MusicalAim(RATE, round(seconds * RATE), bpm, 4.0, key)


@pytest.mark.parametrize("bpm", [117.5, 122.3])
def test_a_near_tempo_is_made_exact_and_transients_stay_sharp(bpm):
    aim = aim_at(120.0)
    made = aim.judge(clicks(bpm, 8.0), 5)
    assert (made.tempo, made.seed, made.misses(aim)) == (120.0, 5, (False, False))
    assert made.factor == pytest.approx(120 / bpm, rel=1e-3)
    beats = np.arange(len(hits(made.samples))) * 0.5
    assert np.abs(hits(made.samples) / RATE - beats).max() < 0.01
    # A transient is the energy of its first 3 ms: a smeared one would have lost most of it.
    before, after = (
        np.mean([np.square(wave[at : at + 132]).sum() for at in hits(wave)[:-1]])
        for wave in (clicks(bpm, 8.0), made.samples)
    )
    assert after > 0.4 * before


def test_an_exact_tempo_stays_bit_for_bit_and_half_of_it_counts_as_the_same():
    wave = clicks(120.0)
    for bpm in (120.0, 60.0):
        made = aim_at(bpm).judge(wave, 0)
        assert made.samples is wave
        assert (made.factor, made.tempo) == (1.0, bpm)


def test_the_first_downbeat_is_found():
    made = aim_at(120.0).judge(clicks(120.0, first=0.2), 0)
    assert made.downbeat(aim_at(120.0)) == pytest.approx(0.2 * RATE, abs=0.02 * RATE)
    assert aim_at(120.0).judge(clicks(120.0), 0).downbeat(aim_at(120.0)) == 0


def test_a_clip_is_made_again_until_tempo_and_key_are_right():
    tempi, made = [100.0, 106.0, 119.0, 120.0], []

    def make(seed):
        made.append(seed)
        return clicks(tempi[len(made) - 1], 8.0)

    best, tries = make_until(make, aim_at(120.0), 2**31 - 2, 4)
    assert (tries, made, best.tempo) == (3, [2**31 - 2, 2**31 - 1, 0], 120.0)
    assert best.missed(aim_at(120.0), tries) == ""
    made.clear()
    best, tries = make_until(make, aim_at(120.0), 7, 2)
    assert (tries, best.seed) == (2, 7)
    assert best.missed(aim_at(120.0), 2).startswith("after 2 tries the tempo is 100.")
    report = best.report(tries)
    assert (report["tries"], report["faster"]) == (2, 1.0)
    assert report["bpm"] == pytest.approx(100, rel=0.005)


def test_audio_without_a_beat_fits_every_tempo_and_its_key_is_told():
    aim = replace(aim_at(120.0, 4.0), key="C maj")
    right, wrong = aim.judge(song(0, False), 0), aim.judge(song(9, True), 0)
    assert (right.key, wrong.key) == ("C maj", "A min")
    assert wrong.missed(aim, 1).startswith("the key sounds like A min, not C maj; with tries 4")
    assert make_until(lambda seed: song(9 * (seed < 2), seed < 2), aim, 0, 5)[1] == 3


def test_without_the_library_a_clip_keeps_its_own_tempo(monkeypatch):
    monkeypatch.setattr("msanii_live.engines.pipelines.in_time.can_stretch", lambda: False)
    made = aim_at(120.0).judge(clicks(118.0), 0)
    assert made.tempo == pytest.approx(118.0, rel=0.002)
    assert made.misses(aim_at(120.0))[0]


@pytest.mark.parametrize("rate", [44_100, 16_000])
def test_a_stretch_has_an_exact_length_and_keeps_the_pitch(rate):
    tone = np.sin(2 * np.pi * 440 * np.arange(3 * rate) / rate).astype(np.float32)[:, None]
    made = stretched(tone.repeat(2, 1), rate, 1.0234)
    assert made.shape == (round(3 * rate / 1.0234), 2)
    spectrum = np.abs(np.fft.rfft(made[rate : 2 * rate, 0]))
    assert int(spectrum.argmax()) == pytest.approx(440, abs=2)


class Metronome(Family):
    """A model that plays clicks: its noise's seed says how fast, and from where in the bar.

    The latents hold the seed and their places, so that any span of them can be decoded.
    """

    rate, hop, dimensions, max_seconds, steps = RATE, 512, 2, 60.0, 1

    def __init__(self, bpm, first=0.0):
        super().__init__(SimpleNamespace(maybe_free_model_hooks=lambda: None))
        self.bpm, self.first = bpm, first

    device = torch.device("cpu")

    def encode_whole(self, wave):
        return wave[:, :: self.hop][None]

    def denoise(self, task):
        task.on_step(1, 1)
        places = torch.arange(float(task.latents))
        return torch.stack([torch.full_like(places, task.seed), places])[None]

    def decode_whole(self, latents):
        bpm = self.bpm.get(int(latents[0, 0, 0]), 97.0)
        start, frames = int(latents[0, 1, 0]) * self.hop, latents.shape[-1] * self.hop
        wave = clicks(bpm, (start + frames) / RATE, self.first)[start:]
        wave = np.pad(wave, ((0, frames - len(wave)), (0, 0)))
        return torch.from_numpy(0.1 * wave.T)


def generated(family, command, seed=3):
    warnings = []
    context = replace(standalone_context(), seed=seed, warn=warnings.append)
    return PipelineTasks(family, command, context, "mit").run(), warnings


@pytest.mark.parametrize("first", [0.0, 0.4])
def test_a_loop_is_whole_bars_to_the_frame_and_begins_on_a_beat(first):
    clip, warnings = generated(Metronome({3: 118.0}, first), Generate(bars=3, bpm=120.0))
    assert warnings == []
    assert (clip.info.frames, clip.info.bpm, clip.info.loops) == (6 * RATE, 120.0, True)
    assert min(clip.info.bar_offset, 1 - clip.info.bar_offset) < 0.02
    heard = estimate_beat(clip.samples, RATE)
    assert heard.bpm == pytest.approx(120.0, rel=0.003)
    # The limiter levels the accents, so that beats are heard here but no bars.
    assert abs((4 * heard.bar + 0.5) % 1 - 0.5) < 0.05
    assert clip.info.reached["bpm"] == pytest.approx(118.0, rel=0.002)


def test_seconds_with_a_tempo_are_cut_on_the_downbeat():
    clip, _ = generated(Metronome({3: 121.0}, 0.4), Generate(seconds=5.0, bpm=120.0))
    assert (clip.info.frames, clip.info.bpm) == (5 * RATE, 120.0)
    assert hits(clip.samples)[0] < 0.02 * RATE


def test_what_was_reached_is_told_and_never_claimed():
    clip, warnings = generated(Metronome({}), Generate(bars=4, bpm=120.0))
    assert clip.info.frames == 8 * RATE
    assert clip.info.bpm == pytest.approx(97.0, rel=0.005)
    assert warnings[0].startswith("the tempo is 97")
    clip, warnings = generated(Metronome({5: 119.0}), Generate(bars=4, bpm=120.0, tries=4))
    assert (clip.info.bpm, clip.info.seed, clip.info.reached["tries"]) == (120.0, 5, 3)
    assert warnings == []
