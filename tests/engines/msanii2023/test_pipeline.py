"""Check audio made with the 2023 model: lengths, seeds, seams, cancelling, and the fast U-Net."""

from dataclasses import replace

import pytest
import torch

from msanii_live.engines.msanii2023.fast_unet import (
    LENGTH_MULTIPLE,
    FastUNet,
    across_channels,
    fast_unet,
)
from msanii_live.engines.msanii2023.mel_tasks import TASK_SETTINGS
from msanii_live.engines.msanii2023.pipeline import Msanii2023Pipeline
from msanii_live.engines.msanii2023.unet import UNet2023
from tests.engines.msanii2023.reference import arrays, reference, relative_error

SEAM = 2_048
# As they are, but for a short phase search.
QUICK = {name: replace(settings, iterations=2) for name, settings in TASK_SETTINGS.items()}
BOTH = pytest.mark.parametrize("settings", QUICK.values(), ids=QUICK)
CORRECTED, PAPER = QUICK["corrected"], QUICK["paper"]


def pipeline(settings=CORRECTED, seed=0, steps=3, progress=lambda step, steps: None, **more):
    generator = torch.Generator().manual_seed(seed)
    model = reference()
    return Msanii2023Pipeline(model, model.unet, generator, progress, settings, steps, **more)


def tone(frames: int) -> torch.Tensor:
    seconds = torch.arange(frames) / 44_100
    wave = 0.3 * torch.sin(2 * torch.pi * 330 * seconds)
    return torch.stack([wave, 0.5 * wave])


@BOTH
@torch.inference_mode()
def test_generated_audio_is_exact_in_length_and_repeatable(settings) -> None:
    takes = [pipeline(settings, seed).generate(20_001) for seed in (1, 1, 2)]
    assert all(take.shape == (2, 20_001) for take in takes)
    assert torch.equal(takes[0], takes[1])
    assert not torch.equal(takes[0], takes[2])
    assert takes[0].isfinite().all()


def test_lengths_fit_the_network_and_the_bucket() -> None:
    assert pipeline().mel_frames(1) == 4
    assert pipeline().mel_frames(3 * 1024) == 4
    assert pipeline().mel_frames(3 * 1024 + 1) == 8
    assert pipeline(multiple=LENGTH_MULTIPLE).mel_frames(1) == LENGTH_MULTIPLE


@BOTH
@torch.inference_mode()
def test_progress_reaches_its_end(settings) -> None:
    wave = tone(30_000)
    calls = {
        "generate": lambda c: c.generate(20_000),
        "vary": lambda c: c.vary(wave, 0.5),
        "interpolate": lambda c: c.interpolate(wave, wave, 0.5, 0.5),
        "inpaint": lambda c: c.inpaint(wave, 10_000, 20_000),
        "resynthesize": lambda c: c.resynthesize(wave),
    }
    for name, call in calls.items():
        seen: list[tuple[int, int]] = []
        call(pipeline(settings, progress=lambda *at, seen=seen: seen.append(at)))
        steps = [step for step, _ in seen]
        assert steps == sorted(steps), name
        assert seen[-1][0] == seen[-1][1], name


@torch.inference_mode()
def test_inpainting_keeps_all_else_bit_for_bit() -> None:
    wave = tone(60_000)
    made = pipeline().inpaint(wave, 20_000, 40_000)
    assert torch.equal(made[:, : 20_000 - SEAM], wave[:, : 20_000 - SEAM])
    assert torch.equal(made[:, 40_000 + SEAM :], wave[:, 40_000 + SEAM :])
    assert relative_error(made[:, 20_000:40_000], wave[:, 20_000:40_000]) > 0.1


@torch.inference_mode()
def test_new_samples_are_fitted_to_the_known_ones() -> None:
    """Where the magnitudes are right, a tone goes on through the span and no jump is heard."""
    wave = tone(60_000)
    job = pipeline()
    magnitude = job.model.features.magnitude(job._padded(wave))

    class Right:
        def forward_in_chunks(self, mel, on_chunk):
            return magnitude[None]

    job.model = replace(job.model, vocoder=Right())
    made = job.inpaint(wave, 20_000, 40_000)
    jump = (made[:, 1:] - made[:, :-1]).abs().amax(0)
    usual = (wave[:, 1:] - wave[:, :-1]).abs().max()
    assert max(jump[19_900:20_100].max(), jump[39_900:40_100].max()) <= 1.5 * usual
    again = job.model.features.magnitude(made)
    assert relative_error(again, job.model.features.magnitude(wave)) < 0.3


def test_a_mel_frame_that_sees_anything_new_is_not_known() -> None:
    mel = torch.zeros(1, 2, 128, 16)
    ours = pipeline()._known_mask(mel, 5_000, 8_000, 15 * 1024)
    # Frame i sees samples from 1024 (i - 1) to 1024 (i + 1).
    assert ours.tolist() == [i + 1 <= 5_000 / 1024 or i - 1 >= 8_000 / 1024 for i in range(15)] + [
        False  # beyond the audio
    ]
    papers = pipeline(PAPER)._known_mask(mel, 5_000, 8_000, 15 * 1024)
    assert int(papers.sum()) > int(ours.sum())


