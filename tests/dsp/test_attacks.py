"""Check that hits begin where and as sharply as their mel says, and that all else stays."""

import numpy as np
import pytest
import torch

from msanii_live.dsp.attacks import sharpen_attacks, sharpen_loop
from msanii_live.dsp.mel import MelSpec, log_mel, stft_magnitudes

SPEC = MelSpec()
LENGTH = 24_576  # samples, a multiple of the hop
HITS = (6_000, 14_321)
CENTRES = torch.arange(LENGTH // SPEC.hop) * SPEC.hop


def hits(places: tuple[int, ...], seed: int) -> torch.Tensor:
    """Return hits of noise that decay in 40 ms, (1, LENGTH)."""
    rng, out = np.random.default_rng(seed), np.zeros(LENGTH)
    for place in places:
        tail = np.arange(LENGTH - place)
        out[place:] += 0.3 * rng.normal(size=len(tail)) * np.exp(-tail / 1_764)
    return torch.from_numpy(out.astype(np.float32))[None]


def blurred(places: tuple[int, ...]) -> torch.Tensor:
    """Return what a vocoder makes of such hits: they rise for 10 ms, and begin before."""
    kernel = np.hanning(882)
    level = np.zeros(LENGTH)
    for place in places:
        level[place:] += np.exp(-np.arange(LENGTH - place) / 882)
    level = np.sqrt(np.convolve(level, kernel / kernel.sum(), "same"))
    noise = np.random.default_rng(9).normal(size=LENGTH)
    return torch.from_numpy((0.3 * level * noise).astype(np.float32))[None]


def mel_of(wave: torch.Tensor) -> torch.Tensor:
    return log_mel(stft_magnitudes(wave, SPEC), SPEC)


def share_before(wave: torch.Tensor, place: int) -> float:
    """Return the share of a hit's energy that is heard in the 8 ms before it."""
    energy = wave[0].double().square()
    return float(energy[place - 353 : place - 44].sum() / energy[place - 353 : place + 882].sum())


def test_a_hit_is_silent_before_it_begins() -> None:
    made = blurred(HITS)
    sharp = sharpen_attacks(made.clone(), mel_of(hits(HITS, 1)), CENTRES, SPEC)
    for place in HITS:
        assert share_before(made, place) > 0.05
        assert share_before(sharp, place) < 0.3 * share_before(made, place)


def test_what_is_far_from_a_hit_stays_and_the_energy_is_kept() -> None:
    made = blurred(HITS)
    sharp = sharpen_attacks(made.clone(), mel_of(hits(HITS, 1)), CENTRES, SPEC)
    far = slice(9_000, 11_500)
    assert torch.allclose(sharp[:, far], made[:, far], atol=1e-6)
    assert float(sharp.square().sum() / made.square().sum()) == pytest.approx(1, abs=0.4)


def test_held_tones_stay_as_they_are() -> None:
    time = torch.arange(LENGTH) / SPEC.sample_rate
    held = 0.2 * torch.sin(2 * np.pi * 330.0 * time)[None] * (1 + time / 10)
    inner = slice(4_096, LENGTH - 4_096)
    made = sharpen_attacks(held.clone(), mel_of(held), CENTRES, SPEC)
    assert torch.allclose(made[:, inner], held[:, inner], atol=1e-6)


def test_a_loop_that_is_turned_is_the_same_loop() -> None:
    true, made = hits(HITS, 1), blurred(HITS)
    mel = mel_of(true)
    turned = 26  # frames: the second hit comes to the start of the loop
    at_once = sharpen_loop(made.clone(), mel, CENTRES, SPEC)
    other = sharpen_loop(
        made.roll(-turned * SPEC.hop, 1), mel.roll(-turned, 2), CENTRES, SPEC
    ).roll(turned * SPEC.hop, 1)
    assert not torch.allclose(at_once, made, atol=1e-2)
    assert torch.allclose(at_once, other, atol=1e-4)


@pytest.mark.parametrize("frames", [2, 7])
def test_what_is_shorter_than_an_attack_stays(frames: int) -> None:
    wave = hits((100,), 1)[:, : frames * SPEC.hop]
    mel = mel_of(wave)
    centres = CENTRES[:frames]
    assert torch.equal(sharpen_attacks(wave, mel, centres, SPEC), wave)
    assert torch.equal(sharpen_loop(wave, mel, centres, SPEC), wave)
