"""Check RePaint: the levels that it visits, and its results where the answer is known."""

import pytest
import torch
from torch import Tensor

from msanii_live.engines.msanii2023.repaint import (
    repaint_evaluations,
    repaint_levels,
    sample_repaint,
    sample_repaint_2023,
)
from msanii_live.engines.msanii2023.schedule import cosine_alpha_bars
from msanii_live.engines.msanii2023.schedulers import repaint
from tests.engines.msanii2023.reference import arrays


def test_the_levels_are_those_of_diffusers() -> None:
    scheduler = repaint(200, 10, 10)
    (expected,) = arrays("repaint_timesteps", file="schedulers.npz")
    assert scheduler.timesteps.tolist() == expected.tolist()
    levels = repaint_levels(scheduler)
    assert [5 * level for level in levels[1:]] == expected.tolist()
    assert levels[0] == 200
    assert repaint_evaluations(levels) == 1910
    for impossible in ((20, 0, 4), (20, 2, 0), (0, 2, 4), (1001, 2, 4)):
        with pytest.raises(ValueError, match="must be"):
            repaint(*impossible)


@pytest.mark.parametrize(
    ("steps", "jump", "resamples", "away"), [(200, 10, 10, 0.06), (20, 2, 4, 0.12)]
)
@pytest.mark.parametrize("kind", ["2023", "trailing"])
def test_repaint_nears_the_conditional_of_two_correlated_values(
    kind, steps, jump, resamples, away
) -> None:
    """One of two correlated Gaussian values is known: the other's mean follows it.

    The known value is 0.6, both deviations are 0.3 and the correlation is 0.8: the result should
    have the mean 0.48 and the deviation 0.18. Without going back it has the mean 0.21.
    """
    covariance = 0.09 * torch.tensor([[1.0, 0.8], [0.8, 1.0]], dtype=torch.float64)
    bars = cosine_alpha_bars()

    def exact(x: Tensor, timesteps: Tensor) -> Tensor:
        level = bars[timesteps[0]]
        a, b = level * covariance[0] + (1 - level) * torch.tensor([1.0, 0.0])
        swapped = x.flip(-1)
        return (1 - level).sqrt() * (a * x - b * swapped) / (a * a - b * b)

    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(1_000, 1, 1, 2, dtype=torch.float64, generator=generator)
    clean = torch.zeros_like(noise)
    clean[..., 0] = 0.6
    known = torch.tensor([1.0, 0.0], dtype=torch.float64)
    evaluations = []
    made = inpaint(
        kind,
        exact,
        noise,
        clean,
        known,
        repaint(steps, jump, resamples, clip=False),
        generator,
        lambda: evaluations.append(1),
    )
    assert torch.equal(made[..., 0], clean[..., 0])
    assert float(made[..., 1].mean()) == pytest.approx(0.48, abs=away)
    assert float(made[..., 1].std()) == pytest.approx(0.18, abs=0.05)
    levels = repaint_levels(repaint(steps, jump, resamples))
    assert len(evaluations) == repaint_evaluations(levels)


@pytest.mark.parametrize(("kind", "most"), [("2023", 2.13), ("trailing", 1.03)])
def test_the_noise_has_the_level_that_the_network_is_told(kind, most) -> None:
    """diffusers adds too much on the way back up: the reason why there are two of them."""
    bars, shares = cosine_alpha_bars(), []

    def silent(x: Tensor, timesteps: Tensor) -> Tensor:
        level = bars[timesteps[0]]
        shares.append(float(x.var() / (1 - level)))
        return x / (1 - level).sqrt()  # there is nothing but noise

    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(1, 2, 64, 64, dtype=torch.float64, generator=generator)
    known = torch.zeros(1, dtype=torch.float64)
    scheduler = repaint(20, 3, 3, clip=False)
    inpaint(kind, silent, noise, torch.zeros_like(noise), known, scheduler, generator)
    assert min(shares) == pytest.approx(1.0, abs=0.08)
    assert max(shares) == pytest.approx(most, abs=0.08)


def inpaint(kind, model, noise, clean, known, scheduler, generator, on_step=lambda: None) -> Tensor:
    if kind == "2023":
        return sample_repaint_2023(model, noise, clean, known, scheduler, generator, on_step)
    levels = repaint_levels(scheduler)
    return sample_repaint(model, noise, clean, known, levels, generator, on_step, clip=None)
