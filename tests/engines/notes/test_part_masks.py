"""Masks of parts: they sum to one, follow levels and partials, and know where a part plays."""

import pytest
import torch

from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.phase import linear_grid
from msanii_live.engines.notes.part_masks import (
    band_weights,
    notes_by_part,
    part_masks,
    part_shares,
)
from msanii_live.notes import PARTS, Note

SPEC = MelSpec()
BASS = Note(0.0, 1.0, 40, 90, 33, part="bass")
LEAD = Note(0.0, 1.0, 64, 90, 80, part="lead")
BEAT = Note(0.5, 0.6, 36, 90, drum=True)
FRAMES = linear_grid(SPEC, 44_100, SPEC.mel_frames(44_100), torch.device("cpu")).centres


def masks_of(levels: torch.Tensor | None, notes: list[Note]) -> torch.Tensor:
    parts = notes_by_part(notes)
    shares = part_shares(levels, parts, FRAMES, SPEC)
    assert torch.allclose(shares.sum(0), torch.ones(()), atol=1e-5)
    return part_masks(shares, parts, FRAMES, SPEC)


def bin_of(pitch: int, partial: int = 1) -> int:
    return round(partial * 440 * 2 ** ((pitch - 69) / 12) * SPEC.n_fft / SPEC.sample_rate)


def test_notes_are_grouped_in_the_order_of_the_parts() -> None:
    found = notes_by_part([LEAD, BEAT, BASS, Note(0.0, 1.0, 60, 90, 0)])
    assert tuple(found) == ("drums", "bass", "chords", "lead")
    assert found["drums"] == [BEAT]
    assert tuple(found) == tuple(part for part in PARTS if part != "pad")


def test_masks_are_shares() -> None:
    levels = 3 * torch.randn(3, len(FRAMES), SPEC.mels, generator=torch.Generator().manual_seed(1))
    for given in (None, levels):
        masks = masks_of(given, [BASS, LEAD, BEAT])
        assert masks.shape == (3, len(FRAMES), SPEC.n_fft // 2 + 1)
        assert masks.min() >= 0
        assert torch.allclose(masks.sum(0), torch.ones(()), atol=1e-5)


def test_bands_are_interpolated_at_every_bin() -> None:
    weights = band_weights(SPEC)
    assert weights.shape == (SPEC.mels, SPEC.n_fft // 2 + 1)
    assert torch.allclose(weights.sum(0), torch.ones(()), atol=1e-5)


def test_one_part_has_all() -> None:
    assert masks_of(None, [LEAD]).min() == pytest.approx(1.0, abs=1e-5)


def test_partials_go_to_the_part_that_plays_them() -> None:
    one, other = (Note(0.0, 1.0, n, 90, 0, part=p) for n, p in ((60, "chords"), (66, "lead")))
    chords, lead = masks_of(None, [one, other])[:, 40]
    for partial in (1, 2):  # 262 and 523 Hz against 370 and 740 Hz, in bins of 21.5 Hz
        assert chords[bin_of(60, partial)] > 0.9
        assert lead[bin_of(66, partial)] > 0.9


def test_levels_of_a_network_divide_what_partials_cannot() -> None:
    levels = torch.zeros(2, len(FRAMES), SPEC.mels)
    levels[0, :, 64:] = 8.0  # the drums, above
    masks = masks_of(levels, [BASS, BEAT])
    assert masks[0, 60, 800] > 0.99
    assert masks[1, 60, bin_of(40)] == pytest.approx(0.5, abs=1e-3)


def test_a_part_has_nothing_before_its_notes() -> None:
    masks = masks_of(None, [LEAD, BEAT])
    before = round((0.5 - 0.05) * SPEC.sample_rate / SPEC.hop)
    assert masks[0, :before].max() < 1e-6
    assert masks[0, before + 8].max() > 0.4
