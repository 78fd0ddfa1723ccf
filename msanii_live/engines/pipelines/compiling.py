"""Networks that are compiled, for steps that are made many times."""

from __future__ import annotations

from typing import Any

from torch import nn


def compile_networks(pipe: Any, backend: str = "inductor") -> None:
    """Compile the network of a pipeline that denoises, when it runs for the first time.

    The other parts run once a clip: compiling them would not pay. backend: of torch.compile.
    """
    denoiser(pipe).compile(backend=backend)


def denoiser(pipe: Any) -> nn.Module:
    """Return the network of a pipeline that denoises."""
    net = getattr(pipe, "transformer", None) or pipe.unet
    assert isinstance(net, nn.Module)
    return net
