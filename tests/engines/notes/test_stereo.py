"""Stereo of played notes: the mono sum is kept, widths are as placed, stems sum to the mix."""

import numpy as np
import pytest
import torch

from msanii_live.audio import CEILING, limiting_gain
from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.phase import circular_grid, linear_grid
from msanii_live.engines.base import standalone_context
from msanii_live.engines.notes.part_masks import notes_by_part, part_shares
from msanii_live.engines.notes.played_parts import finish_parts
from msanii_live.engines.notes.stereo import PLACEMENTS, place, placement_of
from msanii_live.notes import PARTS, Note, Score

SPEC = MelSpec()
LENGTH = 44_100
NOTES = (
    Note(0.0, 1.0, 36, 90, 0, drum=True),
    Note(0.0, 1.0, 40, 90, 33),
    Note(0.0, 1.0, 60, 90, 0, part="chords"),
    Note(0.0, 1.0, 76, 90, 56),
    Note(0.0, 1.0, 67, 90, 88),
)


def noise(length: int = LENGTH) -> torch.Tensor:
    return 0.1 * torch.randn(length, generator=torch.Generator().manual_seed(1))


def placed(notes=NOTES, wave=None, loop=False, stems=True):
    wave = noise() if wave is None else wave
    lay = circular_grid if loop else linear_grid
    grid = lay(SPEC, len(wave), SPEC.mel_frames(len(wave)), wave.device)
    parts = notes_by_part(notes)
    shares = part_shares(None, parts, grid.centres, SPEC)
    return place(wave, parts, shares, grid, SPEC, stems)


def width(stereo: torch.Tensor) -> float:
    middle, side = stereo.mean(0), (stereo[0] - stereo[1]) / 2
    return 10 * float(torch.log10(side.square().mean() / middle.square().mean()))


@pytest.mark.parametrize("loop", [False, True])
def test_the_mono_sum_is_what_was_played(loop):
    wave = noise()
    found = placed(wave=wave, loop=loop)
    assert torch.allclose(found.mix.mean(0), wave, atol=1e-6)
    assert width(found.mix) > -25
    assert tuple(found.stems) == PARTS


def test_the_mix_does_not_depend_on_the_stems():
    assert torch.equal(placed(stems=False).mix, placed().mix)


def test_each_part_is_as_wide_as_it_is_placed():
    for part in ("chords", "lead", "pad"):
        notes = [Note(0.0, 1.0, 60, 90, 24, part=part)]  # an instrument that is recorded in mono
        where = PLACEMENTS[part]
        wanted = 10 * np.log10(10 ** (where.width / 10) + where.pan**2)
        assert width(placed(notes).mix) == pytest.approx(wanted, abs=1.0)
    assert width(placed([Note(0.0, 1.0, 40, 90, 33)]).mix) < -80
    low = 0.1 * torch.sin(2 * torch.pi * 60 * torch.arange(LENGTH) / 44_100)
    assert width(placed([NOTES[0]], low).mix) < -35  # a kick stays in the middle


def test_an_instrument_that_is_recorded_in_stereo_is_wide():
    piano, guitar = ([Note(0.0, 1.0, 60, 90, program)] for program in (0, 24))
    assert placement_of("chords", piano).width > placement_of("chords", guitar).width + 5
    assert placement_of("bass", guitar) == PLACEMENTS["bass"]


@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("loop", [False, True])
def test_stems_sum_to_the_clip_after_its_gains(loop, skip):
    wave = noise()
    wave[20_000:20_100] += 3.0  # the limiter has to move
    score = Score(NOTES, 1.0, bpm=120.0, is_loop=loop)
    context = standalone_context()
    if skip:
        from dataclasses import replace

        context = replace(context, skip_normalization=True)
    made = finish_parts(placed(wave=wave, loop=loop), score, 44_100, context)
    total = sum(made.stems.values())
    assert made.clip.samples.shape == (LENGTH, 2)
    assert all(stem.dtype == np.float32 for stem in made.stems.values())
    assert np.abs(total - made.clip.samples).max() <= 2**-20
    if not skip:
        assert np.abs(made.clip.samples).max() <= CEILING + 1e-6
        assert limiting_gain(np.array(made.clip.samples)) is None


def test_a_clip_without_stems_is_the_same():
    score = Score(NOTES, 1.0, bpm=120.0)
    with_, without = (
        finish_parts(placed(stems=stems), score, 44_100, standalone_context())
        for stems in (True, False)
    )
    assert np.array_equal(with_.clip.samples, without.clip.samples)
    assert without.stems == {}
