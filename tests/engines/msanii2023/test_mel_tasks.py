"""Check the five tasks, corrected and as in the paper, and each difference where it shows."""

import pytest
import torch
from torch import Tensor

from msanii_live.engines.msanii2023.mel_tasks import CORRECTED, PAPER, TASK_SETTINGS, MelTasks
from msanii_live.engines.msanii2023.schedule import cosine_alpha_bars
from tests.engines.msanii2023.reference import reference

SHAPE = (1, 2, 128, 8)
BOTH = pytest.mark.parametrize("settings", TASK_SETTINGS.values(), ids=TASK_SETTINGS)


class Oracle:
    """A perfect network: it knows the clean mel, and records its inputs."""

    def __init__(self, clean: Tensor) -> None:
        self.clean = clean
        self.seen: list[tuple[Tensor, int]] = []

    def __call__(self, x: Tensor, timesteps: Tensor) -> Tensor:
        self.seen.append((x, int(timesteps[0])))
        level = cosine_alpha_bars()[timesteps][:, None, None, None].to(x)
        return (x - level.sqrt() * self.clean) / (1 - level).sqrt()


def mel(seed: int) -> Tensor:
    return torch.rand(SHAPE, generator=torch.Generator().manual_seed(seed)) * 1.8 - 0.9


def tasks(model, settings, steps=20, seed=0, **more):
    return MelTasks(model, steps, torch.Generator().manual_seed(seed), settings, **more)


def test_the_papers_generation_is_the_2023_codes_own() -> None:
    with torch.no_grad():
        made = tasks(reference().unet, PAPER, 5).generate(torch.zeros(SHAPE))
    noise = torch.randn(SHAPE, generator=torch.Generator().manual_seed(0))
    assert torch.equal(made, reference().sample(noise, 5, 1.0))


@BOTH
def test_generation_finds_what_the_model_knows(settings) -> None:
    clean, counted = mel(1), []
    made = tasks(Oracle(clean), settings, on_step=lambda: counted.append(1)).generate(clean)
    torch.testing.assert_close(made, clean, rtol=0, atol=2e-3)
    assert len(counted) == 20


def test_the_corrected_sampler_starts_at_the_last_timestep() -> None:
    firsts = {}
    for name, settings in TASK_SETTINGS.items():
        oracle = Oracle(mel(1))
        tasks(oracle, settings).generate(mel(1))
        firsts[name] = oracle.seen[0][1]
    assert firsts == {"paper": 950, "corrected": 999}


@BOTH
def test_each_batch_gets_noise_of_its_own(settings) -> None:
    oracle = Oracle(torch.zeros(SHAPE))
    job = tasks(oracle, settings, steps=1)
    for _ in range(2):
        job.generate(torch.zeros(SHAPE))
    assert not torch.equal(oracle.seen[0][0], oracle.seen[1][0])


@BOTH
def test_variations_begin_where_the_strength_says(settings) -> None:
    oracle = Oracle(mel(1))
    made = tasks(oracle, settings, steps=10).vary(mel(1), 0.4)
    torch.testing.assert_close(made, mel(1), rtol=0, atol=1e-3)
    assert oracle.seen[0][1] == {"paper": 360, "corrected": 399}[settings.name]
    level = float(cosine_alpha_bars()[oracle.seen[0][1]])
    noise = oracle.seen[0][0] - level**0.5 * mel(1)
    assert float(noise.std()) == pytest.approx((1 - level) ** 0.5, rel=0.05)


def test_shared_noise_keeps_the_variance_of_an_interpolation() -> None:
    """With a noise for each side the network is shown half the noise power it expects."""
    shape = (1, 2, 128, 64)
    shares = {}
    for name, settings in TASK_SETTINGS.items():
        oracle = Oracle(torch.zeros(shape))
        job = tasks(oracle, settings, steps=10)
        job.interpolate(torch.zeros(shape), torch.zeros(shape), 0.5, 0.4)
        x, timestep = oracle.seen[0]
        shares[name] = float(x.var() / (1 - cosine_alpha_bars()[timestep]))
    assert shares["paper"] == pytest.approx(0.5, abs=0.03)
    assert shares["corrected"] == pytest.approx(1.0, abs=0.05)


@BOTH
def test_interpolation_goes_from_a_to_b(settings) -> None:
    a, b = torch.full(SHAPE, -0.5), torch.full(SHAPE, 0.5)
    for mix in (0.0, 0.25, 1.0):
        oracle = Oracle((1 - mix) * a + mix * b)
        made = tasks(oracle, settings).interpolate(a, b, mix, 0.2)
        expected = float(oracle.clean.mean())
        first = oracle.seen[0][0].mean() / cosine_alpha_bars()[oracle.seen[0][1]].sqrt()
        assert float(first) == pytest.approx(expected, abs=0.05)
        assert float(made.mean()) == pytest.approx(expected, abs=0.05)


@BOTH
def test_inpainting_keeps_what_is_known(settings) -> None:
    clean, known = mel(1), torch.zeros(1, 1, 1, 8)
    known[..., :3] = 1.0
    counted = []
    job = tasks(Oracle(clean), settings, 20, on_step=lambda: counted.append(1))
    made = job.inpaint(torch.where(known > 0, clean, torch.tensor(7.0)), known)
    assert torch.equal(made[..., :3], clean[..., :3])
    torch.testing.assert_close(made, clean, rtol=0, atol=2e-3)
    assert len(counted) == settings.inpaint_evaluations(20)


def test_inpainting_costs_what_the_paper_spent_or_a_tenth() -> None:
    assert PAPER.inpaint_evaluations(PAPER.inpaint_steps) == 1910
    assert CORRECTED.inpaint_evaluations(CORRECTED.inpaint_steps) <= 80


@BOTH
@pytest.mark.parametrize("spans", [1, 3])
def test_outpainting_adds_halves(settings, spans: int) -> None:
    clean = mel(1)
    oracle = Oracle(mel(2))
    made = tasks(oracle, settings, 4).outpaint(clean, spans)
    assert made.shape[-1] == 8 + 4 * spans
    assert torch.equal(made[..., :8], clean)
    # Each new half is the second half of the mel that the model knows.
    torch.testing.assert_close(made[..., 8:12], mel(2)[..., 4:], rtol=0, atol=2e-3)
