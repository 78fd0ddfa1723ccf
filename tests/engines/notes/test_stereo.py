"""Stereo of played notes: the mono sum is kept, widths are as placed, stems sum to the mix."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from msanii_live.audio import CEILING, limiting_gain
from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.phase import circular_grid, linear_grid
from msanii_live.engines.base import standalone_context
from msanii_live.engines.notes.part_masks import notes_by_part, part_shares
from msanii_live.engines.notes.played_parts import finish_parts
from msanii_live.engines.notes.stereo import PLACEMENTS, place, place_parts, placement_of
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


def noise(length: int = LENGTH, seed: int = 1) -> torch.Tensor:
    return 0.1 * torch.randn(length, generator=torch.Generator().manual_seed(seed))


def grid_of(wave, loop=False):
    lay = circular_grid if loop else linear_grid
    return lay(SPEC, len(wave), SPEC.mel_frames(len(wave)), wave.device)


def divided(notes=NOTES, wave=None, loop=False):
    """Return a mono signal placed by the shares of its parts."""
    wave = noise() if wave is None else wave
    grid, parts = grid_of(wave, loop), notes_by_part(notes)
    shares = part_shares(None, parts, grid.centres, SPEC)
    return place(wave, parts, shares, grid, SPEC)


def played(notes=NOTES, loop=False, **waves):
    """Return parts placed one by one; each is another noise, unless a wave is given."""
    parts = notes_by_part(notes)
    waves = {part: waves.get(part, noise(seed=n)) for n, part in enumerate(parts)}
    return place_parts(waves, parts, grid_of(noise(), loop), SPEC)


def width(stereo: torch.Tensor) -> float:
    middle, side = stereo.mean(0), (stereo[0] - stereo[1]) / 2
    return 10 * float(torch.log10(side.square().mean() / middle.square().mean()))


@pytest.mark.parametrize("loop", [False, True])
def test_the_mono_sum_is_what_was_played(loop):
    found = divided(loop=loop)
    assert torch.allclose(found.mix.mean(0), noise(), atol=1e-6)
    assert width(found.mix) > -25
    assert found.stems == {}


@pytest.mark.parametrize("loop", [False, True])
def test_parts_are_placed_one_by_one_and_sum_to_the_mix(loop):
    found = played(loop=loop)
    assert tuple(found.stems) == PARTS
    for number, stem in enumerate(found.stems.values()):
        assert torch.allclose(stem.mean(0), noise(seed=number), atol=1e-6)
    assert torch.allclose(sum(found.stems.values()), found.mix, atol=1e-6)
    assert width(found.mix) > -25


def test_a_stem_is_what_its_part_is_alone():
    lead = [NOTES[3]]
    alone = played(lead, lead=noise(seed=7))
    assert torch.equal(alone.mix, played(lead=noise(seed=7)).stems["lead"])


def test_each_part_is_as_wide_as_it_is_placed():
    for part in ("chords", "lead", "pad"):
        notes = [Note(0.0, 1.0, 60, 90, 24, part=part)]  # an instrument that is recorded in mono
        where = PLACEMENTS[part]
        wanted = 10 * np.log10(10 ** (where.width / 10) + where.pan**2)
        for found in (played(notes), divided(notes)):
            assert width(found.mix) == pytest.approx(wanted, abs=1.0)
    bass = [Note(0.0, 1.0, 40, 90, 33)]
    assert width(played(bass).mix) < -80
    assert width(divided(bass).mix) < -80
    low = 0.1 * torch.sin(2 * torch.pi * 60 * torch.arange(LENGTH) / 44_100)
    for found in (played([NOTES[0]], drums=low), divided([NOTES[0]], low)):
        assert width(found.mix) < -35  # a kick stays in the middle


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
    context = replace(standalone_context(), skip_normalization=skip)
    made = finish_parts(played(loop=loop, chords=wave), score, 44_100, context)
    total = sum(made.stems.values())
    assert made.clip.samples.shape == (LENGTH, 2)
    assert all(stem.dtype == np.float32 for stem in made.stems.values())
    assert np.abs(total - made.clip.samples).max() <= 2**-20
    if not skip:
        assert np.abs(made.clip.samples).max() <= CEILING + 1e-6
        assert limiting_gain(np.array(made.clip.samples)) is None


def test_a_clip_without_stems_is_the_same():
    score, context = Score(NOTES, 1.0, bpm=120.0), standalone_context()
    with_ = finish_parts(played(), score, 44_100, context)
    without = finish_parts(replace(played(), stems={}), score, 44_100, context)
    assert np.array_equal(with_.clip.samples, without.clip.samples)
    assert without.stems == {}
