"""Measures of clarity, harmony and repetition, on sounds whose figures are known."""

import numpy as np
import pytest

from msanii_live.audio import make_clip
from msanii_live.evaluation.audio_features import chroma
from msanii_live.evaluation.music_features import (
    harmony_return,
    measure_music,
    music_figures,
    music_markdown,
    onset_sharpness,
    repeated_bars,
    repeated_note_bars,
    split_bars,
    tonal_share,
)
from msanii_live.notes import Note
from tests.evaluation.sounds import RATE, clicks, small_engine, tone, validation_clip

__all__ = ["small_engine"]

BAR = 2.0  # seconds, at 120 bpm
TRIADS = ([220, 277.2, 329.6], [293.7, 370.0, 440.0], [246.9, 311.1, 370.0], [196, 246.9, 293.7])


def noise(seconds, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, (round(seconds * RATE), 2)).astype(np.float32)


def progression(bars):
    return np.concatenate([tone(TRIADS[bar % 4], BAR, 0.1) for bar in range(bars)])


def harmony_of(samples):
    return harmony_return(np.stack([chroma(bar, RATE) for bar in split_bars(samples, RATE, BAR)]))


def test_a_chord_is_tonal_and_noise_is_not():
    chord = tone([220, 277.2, 329.6], 3, 0.1)
    assert tonal_share(chord, RATE) > 0.95
    assert tonal_share(noise(3), RATE) < 0.1
    assert tonal_share(np.zeros((RATE, 2), np.float32), RATE) == 0
    both = chord + np.sqrt(np.mean(chord**2) / np.mean(noise(3) ** 2)) * noise(3)
    assert tonal_share(noise(3), RATE) < tonal_share(both, RATE) < tonal_share(chord, RATE)


def test_silence_around_a_chord_does_not_count():
    chord = np.pad(tone([220, 277.2], 2, 0.1), ((2 * RATE, 2 * RATE), (0, 0)))
    assert tonal_share(chord, RATE) > 0.9


def test_clicks_are_sharp_and_swells_are_not():
    swell = noise(4) * np.abs(np.sin(np.linspace(0, 8 * np.pi, 4 * RATE)))[:, None]
    sharp, soft = onset_sharpness(clicks(0.25, 4), RATE), onset_sharpness(swell, RATE)
    assert sharp > 1.5
    assert soft < 0.5
    smeared = np.apply_along_axis(lambda x: np.convolve(x, np.ones(2_000) / 2_000), 0, swell)
    assert onset_sharpness(smeared, RATE) < soft + 0.1


def test_a_progression_returns_after_four_bars_and_a_drone_does_not():
    assert harmony_of(progression(8)) > 0.3
    assert harmony_of(tone(TRIADS[0], 8 * BAR, 0.1)) == pytest.approx(0, abs=0.01)
    two_bars = np.concatenate([tone(TRIADS[bar % 2], BAR, 0.1) for bar in range(8)])
    assert 0 < harmony_of(two_bars) < harmony_of(progression(8))
    with pytest.raises(ValueError, match="more than 4 bars"):
        harmony_return(np.ones((4, 12)))


def test_bars_have_equal_lengths_and_do_not_drift():
    seconds = 1.93727
    bars = split_bars(noise(60), RATE, seconds)
    assert len(bars) == int(60 / seconds)
    assert len({len(bar) for bar in bars}) == 1
    assert bars[-1][0, 0] == noise(60)[round((len(bars) - 1) * seconds * RATE), 0]


def test_a_copied_bar_is_found_and_a_similar_one_is_not():
    first, second, third = (noise(BAR, seed) for seed in range(3))
    assert repeated_bars([first, second, third]) == 0
    assert repeated_bars([first, second, first]) == 1 / 2
    assert repeated_bars([first, first, first, first]) == 1
    assert repeated_bars([first, first + np.float32(0.01) * second]) == 0
    assert repeated_bars([0 * first, 0 * first]) == 0
    assert repeated_bars([first]) == 0


def test_a_copied_bar_is_found_in_notes():
    pattern = [(0.0, 60), (0.5, 64), (1.0, 67)]
    notes = [
        Note(BAR * bar + at, BAR * bar + at + 0.2, key, 90)
        for bar in (0, 1, 3)
        for at, key in pattern
    ]
    notes.append(Note(BAR * 2, BAR * 2 + 0.2, 60, 90))
    assert repeated_note_bars(notes, BAR, 4) == 2 / 3
    played = [Note(n.start + 0.01, n.end, n.pitch, n.velocity - 20) for n in notes[3:6]]
    assert repeated_note_bars(notes[:3] + played, BAR, 2) == 1  # timing within a step, any velocity
    other = [Note(n.start, n.end, n.pitch, 90, program=40) for n in notes[3:6]]
    assert repeated_note_bars(notes[:3] + other, BAR, 2) == 0
    assert repeated_note_bars([], BAR, 4) == 0


class CopyingEngine:
    """An engine that repeats one bar of noise, and whose vocoder returns the source."""

    def run(self, command, context):
        if hasattr(command, "src"):
            return context.clip(command.src)
        return make_clip(np.tile(noise(BAR, context.seed), (command.bars, 1)), RATE)


def test_clips_are_compared_with_real_ones_from_their_first_downbeat():
    samples = np.concatenate([noise(0.5), progression(9)])  # a quarter of a bar before the downbeat
    clip = validation_clip(samples, samples, 2.0, bar_offset=0.75)
    rows = measure_music(CopyingEngine(), [clip], [4])
    real, vocoded, made, ceiling = rows
    assert [row.name for row in rows] == [
        "real", "real, through the vocoder", "generated, 4 steps", "white noise",
    ]  # fmt: skip
    assert real.tonal > 0.9
    assert real.harmony == pytest.approx(harmony_of(progression(8)), abs=0.02)
    assert (vocoded.tonal, vocoded.harmony) == (real.tonal, real.harmony)
    assert (made.repeats, ceiling.repeats) == (1, 0)
    assert made.harmony == pytest.approx(0, abs=0.01)
    assert made.tonal < 0.1
    assert "| generated, 4 steps | 0.0" in music_markdown(rows)
    assert f"| {real.harmony:+.2f} |" in music_markdown(rows)


@pytest.mark.slow
def test_an_engine_s_clips_are_measured(small_engine):
    clip = validation_clip(progression(7), progression(7), 2.0, bar_offset=0.0)
    rows = measure_music(small_engine, [clip], [1], bars=5)
    assert [row.clips for row in rows] == [1] * 4
    assert rows[0].tonal > 0.9
    assert rows[0].repeats == 1 / 4
    # Of the progression, an untrained vocoder and an untrained network leave little.
    assert rows[1].harmony < 0.5 * rows[0].harmony
    assert rows[2].harmony < 0.5 * rows[0].harmony


def test_figures_are_medians_over_clips():
    row = music_figures("three", [progression(5), progression(5), noise(10)], RATE, [BAR] * 3)
    assert row.tonal == pytest.approx(tonal_share(progression(5), RATE))
    assert row.clips == 3
