"""The vocoders that engines of mels choose from: found, read when first wanted, and checked."""

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
# Each is in the file of its name. griffin-lim has none: it is a search.
READERS: dict[str, Callable[[Path, torch.device], Vocoder]] = {
    "vocos": vocos.load,
    "bands": multiband.load,
}


class VocoderRegistry:
    """Give one engine its voices by name; each network is read when it is first asked for."""

    def __init__(self, weights: Path, own: str, refined: VocoderSettings) -> None:
        """Take the engine's file of weights, its own vocoder, and the search after a network.

        A vocoder that lies beside the weights is preferred to the one that ships.
        """
        self._weights, self._own, self._refined = weights, own, refined
        self._nets: dict[str, Vocoder] = {}

    def file(self, name: str = "") -> Path | None:
        """Return a vocoder's file, "" meaning the engine's own; None for one without a network."""
        name = name or self._own
        if name not in READERS:
            return None
        beside = self._weights.with_name(f"{name}.safetensors")
        return beside if beside.exists() else SHIPPED_WEIGHTS / beside.name

    def vocoder(self, name: str, spec: MelSpec, device: torch.device) -> VocoderSettings:
        """Return how mels become samples; `name` is a vocoder, "" the engine's own.

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
        """Forget the networks."""
        self._nets.clear()

    def _read(self, name: str, path: Path, spec: MelSpec, device: torch.device) -> Vocoder:
        others = " or ".join(other for other in (*READERS, "griffin-lim") if other != name)
        if not path.exists():
            raise CommandError(
                Code.EENGINE,
                f"there is no {path.name} for the vocoder {name}: put one into "
                f"{self._weights.parent}, or take {others}",
            )
        try:
            net = READERS[name](path, device)
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
