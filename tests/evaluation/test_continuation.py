import numpy as np
import pytest

from msanii_live.evaluation import continuation
from msanii_live.evaluation.validation_clips import ContinuedClip
from tests.evaluation.sounds import clicks, tone, validation_clip

CHORDS = ([220, 277.2, 329.6], [246.9, 311.1, 370.0], [261.6, 329.6, 392.0], [196, 233.1, 293.7])


@pytest.fixture(scope="module")
def clips():
    """Chords over clicks, each with a partner of another chord and another rhythm."""
    beats = (0.5, 0.375, 0.5, 0.25)
    pairs = enumerate(zip(CHORDS, beats, strict=True))
    sounds = [tone(chord, 8) + clicks(beat, 8, seed=i) for i, (chord, beat) in pairs]
    return [validation_clip(sounds[i], sounds[i - 1], 5.0, i) for i in range(4)]


def answers(clips, own, swapped):
    return [
        ContinuedClip(c, 4, np.concatenate([c.clip.samples, own(c)]), swapped(c)) for c in clips
    ]


@pytest.fixture(scope="module")
def right(clips):
    return answers(clips, lambda c: c.after, lambda c: c.other_after)


@pytest.fixture(scope="module")
def wrong(clips):
    return answers(clips, lambda c: c.other_after, lambda c: c.after)


def test_the_beat_goes_on_or_comes_late():
    clip = validation_clip(clicks(0.5, 9), clicks(0.5, 9), 6.0)
    ambient = validation_clip(clicks(0.5, 9), clicks(0.5, 9), 6.0, style="ambient")
    late = answers([clip, ambient], lambda c: clicks(0.5, 3, 0.04), lambda c: c.after)
    made, true, _ = continuation.beat_offsets(late)
    assert made.clips == 1
    assert made.median_ms == pytest.approx(40, abs=3)
    assert true.median_ms == pytest.approx(0, abs=2)
    assert (made.near, true.near) == (0, 1)
    assert made.chance_ms == pytest.approx(125)
    assert f"| 4 steps | {made.median_ms:.1f} | 0 % |" in continuation.beats_markdown([made, true])
    assert continuation.beat_offsets(late[1:]) == ()
    assert continuation.beats_markdown(()) == ""


def test_constant_and_changing_harmony_are_distinguished(right, wrong):
    made, true, other = continuation.harmonies(right)
    assert made.adjacent == true.adjacent == 50
    assert made.similarity > 0.95 > other.similarity
    assert made.others == 100
    assert continuation.harmonies(wrong)[0].adjacent == 0
    assert "| the true continuation |" in continuation.harmonies_markdown([made, true, other])


def test_own_and_swapped_continuations_are_distinguished(right, wrong):
    made, real = continuation.context_swaps(right)
    assert (made.area, made.first, made.chroma) == (1, 1, 1)
    assert made.onsets_true == pytest.approx(1)
    assert made.onsets_true > made.onsets_wrong
    assert real.area == 1
    swapped = continuation.context_swaps(wrong)[0]
    assert (swapped.area, swapped.first) == (0, 0)
    assert swapped.onsets_wrong == pytest.approx(1)
    blind = answers([c.reference for c in right], lambda c: c.after, lambda c: c.after)
    assert continuation.context_swaps(blind)[0].area == 0.5
    assert "| real music | 1.00 |" in continuation.swaps_markdown([made, real])
