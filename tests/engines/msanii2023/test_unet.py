"""Check the 2023 U-Net against the 2023 code's outputs, and its shapes."""

import pytest
import torch

from msanii_live.engines.msanii2023.unet import UNet2023, UNet2023Config
from tests.engines.msanii2023.reference import arrays, reference, relative_error

# The configuration of the reference checkpoint msanii-tiny.pt.
TINY = UNet2023Config(
    width=32,
    multipliers=(1, 1, 2),
    timestep_width=32,
    heads=4,
    has_attention=(False, True, True),
    has_resampling=(True, True, False),
    block_layers=(1, 2, 1),
)


def test_published_configuration_has_the_published_parameter_count() -> None:
    with torch.device("meta"):
        unet = UNet2023(UNet2023Config())
    assert sum(parameter.numel() for parameter in unet.parameters()) == 49_878_016


def test_published_configuration_runs_on_shapes() -> None:
    with torch.device("meta"):
        unet = UNet2023(UNet2023Config())
        x = torch.zeros(4, 2, 128, 8192)  # 190 s
        assert unet(x, torch.zeros(4, dtype=torch.int64)).shape == x.shape


@torch.inference_mode()
def test_unet_matches_the_2023_code() -> None:
    x, timesteps, expected = arrays("unet_x", "unet_t", "unet_y")
    assert relative_error(reference().unet(x, timesteps), expected) <= 1e-5


@pytest.mark.parametrize("mel_frames", [4, 8, 36])
@pytest.mark.parametrize("channels", [2, 3])
@torch.inference_mode()
def test_any_multiple_of_the_total_stride_is_a_length(channels: int, mel_frames: int) -> None:
    x = torch.randn(2, channels, 128, mel_frames, generator=torch.Generator().manual_seed(0))
    out = UNet2023(TINY)(x, torch.tensor([0, 999]))
    assert TINY.total_stride == 4
    assert out.shape == x.shape
    assert out.isfinite().all()


@torch.inference_mode()
def test_batch_entries_do_not_see_each_other() -> None:
    torch.manual_seed(0)
    unet = UNet2023(TINY)
    x, timesteps = torch.randn(2, 2, 128, 8), torch.tensor([3, 700])
    apart = [unet(x[i : i + 1], timesteps[i : i + 1]) for i in range(2)]
    torch.testing.assert_close(unet(x, timesteps), torch.cat(apart), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "batch", "message"),
    [
        ((1, 2, 128, 6), 1, "mel_frames must be a multiple of 4, got 6"),
        ((1, 2, 128, 0), 1, "mel_frames must be a multiple of 4, got 0"),
        ((1, 2, 80, 8), 1, "x must be"),
        ((2, 128, 8), 2, "x must be"),
        ((1, 2, 128, 8), 2, r"timesteps \(batch,\)"),
    ],
)
def test_wrong_shapes_are_refused(shape: tuple[int, ...], batch: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        UNet2023(TINY)(torch.zeros(shape), torch.zeros(batch, dtype=torch.int64))


def test_impossible_configurations_are_refused() -> None:
    with pytest.raises(ValueError, match="one entry a level"):
        UNet2023Config(multipliers=(1, 1))
    with pytest.raises(ValueError, match="at least 1"):
        UNet2023Config(width=0)
    with pytest.raises(ValueError, match="timestep_width"):
        UNet2023Config(timestep_width=33)
    with pytest.raises(ValueError, match="heads must divide"):
        UNet2023Config(heads=7)
    with pytest.raises(ValueError, match="last level"):
        UNet2023Config(has_resampling=(True,) * 7)
