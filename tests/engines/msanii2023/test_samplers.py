"""Check schedules and samplers against exact answers, the 2023 code, and diffusers."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor

from msanii_live.engines.msanii2023.samplers import (
    ddim_step,
    evaluations,
    repaint_order,
    sample_ddim,
    sample_dpm_solver,
    sample_repaint,
)
from msanii_live.engines.msanii2023.schedule import (
    cosine_alpha_bars,
    leading_timesteps,
    trailing_timesteps,
)
from tests.engines.msanii2023.reference import arrays, reference, relative_error


def no_noise(x: Tensor, timesteps: Tensor) -> Tensor:
    return torch.zeros_like(x)


def gain(alpha: Tensor, deviation: float) -> Tensor:
    """E[noise | x] / x for data of mean 0 and a deviation, at a share of signal power."""
    return (1 - alpha).sqrt() / (alpha * deviation**2 + 1 - alpha)


def linear(x: Tensor, timesteps: Tensor) -> Tensor:
    """Predict the noise exactly for data of mean 0 and deviation 0.3."""
    return gain(cosine_alpha_bars()[timesteps], 0.3)[:, None, None, None] * x


@torch.inference_mode()
def test_ddim_matches_the_2023_code() -> None:
    noise, steps, expected = arrays("ddim_noise", "ddim_steps", "ddim_x0")
    timesteps = leading_timesteps(int(steps))
    actual = sample_ddim(reference().unet, noise, cosine_alpha_bars(), timesteps)
    assert relative_error(actual, expected) <= 1e-5


@torch.inference_mode()
def test_ddim_matches_the_2023_code_from_a_lower_noise_level() -> None:
    names = ("ddim04_noise", "ddim04_timesteps", "ddim04_x0")
    noise, timesteps, expected = arrays(*names)
    actual = sample_ddim(reference().unet, noise, cosine_alpha_bars(), timesteps.tolist())
    assert relative_error(actual, expected) <= 1e-5


def test_cosine_schedule_follows_its_closed_form() -> None:
    alpha_bars = cosine_alpha_bars()
    progress = (torch.arange(1, 1001, dtype=torch.float64) / 1000 + 0.008) / 1.008
    start = np.cos(0.008 / 1.008 * np.pi / 2) ** 2
    closed = torch.cos(progress * np.pi / 2) ** 2 / start
    torch.testing.assert_close(alpha_bars[:-1], closed[:-1], rtol=1e-9, atol=0.0)
    assert float(alpha_bars[-1] / alpha_bars[-2]) == pytest.approx(0.001)  # the ceiling


def test_leading_timesteps() -> None:
    assert leading_timesteps(20)[:2] == [950, 900]
    assert leading_timesteps(3) == [666, 333, 0]
    assert leading_timesteps(1000) == list(range(999, -1, -1))
    for steps in (0, 1001):
        with pytest.raises(ValueError, match="steps must be"):
            leading_timesteps(steps)
    for strength in (0.0, 1.1, 1e-4):
        with pytest.raises(ValueError, match="strength must be"):
            leading_timesteps(4, strength)


def test_leading_timesteps_begin_too_low() -> None:
    """The flaw that the mended schedule is for: noise of one level, told to be of another."""
    assert leading_timesteps(20)[0] == 950
    assert leading_timesteps(200, 0.3)[0] == 199


@pytest.mark.parametrize("strength", [0.001, 0.3, 0.4, 1.0])
@pytest.mark.parametrize("steps", [1, 7, 20, 200, 1000])
def test_trailing_timesteps_begin_where_the_strength_says(steps: int, strength: float) -> None:
    timesteps = trailing_timesteps(steps, strength)
    assert timesteps[0] == round(1000 * strength) - 1
    assert timesteps[-1] >= 0
    assert len(timesteps) == min(steps, round(1000 * strength))
    assert all(later < now for now, later in pairwise(timesteps))


@pytest.mark.parametrize("steps", [1, 7, 50])
def test_ddim_with_a_linear_model_has_its_exact_answer(steps: int) -> None:
    """Data of mean 0 and deviation s: the best noise prediction is linear in x.

    With a share of signal power a, E[noise | x] = sqrt(1 - a) / (a s² + 1 - a) · x, so every step
    multiplies x by a known number, and the product of them is the answer.
    """
    alpha_bars = cosine_alpha_bars()
    timesteps = leading_timesteps(steps)
    levels = [*alpha_bars[timesteps], torch.tensor(1.0, dtype=torch.float64)]
    factor = torch.tensor(1.0, dtype=torch.float64)
    for now, later in pairwise(levels):
        kept = (later / now).sqrt()
        factor *= kept + ((1 - later).sqrt() - kept * (1 - now).sqrt()) * gain(now, 0.3)
    noise = torch.randn(2, 2, 8, 4, dtype=torch.float64, generator=torch.manual_seed(0))
    actual = sample_ddim(linear, noise, alpha_bars, timesteps, clip=None)
    torch.testing.assert_close(actual, factor * noise, rtol=1e-10, atol=1e-12)


def test_ddim_recovers_a_known_clip_whatever_the_number_of_steps() -> None:
    clean = torch.rand(1, 2, 8, 4, dtype=torch.float64, generator=torch.manual_seed(0)) * 2 - 1
    alpha_bars = cosine_alpha_bars()

    def oracle(x: Tensor, timesteps: Tensor) -> Tensor:
        alpha = alpha_bars[timesteps][:, None, None, None]
        return (x - alpha.sqrt() * clean) / (1 - alpha).sqrt()

    for steps in (1, 3, 20):
        actual = sample_ddim(oracle, torch.randn_like(clean), alpha_bars, leading_timesteps(steps))
        torch.testing.assert_close(actual, clean, rtol=0.0, atol=1e-10)


def test_ddim_clips_the_clean_estimate() -> None:
    noise = torch.full((1, 1, 1, 2), 3.0)
    assert sample_ddim(no_noise, noise, cosine_alpha_bars(), [0]).max() == 1.0
    assert sample_ddim(no_noise, noise, cosine_alpha_bars(), [0], clip=None).max() > 3.0


def test_ddim_refuses_impossible_schedules() -> None:
    noise, alpha_bars = torch.zeros(1, 1, 1, 1), cosine_alpha_bars()
    with pytest.raises(ValueError, match="empty"):
        sample_ddim(no_noise, noise, alpha_bars, [])
    with pytest.raises(ValueError, match="must fall"):
        sample_ddim(no_noise, noise, alpha_bars, [100, 100, 0])
    with pytest.raises(IndexError):
        sample_ddim(no_noise, noise, alpha_bars, [1000, 0])
    with pytest.raises(ValueError, match="alpha_now <= alpha_next"):
        ddim_step(noise, noise, alpha_now=0.5, alpha_next=0.4, clip=None)
    with pytest.raises(ValueError, match="train_timesteps"):
        cosine_alpha_bars(0)


def exact_flow(noise: Tensor, start: int) -> Tensor:
    """Return where the probability flow takes a Gaussian of deviation 0.3 from a timestep.

    Each value keeps its rank, so it is scaled by the deviation's own change.
    """
    level = cosine_alpha_bars()[start]
    return noise * 0.3 / (level * 0.3**2 + 1 - level).sqrt()


@pytest.mark.parametrize(
    ("sampler", "order"), [(sample_ddim, 1), (sample_dpm_solver, 2)], ids=["ddim", "dpm-solver"]
)
def test_error_falls_with_the_order_of_the_sampler(sampler, order) -> None:
    noise = torch.randn(1, 1, 8, 8, dtype=torch.float64, generator=torch.manual_seed(0))
    bars, start = cosine_alpha_bars(), 799

    def error(steps: int) -> float:
        timesteps = trailing_timesteps(steps, (start + 1) / 1000)
        actual = sampler(linear, noise, bars, timesteps, clip=None)
        return relative_error(actual, exact_flow(noise, start))

    assert error(80) < error(20) * 0.3**order


def test_dpm_solver_matches_diffusers() -> None:
    noise, expected, timesteps = arrays(
        "noise", "dpm_solver", "dpm_timesteps", file="schedulers.npz"
    )
    assert trailing_timesteps(10) == timesteps.tolist()
    actual = sample_dpm_solver(linear, noise, cosine_alpha_bars(), timesteps.tolist(), clip=None)
    # diffusers keeps its levels in float32, where the last one is right to 1e-4.
    assert relative_error(actual, expected) <= 1e-3


def test_dpm_solver_of_few_steps_is_nearer_than_ddim() -> None:
    noise = torch.randn(1, 1, 8, 8, dtype=torch.float64, generator=torch.manual_seed(0))
    bars, timesteps = cosine_alpha_bars(), trailing_timesteps(20)
    exact = exact_flow(noise, 999)
    errors = [
        relative_error(sampler(linear, noise, bars, timesteps, clip=None), exact)
        for sampler in (sample_dpm_solver, sample_ddim)
    ]
    assert errors[0] < 0.5 * errors[1]


def test_repaint_visits_what_diffusers_visits() -> None:
    (expected,) = arrays("repaint_timesteps", file="schedulers.npz")
    order = repaint_order(200, 10, 10)
    assert [5 * level for level in order[1:]] == expected.tolist()
    assert evaluations(order) == 1910
    with pytest.raises(ValueError, match="at least 1"):
        repaint_order(20, 0, 4)


@pytest.mark.parametrize(
    ("steps", "jump", "resamples", "away"), [(200, 10, 10, 0.06), (20, 2, 4, 0.12)]
)
def test_repaint_nears_the_conditional_of_two_correlated_values(
    steps, jump, resamples, away
) -> None:
    """One of two correlated Gaussian values is known: the other's mean follows it.

    The known value is 0.6, both deviations are 0.3 and the correlation is 0.8: what is made should
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
    steps_down = []
    made = sample_repaint(
        exact,
        noise,
        clean,
        known,
        bars,
        trailing_timesteps(steps),
        jump_length=jump,
        resamples=resamples,
        generator=generator,
        clip=None,
        on_step=lambda: steps_down.append(1),
    )
    assert torch.equal(made[..., 0], clean[..., 0])
    assert float(made[..., 1].mean()) == pytest.approx(0.48, abs=away)
    assert float(made[..., 1].std()) == pytest.approx(0.18, abs=0.05)
    assert len(steps_down) == evaluations(repaint_order(steps, jump, resamples))


def test_repaint_is_at_the_noise_level_it_tells() -> None:
    """After steps back as well: diffusers' are one spacing too noisy."""
    bars, shares = cosine_alpha_bars(), []

    def silent(x: Tensor, timesteps: Tensor) -> Tensor:
        level = bars[timesteps[0]]
        shares.append(float(x.var() / (1 - level)))
        return x / (1 - level).sqrt()  # nothing is there but noise

    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(1, 2, 64, 64, dtype=torch.float64, generator=generator)
    sample_repaint(
        silent,
        noise,
        torch.zeros_like(noise),
        torch.zeros(1, dtype=torch.float64),
        bars,
        trailing_timesteps(20),
        jump_length=3,
        resamples=3,
        generator=generator,
        clip=None,
    )
    assert len(shares) == evaluations(repaint_order(20, 3, 3))
    assert shares == pytest.approx([1.0] * len(shares), abs=0.08)
