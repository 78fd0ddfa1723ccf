import math

import pytest
import torch

from msanii_live.bench.voices import compare, measure_voices, voices_markdown, voices_of
from msanii_live.models.vocoding import Voice
from msanii_live.models.vocos import Vocos, VocosConfig
from tests.bench.sounds import SPEC, clicks, held, tone


def test_a_perfect_vocoder_loses_nothing_and_half_the_level_is_told():
    true = torch.from_numpy((tone([220, 554], 1) + clicks(0.25, 1)).T.copy())
    assert compare(true, true, SPEC) == pytest.approx((0, 0, 0, 0), abs=1e-3)
    log_distance, convergence, slopes, mel = compare(true / 2, true, SPEC)
    assert convergence == pytest.approx(0.5, abs=0.01)
    assert slopes == pytest.approx(0, abs=1e-3)
    assert 0 < log_distance < 0.7
    assert mel == pytest.approx(math.log(2), abs=1e-3)


def test_vocoders_are_ranked_by_what_they_lose():
    torch.manual_seed(0)
    sound = tone([220, 277.2, 329.6], 2, 0.1) + clicks(0.5, 2)
    clip = held(sound, sound, 1.0)
    untrained = Voice(Vocos(VocosConfig(16, 1), SPEC), iterations=0)
    voices = (("searched", Voice(iterations=16)), ("untrained", untrained))
    searched, raw = measure_voices(voices, [clip], SPEC)
    assert searched.mel < raw.mel
    assert searched.convergence < raw.convergence
    assert searched.ratio > 0
    assert searched.cut is None
    assert "| searched |" in voices_markdown([searched, raw])
    assert "| – |" in voices_markdown([searched, raw])


def test_the_meeting_of_two_spans_is_looked_at():
    sound = tone([220, 277.2, 329.6], 8, 0.1)
    voice = Voice(Vocos(VocosConfig(16, 1), SPEC), iterations=0, seam_iterations=0)
    (row,) = measure_voices([("raw", voice)], [held(sound, sound, 6.0)], SPEC)
    # No layer looks along time beyond its reach and nothing is searched for: the cut leaves a
    # fade between two guesses that agree.
    assert row.cut < 0.02
    assert row.cut_true == pytest.approx(row.whole_true, abs=0.02)


def test_the_vocoders_compared():
    names = [name for name, _ in voices_of(Vocos(VocosConfig(16, 1), SPEC))]
    assert len(names) == len(set(names)) == 4
    assert len(voices_of(None)) == 1
