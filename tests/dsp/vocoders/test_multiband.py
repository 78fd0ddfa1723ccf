"""Check the octave bands, the frozen banks, and that a toy vocoder learns with its critics."""

import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.vocoders import multiband
from msanii_live.dsp.vocoders.multiband import (
    Discriminators,
    MultibandConfig,
    MultibandVocoder,
    bandpass_bank,
    join_bands,
    split_bands,
)
from msanii_live.training.options import RECIPES
from msanii_live.training.trainers.loop import TrainingInterrupted
from msanii_live.training.trainers.multiband import (
    MultibandRecipe,
    batch_losses,
    gradients_of,
    optimiser_step,
    read_recipe,
    train_multiband,
)

SPEC = MelSpec(mels=16)
TINY = MultibandConfig(width=16, least=8, filters=4, taps=31)


def noise(frames: int, batch: int = 1) -> torch.Tensor:
    return 0.1 * torch.randn(batch, frames, generator=torch.Generator().manual_seed(1))


def test_joining_what_was_split_gives_the_signal_back() -> None:
    wave = noise(8_192, 2)
    parts = split_bands(wave, 5)
    assert [p.shape[-1] for p in parts] == [512, 1_024, 2_048, 4_096, 8_192]
    assert torch.allclose(join_bands(parts), wave, atol=1e-5)


