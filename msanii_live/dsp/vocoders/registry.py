"""The vocoders that mel engines choose from: located, loaded on first use, and checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from msanii_live.dsp.mel import MelSpec
from msanii_live.dsp.vocoders import multiband, vocos
from msanii_live.dsp.vocoding import Vocoder, VocoderSettings
from msanii_live.dsp.weights import READ_ERRORS
from msanii_live.errors import Code, CommandError

SHIPPED_WEIGHTS = Path(__file__).parents[2] / "weights"
# Each lies in a file of its name. griffin-lim is an algorithm and has no file.
LOADERS: dict[str, Callable[[Path, torch.device], Vocoder]] = {
    "vocos": vocos.load,
    "bands": multiband.load,
}


class VocoderRegistry:
    """The vocoders of one engine, by name; each network is read on first use."""

    def __init__(self, weights: Path, own: str, refined: VocoderSettings) -> None:
        """Take the engine's weights file, its default vocoder, and the settings for networks.

        A vocoder file beside the weights takes precedence over the one that ships.
        """
        self._weights, self._own, self._refined = weights, own, refined
        self._nets: dict[str, Vocoder] = {}

    def file(self, name: str = "") -> Path | None:
        """Return a vocoder's file, "" for the engine's default; None if it has no network."""
        name = name or self._own
        if name not in LOADERS:
            return None
        beside = self._weights.with_name(f"{name}.safetensors")
        return beside if beside.exists() else SHIPPED_WEIGHTS / beside.name

    def vocoder(self, name: str, spec: MelSpec, device: torch.device) -> VocoderSettings:
        """Return the settings of a vocoder; "" is the engine's default.

        Raises: CommandError: EENGINE, its file is missing, damaged, or for other features.
        """
        name = name or self._own
        path = self.file(name)
        if path is None:
            return VocoderSettings()
        if name not in self._nets:
            self._nets[name] = self._read(name, path, spec, device)
        return replace(self._refined, net=self._nets[name])

    def free(self) -> None:
        """Release the networks."""
        self._nets.clear()

    def _read(self, name: str, path: Path, spec: MelSpec, device: torch.device) -> Vocoder:
        others = " or ".join(other for other in (*LOADERS, "griffin-lim") if other != name)
        if not path.exists():
            raise CommandError(
                Code.EENGINE,
                f"there is no {path.name} for the vocoder {name}: put one into "
                f"{self._weights.parent}, or take {others}",
            )
        try:
            net = LOADERS[name](path, device)
        except READ_ERRORS as error:
            raise CommandError(
                Code.EENGINE, f"cannot load {path}: {error}; copy it again, or take {others}"
            ) from None
        if net.spec != spec:
            raise CommandError(
                Code.EENGINE,
                f"{self._weights} has other features than its vocoder {name}: put one trained on "
                f"them beside it as {path.name}, or take griffin-lim",
            )
        return net
