import numpy as np
import pytest

from msanii_live.audio import make_clip
from msanii_live.dsp.vocoding import VocoderSettings
from msanii_live.engines.vocabulary import STYLES
from msanii_live.evaluation.seams import (
    loops_markdown,
    measure_loops,
    measure_seam_fits,
    seam_fits_markdown,
    seam_jumps,
    seams_markdown,
)
from msanii_live.evaluation.validation_clips import continue_clips, cut_validation_clips
from msanii_live.training.data.dataset import DataSet, Entry
from tests.evaluation.sounds import (
    RATE,
    SPEC,
    OracleEngine,
    clicks,
    small_engine,
    tone,
    validation_clip,
)

__all__ = ["small_engine"]


@pytest.fixture(scope="module")
def clips():
    # The other tone is cut where it is far from the first: a click.
    return [validation_clip(tone(220 + i, 3), -tone(330.4, 3), 2.0, i) for i in range(2)]


def test_a_true_continuation_has_no_seam_and_a_wrong_one_has(clips):
    continued = continue_clips(OracleEngine(clips), clips, [4])
    made, true, wrong = seam_jumps(continued)
    assert (made.name, true.clips) == ("4 steps", 2)
    assert made.typical == pytest.approx(true.typical) == pytest.approx(1, abs=0.02)
    assert wrong.typical > 2
    assert "| 4 steps | 1.0" in seams_markdown([made, true, wrong])


def test_each_is_continued_by_the_engine_from_its_own_and_from_the_other_context(
    clips, small_engine
):
    lines = []
    one, two = continue_clips(small_engine, clips, [1], report=lines.append)
    assert len(one.made) == len(one.swapped) == RATE
    seam = clips[0].clip.info.frames
    untouched = seam - 2_048
    assert np.array_equal(one.joined[:untouched], clips[0].clip.samples[:untouched])
    assert np.abs(one.made - one.swapped).max() > 1e-3
    assert np.abs(one.made - two.made).max() > 1e-3
    assert lines[-1] == "continued in 1 steps: 2 of 2"


def test_a_projected_seam_fits_better_than_a_splice():
    sound = tone([220, 277.2, 329.6, 440], 4, 0.1) + clicks(0.5, 4)
    vocoder = VocoderSettings(iterations=8, seam_iterations=8)
    rows = measure_seam_fits(vocoder, [validation_clip(sound, sound, 2.25)], SPEC, iterations=16)
    by_name = {(r.source, r.join): r for r in rows}
    assert len(rows) == len(by_name) == 7
    assert by_name["true", "nothing made"].convergence == 0
    projected, splice = by_name["true", "projected"], by_name["true", "hard splice"]
    assert projected.convergence < by_name["true", "40 ms crossfade"].convergence
    assert projected.convergence < splice.convergence
    assert projected.jump < splice.jump
    assert projected.elsewhere == pytest.approx(splice.elsewhere, rel=0.5)
    assert "| true, projected | 0." in seam_fits_markdown(rows)


class LoopEngine:
    """An engine that returns loops of a tone, with or without a click at the loop point."""

    def __init__(self, clicks):
        self.cycles = 440.5 if clicks else 440.0

    def run(self, command, context):
        place = np.arange(RATE) / RATE  # starts at the crest, so that half a cycle is a click
        wave = 0.2 * np.cos(2 * np.pi * self.cycles * place)
        return make_clip(np.repeat(wave[:, None], 2, axis=1).astype(np.float32), RATE)


def test_a_loop_is_measured_at_its_loop_point(clips):
    joined, inside = measure_loops(LoopEngine(clicks=True), clips[:1], [1], bars=1)
    assert (joined.name, inside.name) == ("1 steps", "1 steps, inside")
    assert joined.typical > 5
    assert inside.typical == pytest.approx(1, abs=0.02)
    smooth, _ = measure_loops(LoopEngine(clicks=False), clips[:1], [1], bars=1)
    assert smooth.typical == pytest.approx(1, abs=0.02)
    assert f"| 1 steps | {joined.typical:.2f} |" in loops_markdown([joined, inside])


def test_the_engine_s_loops_are_measured(clips, small_engine):
    joined, _ = measure_loops(small_engine, clips[:1], [1], bars=1)
    assert 0 < joined.typical < 5


@pytest.fixture(scope="module")
def data():
    """Pieces whose samples tell piece and frame."""
    length, entries, waves = 12 * RATE, [], []
    for i in range(4):
        beat = 0.5 + i / 100
        place = {"start": 0, "mel_frames": 0, "split": "test", "wave": i * length}
        words = {"style": STYLES[i // 2], "key": i, "tempo": 60 / beat, "beat_seconds": beat}
        entries.append(Entry(seed=i, onsets=(), frames=length, **place, **words))
        count = np.arange(length)
        waves.append(np.stack([np.full(length, i), count // 64], axis=1).astype(np.int16))
    none = np.zeros((0, 2, 64), np.float16)
    flat = np.zeros((2, 64), np.float32)
    return DataSet(SPEC, none, flat, flat, tuple(entries), np.concatenate(waves))


def test_clips_are_cut_with_their_bar_and_a_partner(data):
    cut = cut_validation_clips(data, 6, seconds=3, after=1, seed=3)
    again = cut_validation_clips(data, 6, seconds=3, after=1, seed=3)
    for number, (clip, same) in enumerate(zip(cut, again, strict=True)):
        assert np.array_equal(clip.true, same.true)
        piece = data.entries[number % 4]
        info, whole = clip.clip.info, np.rint(clip.true * 32_768).astype(int)
        assert (info.frames, len(clip.after)) == (3 * RATE, RATE)
        assert (whole[:, 0] == number % 4).all()
        assert info.bpm == pytest.approx(60 / piece.beat_seconds)
        first = whole[0, 1] * 64  # to 64 frames
        bars = first / RATE / piece.beat_seconds / 4
        assert abs((info.bar_offset - bars + 0.5) % 1 - 0.5) < 0.001
        # The partner is the other piece of the style, from the same place in its own bar.
        other = np.rint(clip.other.samples * 32_768).astype(int)
        assert (other[:, 0] == (number % 4) ^ 1).all()
        partner = data.entries[(number % 4) ^ 1]
        bars = other[0, 1] * 64 / RATE / partner.beat_seconds / 4
        assert abs((info.bar_offset - bars + 0.5) % 1 - 0.5) < 0.001
        assert (clip.other.info.bpm, clip.other.info.style) == (info.bpm, piece.style)


def test_pieces_that_are_too_short_are_refused(data):
    with pytest.raises(ValueError, match="two pieces"):
        cut_validation_clips(data, 1, seconds=11)