@pytest.mark.parametrize(("frequency", "band"), [(300, 0), (2_000, 1), (4_000, 2), (15_000, 4)])
def test_each_octave_is_in_its_band(frequency: int, band: int) -> None:
    wave = torch.sin(2 * torch.pi * frequency * torch.arange(16_384) / 44_100)[None]
    power = [
        p[:, len(p[0]) // 4 : -len(p[0]) // 4].square().mean().item() for p in split_bands(wave, 5)
    ]
    assert max(range(5), key=power.__getitem__) == band
    assert power[band] > 20 * sorted(power)[-2]


@pytest.mark.parametrize("lowest", [True, False])
def test_a_bank_shares_its_half_out_evenly(lowest: bool) -> None:
    filters = bandpass_bank(8, 255, lowest)
    response = torch.fft.rfft(filters, 2_048).abs()
    summed = torch.fft.rfft(filters.sum(0), 2_048).abs()
    edge = 0 if lowest else 512
    assert (summed[edge + 40 : -40] > 0.9).all()
    assert (summed[: max(0, edge - 40)] < 0.02).all()
    peaks = response.argmax(1) / 1_024
    assert (peaks.diff() > 0).all()


def test_banks_are_frozen_and_not_saved(tmp_path: Path) -> None:
    torch.manual_seed(1)
    net, critics = MultibandVocoder(TINY, SPEC), Discriminators(TINY, SPEC)
    for module in (net, critics):
        assert not any("bank" in name for name, _ in module.named_parameters())
    multiband.save(tmp_path / "b.safetensors", net)
    again = multiband.load(tmp_path / "b.safetensors", torch.device("cpu"))
    mel = torch.randn(1, 16, 20)
    assert torch.allclose(again.wave(mel), net.wave(mel), atol=1e-2)
    (tmp_path / "x").write_bytes(b"x" * 100)
    with pytest.raises(ValueError, match="damaged"):
        multiband.load(tmp_path / "x", torch.device("cpu"))


def test_bands_have_their_rates_and_a_chunk_is_the_whole() -> None:
    torch.manual_seed(2)
    net = MultibandVocoder(TINY, SPEC).eval()
    mel = torch.randn(1, 16, 160)
    with torch.no_grad():
        made = net(mel)
        assert [b.shape[-1] for b in made] == [160 * 32 * 2**n for n in range(5)]
        whole = net.wave(mel)
        first, last, reach = 70, 90, net.reach
        part = net.wave(mel[..., first - reach : last + reach])
    inner = part[:, reach * 512 : (reach + last - first) * 512]
    assert torch.allclose(inner, whole[:, first * 512 : last * 512], atol=1e-5)
    assert reach < 70


def test_discriminators_depend_on_the_mel() -> None:
    torch.manual_seed(3)
    critics = Discriminators(TINY, SPEC)
    parts = split_bands(noise(512 * 20), 5)
    with torch.no_grad():
        one = critics(parts, torch.zeros(1, 16, 20))
        other = critics(parts, torch.ones(1, 16, 20))
    for (a, seen), (b, _) in zip(one, other, strict=True):
        assert a.shape == (1, 20)
        assert not torch.allclose(a, b)
        assert len(seen) >= 2


def test_generators_and_discriminators_train_and_resume(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    recipe = MultibandRecipe(
        steps=12, decay=4, warm_up=2, batch=1, rate=3e-3, every=6, critics_from=3
    )
    wave = wander(40 * 2_048)

    def draw(step: int) -> torch.Tensor:
        first = np.random.default_rng(step).integers(wave.shape[1] - 12_288)
        return wave[:, first : first + 12_288]

    lines: list[str] = []
    half = replace(recipe, steps=6)
    train_multiband(draw, SPEC, half, TINY, tmp_path, lines.append)
    net = train_multiband(draw, SPEC, recipe, TINY, tmp_path, lines.append)
    assert "resumed at step 6" in lines
    torch.manual_seed(recipe.seed)
    fresh, critics = MultibandVocoder(TINY, SPEC), Discriminators(TINY, SPEC)
    with torch.no_grad():
        before = batch_losses(fresh, critics, draw(99), recipe, adversarial=False).spectral
        after = batch_losses(net, critics, draw(99), recipe, adversarial=False).spectral
    assert after < before


def test_each_loss_changes_only_its_own_networks() -> None:
    torch.manual_seed(4)
    net, critics = MultibandVocoder(TINY, SPEC), Discriminators(TINY, SPEC)
    recipe = MultibandRecipe(steps=1, decay=1)
    losses = batch_losses(net, critics, noise(12_288), recipe, adversarial=True)
    sides = ((net, losses.generator), (critics, losses.critic))
    gradients = [gradients_of(loss, owner) for owner, loss in sides]
    for (owner, _), gradient in zip(sides, gradients, strict=True):
        before = [{k: v.clone() for k, v in side.state_dict().items()} for side, _ in sides]
        optimiser_step(torch.optim.SGD(owner.parameters(), 0.1), gradient, owner, 1.0)
        for (side, _), was in zip(sides, before, strict=True):
            moved = any(not torch.equal(v, was[k]) for k, v in side.state_dict().items())
            assert moved == (side is owner)


def wander(frames: int) -> torch.Tensor:
    """A tone whose pitch leaps about."""
    rng = np.random.default_rng(1)
    phase = np.cumsum(rng.uniform(0.01, 0.4, -(-frames // 2_048)).repeat(2_048))[:frames]
    return torch.from_numpy((0.2 * np.sin(phase)).astype(np.float32))[None]


def test_what_is_returned_and_saved_is_the_average_of_the_last_steps(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    recipe = MultibandRecipe(
        steps=8, decay=1, warm_up=1, batch=1, rate=1e-2, every=4, ema=0.5, critics_from=9
    )
    wave, kept = wander(8_192), []
    net = train_multiband(
        lambda step: wave, SPEC, recipe, TINY, tmp_path, lambda _: None,
        lambda average: kept.append(average.wave(torch.zeros(1, 16, 8))),
    )  # fmt: skip
    saved = torch.load(tmp_path / "bands.pt", weights_only=True)
    assert all(torch.equal(saved["average"][name], x) for name, x in net.state_dict().items())
    assert not all(torch.equal(saved["net"][name], x) for name, x in net.state_dict().items())
    assert len(kept) == 3  # before the first step too
    assert torch.equal(kept[-1], net.wave(torch.zeros(1, 16, 8)))


def test_a_checkpoint_without_an_average_goes_on_from_its_networks(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    recipe = MultibandRecipe(steps=2, decay=1, warm_up=1, batch=1, every=2, critics_from=1)
    wave = wander(8_192)
    train_multiband(lambda step: wave, SPEC, recipe, TINY, tmp_path, lambda _: None)
    path = tmp_path / "bands.pt"
    saved = torch.load(path, weights_only=True)
    old = ("net", "critics", "makers", "judges", "step", "recipe")
    torch.save({name: saved[name] for name in old}, path)
    lines: list[str] = []
    net = train_multiband(lambda step: wave, SPEC, recipe, TINY, tmp_path, lines.append)
    assert lines == ["resumed at step 2"]
    assert all(torch.equal(saved["net"][name], x) for name, x in net.state_dict().items())


def test_ctrl_c_keeps_the_step_under_way(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    recipe = MultibandRecipe(steps=400, decay=1, batch=1, warm_up=1, every=400, critics_from=2)
    wave = wander(8_192)

    def draw(step: int) -> torch.Tensor:
        if step == 3:
            signal.raise_signal(signal.SIGINT)
        return wave

    with pytest.raises(TrainingInterrupted, match="stopped at step 4"):
        train_multiband(draw, SPEC, recipe, TINY, tmp_path, lambda _: None)
    assert torch.load(tmp_path / "bands.pt", weights_only=True)["step"] == 4
    lines: list[str] = []
    train_multiband(draw, SPEC, replace(recipe, steps=5), TINY, tmp_path, lines.append)
    assert lines[0] == "resumed at step 4"


def test_the_recipe_is_read() -> None:
    recipe, config = read_recipe(RECIPES / "bands.toml")
    assert config == MultibandConfig()
    assert recipe.crop == 32
