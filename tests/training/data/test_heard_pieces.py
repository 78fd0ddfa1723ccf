"""Check what the transcriber is told of a piece, and the effects that its sound goes through."""

import numpy as np
import pytest

from msanii_live.notes import PARTS
from msanii_live.training.data.composition.compose import compose
from msanii_live.training.data.distortions import distort, equalise, low_pass, peak
from msanii_live.training.data.heard_pieces import (
    KITS,
    OTHER_PROGRAMS,
    SECONDS,
    beat_times,
    chord_times,
    draw_piece,
)

RATE = 22_050


def test_a_piece_is_an_excerpt_with_its_beats_and_chords() -> None:
    for seed in range(8):
        piece = draw_piece(seed)
        assert piece == draw_piece(seed)
        assert set(piece.programs) <= set(PARTS)
        assert {note.part for note in piece.notes} <= set(piece.programs)
        assert all(0 <= note.start < note.end <= SECONDS + 1e-9 for note in piece.notes)
        times = [time for time, _ in piece.beats]
        assert times == sorted(times)
        assert all(0 <= time < SECONDS for time in times)
        assert piece.chords[0][0] <= 1e-9
        for part, program in piece.programs.items():
            own = compose(seed).programs[part]
            assert program in (*(KITS if part == "drums" else OTHER_PROGRAMS[part]), own)


@pytest.mark.parametrize(
    ("metre", "beats"), [((4, 4), 4), ((3, 4), 3), ((6, 8), 2), ((5, 4), 5), ((7, 8), 3)]
)
def test_bars_begin_with_a_beat_and_have_one_chord(metre: tuple[int, int], beats: int) -> None:
    piece = compose(5, metre=metre, bars=8)
    marks = beat_times(piece, 0.0, piece.seconds)
    assert [first for _, first in marks] == ([True] + [False] * (beats - 1)) * 8
    chords = chord_times(piece, 0.0, piece.seconds)
    assert len(chords) == 8
    bar = piece.seconds / 8
    assert [time for time, *_ in chords] == pytest.approx([n * bar for n in range(8)])
    later = chord_times(piece, 2 * bar, piece.seconds)
    assert len(later) == 7  # six chords, and none after the end
    assert later[-1][1:] == (-1, -1)


def test_effects_keep_length_and_level_and_change_the_sound() -> None:
    wave = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    changed = [distort(wave, RATE, np.random.default_rng(n)) for n in range(12)]
    for made in changed:
        assert made.shape == wave.shape
        assert made.dtype == np.float32
        assert np.sqrt(np.mean(made**2)) == pytest.approx(np.sqrt(np.mean(wave**2)), rel=0.01)
    assert sum(not np.array_equal(made, wave) for made in changed) >= 6
    assert np.array_equal(changed[3], distort(wave, RATE, np.random.default_rng(3)))


def test_filters_have_the_gain_that_they_are_named_for() -> None:
    from scipy.signal import sosfreqz

    _, at = sosfreqz(peak(RATE, 1_000.0, 6.0, 1.0), [1_000.0], fs=RATE)
    assert 20 * np.log10(abs(at[0])) == pytest.approx(6.0, abs=0.01)
    _, at = sosfreqz(low_pass(RATE, 4_000.0), [10.0, 4_000.0], fs=RATE)
    assert 20 * np.log10(np.abs(at)) == pytest.approx([0.0, -3.0], abs=0.05)
    wave = np.zeros(RATE, np.float32)
    assert not equalise(wave, RATE, np.random.default_rng(0)).any()
