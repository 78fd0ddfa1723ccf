"""Check schedules and samplers against exact answers, the 2023 code, and diffusers."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from torch import Tensor

from msanii_live.engines.msanii2023.samplers import sample
from msanii_live.engines.msanii2023.schedule import (
    cosine_alpha_bars,
    evaluation_count,
    trailing_timesteps,
)
from msanii_live.engines.msanii2023.schedulers import ClippedDPMSolver, ddim, dpm_solver
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
    actual = sample(reference().unet, noise, ddim(int(steps)))
    assert relative_error(actual, expected) <= 1e-5


@torch.inference_mode()
def test_ddim_matches_the_2023_code_from_a_lower_noise_level() -> None:
    names = ("ddim04_noise", "ddim04_timesteps", "ddim04_x0")
    noise, timesteps, expected = arrays(*names)
    scheduler = ddim(10, 0.4)
    assert scheduler.timesteps.tolist() == timesteps.tolist()
    actual = sample(reference().unet, noise, scheduler)
    assert relative_error(actual, expected) <= 1e-5


def test_cosine_schedule_follows_its_closed_form() -> None:
    alpha_bars = cosine_alpha_bars()
    progress = (torch.arange(1, 1001, dtype=torch.float64) / 1000 + 0.008) / 1.008
    start = np.cos(0.008 / 1.008 * np.pi / 2) ** 2
    closed = torch.cos(progress * np.pi / 2) ** 2 / start
    torch.testing.assert_close(alpha_bars[:-1], closed[:-1], rtol=1e-9, atol=0.0)
    assert float(alpha_bars[-1] / alpha_bars[-2]) == pytest.approx(0.001)  # the ceiling
    with pytest.raises(ValueError, match="train_timesteps"):
        cosine_alpha_bars(0)


@pytest.mark.parametrize("scheduler", [ddim(5), dpm_solver(5)], ids=["ddim", "dpm-solver"])
def test_training_and_sampling_have_the_same_noise_levels(scheduler) -> None:
    levels = scheduler.alphas_cumprod.double()
    torch.testing.assert_close(levels, cosine_alpha_bars(), rtol=1e-4, atol=1e-6)


def test_ddim_has_the_timesteps_of_the_2023_code() -> None:
    assert ddim(20).timesteps.tolist()[:2] == [950, 900]
    assert ddim(3).timesteps.tolist() == [666, 333, 0]
    assert ddim(1000).timesteps.tolist() == list(range(999, -1, -1))
    # They begin too low: noise of one level, and the network is told another.
    assert ddim(200, 0.3).timesteps.tolist()[0] == 199


@pytest.mark.parametrize("scheduler", [ddim, dpm_solver])
def test_impossible_schedules_are_refused(scheduler) -> None:
    for steps in (0, 1001):
        with pytest.raises(ValueError, match="steps must be"):
            scheduler(steps)
    for strength in (0.0, 1.1, 1e-4):
        with pytest.raises(ValueError, match="strength must be"):
            scheduler(4, strength)


@pytest.mark.parametrize("scheduler", [ddim, dpm_solver])
@pytest.mark.parametrize(("steps", "strength"), [(1, 1.0), (7, 0.5), (20, 0.01), (200, 0.3)])
def test_evaluations_are_counted_before_sampling(scheduler, steps: int, strength: float) -> None:
    evaluations = []
    noise = torch.zeros(1, 1, 2, 2)
    sample(no_noise, noise, scheduler(steps, strength), lambda: evaluations.append(1))
    assert len(evaluations) == evaluation_count(steps, strength)


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
    multiplies x by a known number, and the product of them is the answer. diffusers computes its
    factors in float32.
    """
    scheduler = ddim(steps, clip=False)
    alpha_bars = cosine_alpha_bars()[scheduler.timesteps]
    levels = [*alpha_bars, torch.tensor(1.0, dtype=torch.float64)]
    factor = torch.tensor(1.0, dtype=torch.float64)
    for now, later in pairwise(levels):
        kept = (later / now).sqrt()
        factor *= kept + ((1 - later).sqrt() - kept * (1 - now).sqrt()) * gain(now, 0.3)
    noise = torch.randn(2, 2, 8, 4, dtype=torch.float64, generator=torch.manual_seed(0))
    actual = sample(linear, noise, scheduler)
    torch.testing.assert_close(actual, factor * noise, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("scheduler", [ddim, dpm_solver])
def test_a_known_mel_is_recovered_whatever_the_number_of_steps(scheduler) -> None:
    generator = torch.Generator().manual_seed(0)
    clean = torch.rand(1, 2, 8, 4, generator=generator) * 2 - 1
    alpha_bars = cosine_alpha_bars()

    def oracle(x: Tensor, timesteps: Tensor) -> Tensor:
        alpha = alpha_bars[timesteps][:, None, None, None]
        return ((x - alpha.sqrt() * clean) / (1 - alpha).sqrt()).float()

    for steps in (1, 3, 20):
        noise = torch.randn(clean.shape, generator=generator)
        actual = sample(oracle, noise, scheduler(steps))
        # In float32 a step from pure noise, of which the mel is a 20,000th, is right to 1e-2.
        torch.testing.assert_close(actual, clean, rtol=0.0, atol=1e-2)


@pytest.mark.parametrize("scheduler", [ddim, dpm_solver])
def test_the_clean_estimate_is_clipped(scheduler) -> None:
    noise = torch.full((1, 1, 1, 2), 3.0)
    assert sample(no_noise, noise, scheduler(1)).max() == 1.0
    assert sample(no_noise, noise, scheduler(1, clip=False)).max() > 3.0


@torch.inference_mode()
def test_the_clip_is_the_threshold_of_diffusers() -> None:
    (noise,) = arrays("ddim_noise")
    with_threshold = DPMSolverMultistepScheduler.from_config(dpm_solver(1).config)
    assert not isinstance(with_threshold, ClippedDPMSolver)
    with_threshold.set_timesteps(timesteps=dpm_solver(5).timesteps.tolist())
    expected = sample(reference().unet, noise, with_threshold)
    assert torch.equal(sample(reference().unet, noise, dpm_solver(5)), expected)
    assert not torch.equal(sample(reference().unet, noise, dpm_solver(5, clip=False)), expected)


@pytest.mark.parametrize("scheduler", [ddim, dpm_solver])
def test_an_exception_ends_the_sampling_after_an_evaluation(scheduler) -> None:
    evaluations = []

    def on_step() -> None:
        evaluations.append(1)
        if len(evaluations) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sample(no_noise, torch.zeros(1, 1, 2, 2), scheduler(50), on_step)
    assert len(evaluations) == 3


def exact_flow(noise: Tensor, start: int) -> Tensor:
    """Return where the probability flow takes a Gaussian of deviation 0.3 from a timestep.

    Each value keeps its rank, so it is scaled by the deviation's own change.
    """
    level = cosine_alpha_bars()[start]
    return noise * 0.3 / (level * 0.3**2 + 1 - level).sqrt()


@pytest.mark.parametrize(
    ("scheduler", "order"), [(ddim, 1), (dpm_solver, 2)], ids=["ddim", "dpm-solver"]
)
def test_error_falls_with_the_order_of_the_sampler(scheduler, order) -> None:
    noise = torch.randn(1, 1, 8, 8, dtype=torch.float64, generator=torch.manual_seed(0))

    def error(steps: int) -> float:
        made = scheduler(steps, 0.8, clip=False)
        return relative_error(sample(linear, noise, made), exact_flow(noise, made.timesteps[0]))

    assert error(80) < error(20) * 0.3**order


def test_dpm_solver_matches_diffusers() -> None:
    noise, expected, timesteps = arrays(
        "noise", "dpm_solver", "dpm_timesteps", file="schedulers.npz"
    )
    scheduler = dpm_solver(10, clip=False)
    assert scheduler.timesteps.tolist() == timesteps.tolist()
    assert relative_error(sample(linear, noise, scheduler), expected) <= 1e-5


def test_dpm_solver_of_few_steps_is_nearer_than_ddim() -> None:
    noise = torch.randn(1, 1, 8, 8, dtype=torch.float64, generator=torch.manual_seed(0))
    errors = []
    for scheduler in (dpm_solver(20, clip=False), ddim(20, clip=False)):
        exact = exact_flow(noise, int(scheduler.timesteps[0]))
        errors.append(relative_error(sample(linear, noise, scheduler), exact))
    assert errors[0] < 0.5 * errors[1]
