"""Check features, scalers and the vocoder, whole and in chunks."""

import pytest
import torch

from msanii_live.engines.msanii2023.features import (
    Features2023,
    Features2023Config,
    MinMaxScaler,
    StandardScaler,
)
from msanii_live.engines.msanii2023.vocoder import Vocoder2023, Vocoder2023Config
from tests.engines.msanii2023.reference import arrays, reference, relative_error


def test_standard_scaling_follows_algorithm_1() -> None:
    config = Features2023Config(momentum=0.1, momentum_decay=0.5)
    scaler = StandardScaler(config)
    first, second = torch.tensor([0.0, 2.0]), torch.tensor([4.0, 10.0])
    assert torch.allclose(scaler(first), torch.tensor([-1.0, 1.0]), atol=1e-4)
    assert (float(scaler.first), float(scaler.second)) == (1.0, 1.0)  # taken as they are
    scaler(second)  # mean 7, variance 9, momentum 0.1 * 0.5 * 0.5
    assert float(scaler.first) == pytest.approx(0.975 * 1.0 + 0.025 * 7.0)
    assert float(scaler.second) == pytest.approx(0.975 * 1.0 + 0.025 * 9.0)
    before = float(scaler.first)
    scaler.eval()
    scaled = scaler(second)
    assert float(scaler.first) == before
    torch.testing.assert_close(scaler.inverse(scaled), second)


def test_min_max_scaling_holds_its_range() -> None:
    scaler = MinMaxScaler(Features2023Config())
    x = torch.tensor([-3.0, 1.0, 5.0])
    torch.testing.assert_close(scaler(x), torch.tensor([-1.0, 0.0, 1.0]))
    scaler.eval()
    assert scaler(torch.tensor([9.0])).item() == 1.0
    torch.testing.assert_close(scaler.inverse(scaler(x)), x)
    loose = MinMaxScaler(Features2023Config(clip=False)).eval()
    assert loose(torch.tensor([2.0])).item() == 3.0


def test_features_of_one_clip_are_those_in_a_batch() -> None:
    (wave,) = arrays("wave")
    features = reference().features
    alone = features.mel(wave[0, 1])
    assert alone.shape == (128, 32)
    torch.testing.assert_close(features.mel(wave)[0, 1], alone)
    assert features.magnitude(wave).shape == (1, 2, 1025, 32)


def test_inverse_mel_comes_back_to_the_mel() -> None:
    wave, _ = arrays("wave", "mel")
    features = reference().features
    magnitude = features.magnitude(wave)
    again = features.inverse_mel(features.scale(magnitude))
    assert float(again.min()) >= 0.0
    mels = [(m.transpose(-1, -2) @ features.bank) for m in (again, magnitude)]
    assert relative_error(*mels) < 0.2


def test_a_config_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="n_fft"):
        Features2023Config(n_fft=2047)
    with pytest.raises(ValueError, match="high"):
        Features2023Config(low=1.0, high=-1.0)
    assert Features2023(Features2023Config()).bank.shape == (1025, 128)


@pytest.mark.parametrize("size", [1, 7, 16, 31, 32, 99])
@torch.inference_mode()
def test_vocoding_in_chunks_is_vocoding_the_whole(size: int) -> None:
    (mel,) = arrays("mel")
    vocoder, seen = reference().vocoder, []
    chunked = vocoder.forward_in_chunks(mel, size, lambda: seen.append(1))
    torch.testing.assert_close(chunked, vocoder(mel), rtol=1e-4, atol=1e-6)
    assert len(seen) == -(-32 // size)


@torch.inference_mode()
def test_chunks_on_their_own_are_not_the_whole() -> None:
    """Why `forward_in_chunks` gathers statistics first: InstanceNorm looks at all of time."""
    (mel,) = arrays("mel")
    vocoder = reference().vocoder
    halves = torch.cat([vocoder(mel[..., :16]), vocoder(mel[..., 16:])], dim=-1)
    assert relative_error(halves, vocoder(mel)) > 1e-3


def test_the_vocoder_refuses_other_shapes() -> None:
    vocoder = Vocoder2023(Vocoder2023Config(n_fft=64, mels=8, width=8))
    for shape in ((1, 2, 9, 4), (2, 8, 4), (1, 2, 8, 0)):
        with pytest.raises(ValueError, match="mel must be"):
            vocoder(torch.zeros(shape))
    with pytest.raises(ValueError, match="size"):
        vocoder.forward_in_chunks(torch.zeros(1, 2, 8, 4), 0)
