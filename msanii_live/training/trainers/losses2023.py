"""The losses of the 2023 paper."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from msanii_live.engines.msanii2023.samplers import Model

EPSILON = 1e-6  # under the logarithm and the fraction; the paper calls it a small constant


def spectral_convergence(made: Tensor, true: Tensor) -> Tensor:
    """Return the norm of the error over that of the true magnitudes: emphasises loud bins.

    made, true: magnitudes, float, 0 or more, of one shape.

    Source: Maina 2023, arXiv:2301.06468, eq. 1 (its numerator means true minus made).
    """
    error: Tensor = torch.linalg.vector_norm(true - made)
    size: Tensor = torch.linalg.vector_norm(true)
    return error / (size + EPSILON)


def log_magnitude(made: Tensor, true: Tensor) -> Tensor:
    """Return the mean distance of the logarithms: emphasises quiet bins.

    The mean over bins where the paper writes their sum, so that its weight beside `eq. 1` does not
    hang on the size of a batch; so did the release.

    Source: Maina 2023, arXiv:2301.06468, eq. 2.
    """
    return ((true + EPSILON).log() - (made + EPSILON).log()).abs().mean()


def spectral_loss(made: Tensor, true: Tensor) -> Tensor:
    """Return the sum of `spectral_convergence` and `log_magnitude`."""
    return spectral_convergence(made, true) + log_magnitude(made, true)


def noise_loss(
    model: Model, clean: Tensor, alpha_bars: Tensor, generator: torch.Generator, kind: str
) -> Tensor:
    """Return the error of the noise predicted in mels noised to random timesteps.

    clean: scaled mels, (batch, channels, mels, mel_frames). generator: of the CPU. kind: "squared",
    as in the paper, or "absolute", as in the release.

    Source: Maina 2023, arXiv:2301.06468, eq. 17, and eq. 6 for the noising.
    """
    timesteps = torch.randint(len(alpha_bars), (len(clean),), generator=generator)
    noise = torch.randn(clean.shape, generator=generator).to(clean)
    level = alpha_bars[timesteps].to(clean)[:, None, None, None]
    noised = level.sqrt() * clean + (1.0 - level).sqrt() * noise
    predicted = model(noised, timesteps.to(clean.device)).float()
    distance = nn.functional.mse_loss if kind == "squared" else nn.functional.l1_loss
    return distance(predicted, noise)
