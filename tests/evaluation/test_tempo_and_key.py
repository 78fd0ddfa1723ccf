"""The errors of estimates, on clips whose truth is known by construction."""

import numpy as np
import pytest

from msanii_live.evaluation.tempo_and_key import KnownClip, errors_markdown, errors_of
from tests.dsp.test_beats import clicks
from tests.dsp.test_keys import song


def test_errors_are_told_apart_from_an_octave():
    clip = KnownClip(clicks(120.0), 120.0, 0.0, 4)
    found = errors_of(clip)
    assert (found.octave, found.key) == (1.0, False)
    assert max(found.deviation, found.beat, found.downbeat) < 0.01
    half = errors_of(KnownClip(clicks(120.0), 60.0, 0.0, 4))
    assert (half.octave, half.deviation < 0.01) == (2.0, True)
    shifted = errors_of(KnownClip(clicks(120.0), 120.0, 0.25, 4))
    assert shifted.beat < 0.01
    assert shifted.downbeat == pytest.approx(0.5, abs=0.01)


def test_what_has_no_beat_counts_as_wrong_and_the_table_has_a_floor():
    silent = KnownClip(np.zeros((44_100, 2), np.float32), 120.0, 0.0, 0)
    known = [silent, KnownClip(song(9, True), 90.0, 0.0, 21), KnownClip(clicks(120.0), 120.0, 0, 0)]
    errors = [errors_of(clip) for clip in known]
    assert np.isinf(errors[0].deviation)
    assert [each.key for each in errors] == [False, True, False]
    table = errors_markdown(known, errors)
    assert "| key | 33 % | 67 % |" in table
