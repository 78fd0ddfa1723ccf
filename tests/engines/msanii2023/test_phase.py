"""Check the phase search against torchaudio's, and its chunks against the whole."""

import pytest
import torch

from msanii_live.benchmarks.plain2023 import plain_griffin_lim
from msanii_live.engines.msanii2023.phase import griffin_lim
from tests.engines.msanii2023.reference import arrays, relative_error


def test_griffin_lim_finds_audio_with_nearly_the_given_magnitudes() -> None:
    torch.manual_seed(0)
    frames = 1024 * 15
    seconds = torch.arange(frames) / 44_100
    tones = torch.stack([torch.sin(2 * torch.pi * hertz * seconds) for hertz in (440.0, 1000.0)])
    window = torch.hann_window(2048)
    stft = torch.stft(tones, 2048, 1024, window=window, return_complex=True)
    audio = griffin_lim(stft.abs()[None], iterations=32)
    assert audio.shape == (1, 2, frames)
    again = torch.stft(audio[0], 2048, 1024, window=window, return_complex=True)
    assert relative_error(again.abs(), stft.abs()) < 0.3


def test_griffin_lim_is_repeatable_by_seed() -> None:
    magnitude = torch.ones(1, 1, 1025, 4)
    takes = []
    for _ in range(2):
        torch.manual_seed(7)
        takes.append(griffin_lim(magnitude, iterations=2))
    assert torch.equal(*takes)


def test_griffin_lim_refuses_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="iterations"):
        griffin_lim(torch.ones(1, 1, 1025, 4), iterations=-1)
    with pytest.raises(ValueError, match="momentum"):
        griffin_lim(torch.ones(1, 1, 1025, 4), momentum=1.0)
    with pytest.raises(ValueError, match="chunk"):
        griffin_lim(torch.ones(1, 1, 1025, 4), chunk=0)
    with pytest.raises(ValueError, match="start must have 3072 frames"):
        griffin_lim(torch.ones(1, 1, 1025, 4), start=torch.zeros(1, 1, 3_000))
    with pytest.raises(ValueError, match="3 mel frames"):
        griffin_lim(torch.ones(1, 1, 1025, 2))


@pytest.mark.parametrize(("iterations", "tolerance"), [(0, 1e-6), (1, 1e-6), (16, 1e-4)])
def test_it_is_what_torchaudio_computes(iterations: int, tolerance: float) -> None:
    """From the same draw; the search is chaotic, so that rounding grows with the iterations."""
    (magnitude,) = arrays("mag")
    torch.manual_seed(7)
    expected = plain_griffin_lim(magnitude, iterations)
    torch.manual_seed(7)
    actual = griffin_lim(magnitude, iterations, phases="quadrant")
    assert relative_error(actual, expected) <= tolerance


@pytest.mark.parametrize("chunk", [1, 5, 31, 32, 1_000])
def test_chunks_are_the_whole(chunk: int) -> None:
    (magnitude,) = arrays("mag")
    whole, cut = (
        griffin_lim(magnitude, 24, generator=torch.Generator().manual_seed(1), chunk=size)
        for size in (32, chunk)
    )
    assert relative_error(cut, whole) <= 1e-4


def test_momentum_helps() -> None:
    wave, magnitude = arrays("wave", "mag")
    window = torch.hann_window(2048)
    magnitude = torch.stft(wave[0], 2048, 1024, window=window, return_complex=True).abs()[None]
    errors = []
    for momentum in (0.99, 0.0):
        made = griffin_lim(
            magnitude, 32, momentum=momentum, generator=torch.Generator().manual_seed(0)
        )
        again = torch.stft(made[0], 2048, 1024, window=window, return_complex=True).abs()
        errors.append(relative_error(again, magnitude[0]))
    assert errors[0] < errors[1]


def test_first_phases_are_drawn_from_the_full_circle() -> None:
    """Real parts of both signs; the 2023 code drew from one quadrant only."""
    magnitude = torch.zeros(1, 1, 1025, 3)
    magnitude[..., 100, 1] = 1.0  # one partial, so that its phase can be read off
    window = torch.hann_window(2048)

    def quadrants(phases) -> set[tuple[bool, bool]]:
        found = set()
        for seed in range(40):
            generator = torch.Generator().manual_seed(seed)
            made = griffin_lim(magnitude, 0, phases=phases, generator=generator)[0, 0]
            bin_ = torch.stft(made, 2048, 1024, window=window, return_complex=True)[100, 1]
            found.add((bool(bin_.real > 0), bool(bin_.imag > 0)))
        return found

    assert len(quadrants("quadrant")) == 1
    assert len(quadrants("circle")) == 4


def test_a_start_keeps_its_phases() -> None:
    (wave,) = arrays("wave")
    wave = wave[..., : 1024 * 15]
    window = torch.hann_window(2048)
    magnitude = torch.stft(wave[0], 2048, 1024, window=window, return_complex=True).abs()[None]
    made = griffin_lim(magnitude, 4, start=wave)
    assert relative_error(made, wave) <= 1e-4


def test_an_exception_ends_the_search() -> None:
    seen = []

    def cancelled() -> None:
        seen.append(1)
        if len(seen) == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        griffin_lim(torch.ones(1, 1, 1025, 4), 100, on_iteration=cancelled)
    assert len(seen) == 3