def test_the_network_sees_context_and_no_more_than_that() -> None:
    minute = 60 * 44_100
    second = 44_100
    assert pipeline()._context_span(30 * second, 31 * second, minute) == (18 * second, 43 * second)
    assert pipeline()._context_span(40 * second, minute, minute) == (20 * second, minute)
    assert pipeline(PAPER)._context_span(30 * second, 31 * second, minute) == (0, minute)
    assert pipeline(PAPER)._context_span(50 * second, minute, minute) == (40 * second, minute)


@pytest.mark.parametrize(("start", "end"), [(0, 20_000), (40_000, 60_000)])
@torch.inference_mode()
def test_either_end_can_be_inpainted(start: int, end: int) -> None:
    wave = tone(60_000)
    wave[:, start:end] = float("nan")  # what the span holds must not count
    made = pipeline().inpaint(wave, start, end)
    assert made.isfinite().all()
    kept = slice(20_000 + SEAM, 60_000) if start == 0 else slice(0, 40_000 - SEAM)
    assert torch.equal(made[:, kept], wave[:, kept])


@torch.inference_mode()
def test_as_in_the_paper_everything_is_resynthesized() -> None:
    wave = tone(60_000)
    made = pipeline(PAPER, steps=2).inpaint(wave, 20_000, 40_000)
    assert relative_error(made[:, :18_000], wave[:, :18_000]) > 0.1


@torch.inference_mode()
def test_variations_follow_the_phases_of_their_source() -> None:
    """At nearly no strength ours stays near the source; the paper's has phases of its own."""
    wave = tone(31 * 1024)
    model = reference()
    oracle = Msanii2023Pipeline(
        model,
        lambda x, t: torch.zeros_like(x),
        torch.Generator().manual_seed(0),
        lambda step, steps: None,
        CORRECTED,
    )
    angle = []
    for settings in (CORRECTED, PAPER):
        oracle.settings = replace(settings, iterations=8)
        made = oracle.vary(wave, 0.01)
        window = torch.hann_window(2048)
        bins = [torch.stft(w, 2048, 1024, window=window, return_complex=True) for w in (made, wave)]
        loud = bins[1].abs() > 0.1 * bins[1].abs().max()
        angle.append(float((bins[0] * bins[1].conj())[loud].angle().abs().mean()))
    assert angle[0] < 0.6
    assert angle[1] > 1.2


@torch.inference_mode()
def test_an_exception_in_progress_ends_the_work() -> None:
    class Stopped(Exception):
        pass

    asked = []
    model = reference()

    def net(x, t):
        asked.append(1)
        return model.unet(x, t)

    def progress(step: int, steps: int) -> None:
        if step >= 2:
            raise Stopped

    job = Msanii2023Pipeline(model, net, torch.Generator().manual_seed(0), progress, CORRECTED, 50)
    with pytest.raises(Stopped):
        job.generate(20_000)
    assert len(asked) == 2


@torch.inference_mode()
def test_the_fast_network_computes_the_same_with_dilations() -> None:
    torch.manual_seed(0)
    unet = UNet2023(replace(reference().unet.config, dilations=(1, 2, 3)))
    (x,) = arrays("unet_x")
    timesteps = torch.tensor([417] * len(x))
    assert relative_error(FastUNet(unet)(x, timesteps), unet(x, timesteps)) <= 1e-5


@torch.inference_mode()
def test_the_fast_network_computes_the_same() -> None:
    (x,) = arrays("unet_x")
    for batch in (1, 3):
        many = torch.cat([x * (0.5 + n) for n in range(batch)])
        timesteps = torch.tensor([3, 417, 999][:batch])
        expected = reference().unet(many, timesteps)
        for net in (fast_unet(reference().unet, torch.float32), FastUNet(reference().unet)):
            actual = net(many, timesteps)
            assert actual.dtype == torch.float32
            assert relative_error(actual, expected) <= 1e-5
    for net in (
        fast_unet(reference().unet, torch.bfloat16),
        FastUNet(reference().unet, torch.bfloat16),
    ):
        rough = net(many, timesteps)
        assert rough.dtype == torch.float32
        assert relative_error(rough, expected) <= 0.03


@pytest.mark.parametrize("dilation", [1, 2, 3])
@torch.inference_mode()
def test_a_3x3_convolution_over_channels_is_one_over_time(dilation: int) -> None:
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(5, 4, 3, 3, generator=generator, dtype=torch.float64)
    for channels in (1, 2, 3):
        h = torch.randn(2, 4, channels, 9, generator=generator, dtype=torch.float64)
        expected = torch.nn.functional.conv2d(h, weight, padding=dilation, dilation=dilation)
        flat = h.transpose(1, 2).flatten(1, 2)
        flat_weight = across_channels(weight, channels, dilation)
        made = torch.nn.functional.conv1d(flat, flat_weight, padding=dilation, dilation=dilation)
        made = made.unflatten(1, (channels, 5)).transpose(1, 2)
        torch.testing.assert_close(made, expected)
